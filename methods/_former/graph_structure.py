"""The former name of the pairwise EDA: it learns a distribution over decisions, not the structure of a graph."""

__all__ = ["NOW"]

NOW = "pairwise_eda"
