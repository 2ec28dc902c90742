"""The contracts: spaces, encodings, tasks, methods, budgets, suites. Everything else builds on them."""
