"""The Python API behind `import equipoise`."""
