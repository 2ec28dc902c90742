"""The search spaces, one file per space. They need no data."""
