"""Benchmark data: fetching, reading, checking and caching."""
