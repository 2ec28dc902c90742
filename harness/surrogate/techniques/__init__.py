"""One file a technique; the file name is its name."""
