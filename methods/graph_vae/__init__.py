"""The graph VAE: a constrained generator of labelled graphs that searches."""

from methods.graph_vae.search import GraphVae

__all__ = ["GraphVae"]
