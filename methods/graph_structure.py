"""Learned edge and label probabilities as a generator that searches."""

from typing import TYPE_CHECKING, Any

from equipoise.methods.graph_vae.sequence_search import SequenceSearch

if TYPE_CHECKING:
    from equipoise.methods.graph_vae.sequence import SequenceGenerator

__all__ = ["GraphStructure"]

RANK = 8


class GraphStructure(SequenceSearch):
    """A probability for every edge and label, learned by gradient, with a low-rank coupling between decisions.

    The logit of an option is its own weight plus an inner product with the sum of what the earlier options contribute.
    Ranked as `graph_vae` is.

    Source: in the spirit of graph structure learning, where a matrix of edge probabilities is learned (Franceschi,
    Niepert, Pontil and He, Learning Discrete Structures for Graph Neural Networks, ICML 2019). Differs from the paper:
    the probabilities are those of good architectures, not of edges between data points.
    """

    family = "hpo"
    source = "Franceschi, Niepert, Pontil and He, Learning Discrete Structures, ICML 2019, in the loop of graph_vae"
    knowledge = ("decisions", "legality", "isomorphism")
    deviations = ("The probabilities describe good architectures; they are coupled at low rank and masked.",)

    def make(self) -> "SequenceGenerator":
        """The table of probabilities."""
        from equipoise.methods.graph_vae.sequence import SequenceGenerator

        class Table(SequenceGenerator):
            def start(self, w: dict[str, Any], batch: int) -> Any:
                return w["start_bias"].expand(batch, RANK)

            def logits(self, w: dict[str, Any], state: Any, position: int) -> Any:
                return w[f"own_{position}_bias"] + state @ w[f"read_{position}"]

            def advance(self, w: dict[str, Any], state: Any, position: int, chosen: Any) -> Any:
                return state + w[f"write_{position}_table"][chosen]

        shapes: dict[str, tuple[int, ...]] = {"start_bias": (RANK,)}
        for position, width in enumerate(self.space.cardinalities):
            shapes[f"own_{position}_bias"] = (width,)
            shapes[f"read_{position}"] = (RANK, width)
            shapes[f"write_{position}_table"] = (width, RANK)
        return Table(self.space, self.rng, shapes, learning_rate=3e-2)
