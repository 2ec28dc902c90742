"""The search methods: one file a method. They know the harness and nothing else."""
