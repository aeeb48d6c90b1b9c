"""The commands of ``keliling``, one subject a module. They import at their top only what costs no time."""
