"""An estimation-of-distribution algorithm with pairwise couplings between decisions."""

from typing import TYPE_CHECKING, Any

from equipoise.methods.graph_vae.sequence_search import SequenceSearch

if TYPE_CHECKING:
    from equipoise.methods.graph_vae.sequence import SequenceGenerator

__all__ = ["PairwiseEda"]

RANK = 8


class PairwiseEda(SequenceSearch):
    """A log-bilinear distribution over decisions, fitted by gradient to the better of what was evaluated.

    The logit of an option is its own weight plus an inner product with the sum of what the earlier options contribute,
    so that pairs of decisions are coupled at low rank. Ranked as `graph_vae` is. It sees the decisions and their
    legality, not the graph that they make.

    Source: designed here, in the loop of `graph_vae`; the form is that of the log-bilinear model of Mnih and Hinton,
    Three New Graphical Models for Statistical Language Modelling, ICML 2007, the use that of an
    estimation-of-distribution algorithm (Pelikan, Goldberg and Lobo, 2002).
    """

    family = "hpo"
    source = "this project: a log-bilinear distribution over decisions, in the loop of graph_vae"
    knowledge = ("decisions", "legality", "isomorphism")

    def make(self) -> "SequenceGenerator":
        """The distribution, untrained."""
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
