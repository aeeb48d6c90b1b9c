"""One resident's story: what happened, day by day, and whom a policy touched."""
