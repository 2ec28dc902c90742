"""Former names of methods, one file each, so that results stored under them can be resumed and verified."""
