"""Compare neural-architecture-search methods with general optimisers, on real benchmarks, under equal budgets."""
