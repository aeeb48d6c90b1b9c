"""What is kept on disk: files written whole, the cache of runs, the store of a study."""
