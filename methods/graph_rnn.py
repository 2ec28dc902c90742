"""A recurrent graph generator that searches."""

from typing import TYPE_CHECKING, Any

from equipoise.methods.graph_vae.sequence_search import SequenceSearch

if TYPE_CHECKING:
    from equipoise.methods.graph_vae.sequence import SequenceGenerator

__all__ = ["GraphRnn"]

HIDDEN = 32


class GraphRnn(SequenceSearch):
    """A gated recurrent network that writes graphs decision by decision; no encoder, no latents.

    It is trained on the better of what was evaluated; most samples keep part of a parent. Ranked as `graph_vae` is.

    Source: You, Ying, Ren, Hamilton and Leskovec, GraphRNN, ICML 2018. Differs from the paper: the sequence is that of
    the space's decisions, masked by its legality, with one level instead of two (these graphs have few nodes).
    """

    family = "hpo"
    source = "You, Ying, Ren, Hamilton and Leskovec, GraphRNN, ICML 2018, in the loop of graph_vae"
    knowledge = ("decisions", "legality", "isomorphism")
    deviations = ("One recurrent level over the space's decisions, masked, instead of two over nodes and edges.",)

    def make(self) -> "SequenceGenerator":
        """The recurrent generator."""
        import torch

        from equipoise.methods.graph_vae.sequence import SequenceGenerator

        class Recurrent(SequenceGenerator):
            def start(self, w: dict[str, Any], batch: int) -> Any:
                return w["start_table"].expand(batch, HIDDEN)

            def logits(self, w: dict[str, Any], state: Any, position: int) -> Any:
                return state @ w[f"out_{position}"] + w[f"out_{position}_bias"]

            def advance(self, w: dict[str, Any], state: Any, position: int, chosen: Any) -> Any:
                told = w[f"option_{position}_table"][chosen]
                weights = (w["in"].t(), w["state"].t(), w["in_bias"], w["state_bias"])
                return torch.gru_cell(told, state, *weights)

        shapes: dict[str, tuple[int, ...]] = {"start_table": (1, HIDDEN)}
        shapes |= {"in": (HIDDEN, 3 * HIDDEN), "state": (HIDDEN, 3 * HIDDEN)}
        shapes |= {"in_bias": (3 * HIDDEN,), "state_bias": (3 * HIDDEN,)}
        for position, width in enumerate(self.space.cardinalities):
            shapes[f"option_{position}_table"] = (width, HIDDEN)
            shapes[f"out_{position}"] = (HIDDEN, width)
            shapes[f"out_{position}_bias"] = (width,)
        return Recurrent(self.space, self.rng, shapes)
