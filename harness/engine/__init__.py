"""Runs methods on tasks: the loop, workers, the scheduler, resuming, and verification."""
