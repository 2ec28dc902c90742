"""Results on disk: run files, the manifest, and the folder that holds them."""
