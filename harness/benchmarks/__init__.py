"""The benchmarks: one file a benchmark, each offering one task a data set."""
