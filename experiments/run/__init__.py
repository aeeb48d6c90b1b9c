"""How many runs are lived: in threads, processes or on a cluster; the rows that they leave."""
