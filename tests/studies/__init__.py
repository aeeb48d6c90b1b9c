"""Studies end to end: survived kills, full disks and lost workers, and the same to the last bit whoever lived them."""
