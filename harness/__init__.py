"""Equipoise: NAS methods and general hyperparameter optimisers on real benchmarks, under equal budgets.

This package is the engine. It knows no method and no report: `methods` and `reports` know it.
"""
