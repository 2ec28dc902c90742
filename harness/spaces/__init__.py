"""The search spaces: one file a space. They need no data."""
