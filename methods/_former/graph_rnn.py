"""The former name of the sequence model: it has one level over decisions, where GraphRNN has two over a graph."""

__all__ = ["NOW"]

NOW = "sequence_model"
