"""A recurrent sequence model over decisions that searches."""

from typing import TYPE_CHECKING, Any

from equipoise.methods.graph_vae.sequence_search import SequenceSearch

if TYPE_CHECKING:
    from equipoise.methods.graph_vae.sequence import SequenceGenerator

__all__ = ["SequenceModel"]

HIDDEN = 32


class SequenceModel(SequenceSearch):
    """A gated recurrent network that writes architectures decision by decision; no encoder, no latents.

    It is trained on the better of what was evaluated; most samples keep part of a parent. Ranked as `graph_vae` is. It
    sees the decisions and their legality, not the graph that they make.

    Source: designed here, in the loop of `graph_vae`; the cell is that of Cho et al., Learning Phrase Representations
    using RNN Encoder-Decoder, EMNLP 2014. A controller of the same kind is trained by policy gradient in `reinforce`.
    Not GraphRNN (You, Ying, Ren, Hamilton and Leskovec, ICML 2018), which has a level over nodes and one over edges.
    """

    family = "hpo"
    source = "this project: a gated recurrent network over decisions, in the loop of graph_vae"
    knowledge = ("decisions", "legality", "isomorphism")

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
