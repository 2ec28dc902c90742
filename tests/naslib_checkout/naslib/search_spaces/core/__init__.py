"""As in NASLib."""
