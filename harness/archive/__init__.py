"""Archives of runs: a folder or URL with an ``index.json``, and one folder per entry."""
