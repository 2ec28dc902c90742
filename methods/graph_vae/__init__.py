"""The graph VAE: a constrained generator of labelled graphs that searches."""

from equipoise.methods.graph_vae.search import GraphVae

__all__ = ["GraphVae"]
