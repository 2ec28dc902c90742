"""The variational autoencoder of graphs: encoder, autoregressive decoder, and their loss."""

from collections.abc import Mapping, Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods.graph_vae.graphs import GraphReader, Layout
from equipoise.methods.graph_vae.network import graph_states, network_shapes, tensors
from equipoise.methods.graph_vae.parameters import Parameters

__all__ = ["Posterior", "Sizes", "Vae"]

Floats = npt.NDArray[np.float32]
Bools = npt.NDArray[np.bool_]
Ints = npt.NDArray[np.int64]


class Sizes(NamedTuple):
    """Widths of the networks.

    Attributes:
        latent: k, dimensions of the latent of a graph.
        hidden: Width of node states.
        decoding: h, hidden units per decision.
        steps: Rounds of messages.
    """

    latent: int
    hidden: int = 24
    decoding: int = 24
    steps: int = 2

    @classmethod
    def of(cls, space: SearchSpace) -> "Sizes":
        """The default for a space: one dimension per bit of the grid of its decisions, 16 to 40."""
        return cls(int(np.clip(np.log2(np.array(space.cardinalities, dtype=np.float64)).sum(), 16, 40)))


class Posterior(NamedTuple):
    """Gaussians over the latents of B architectures: means and logarithms of the variances, B x k each."""

    mean: Any
    log_variance: Any


class ScheduledParameters(Parameters):
    """Parameters whose learning rate can be scaled from step to step."""

    def __init__(self, shapes: Mapping[str, tuple[int, ...]], rng: np.random.Generator, learning_rate: float) -> None:
        super().__init__(shapes, rng, learning_rate)
        self._highest = learning_rate

    def scale_rate(self, factor: float) -> None:
        """Sets the learning rate to a multiple of that which it began with."""
        self._rate = factor * self._highest


class Vae:
    """One Gaussian latent per graph, read by message passing, and decoded to the decisions that write the graph.

    The encoder passes messages on the labelled graph and joins the states of all nodes. The decoder decides in order;
    each decision has a hidden layer of its own, which sees the latent and the one-hot code of the decisions before it.
    In training some of those are hidden from it, so that it has to read them from the latent.

    Args:
        space: Seen through its decisions, masks and graphs only.
        rng: Draws weights and noise.
        sizes: Of the networks; by default `Sizes.of` the space.
        backend: ``torch`` or ``dgl``, for the encoder.
        learning_rate: Of Adam.

    Attributes:
        radius: Standard deviation of noise in each dimension at which a decoded neighbour differs in about 1.5
            decisions, see `equipoise.methods.graph_vae.pretraining.edit_radius`.

    Source: Liu, Allamanis, Brockschmidt and Gaunt, Constrained Graph Variational Autoencoders for Molecule Design,
    NeurIPS 2018. Differs from the paper: graphs are directed and acyclic; one latent per graph instead of one per node;
    the decoder writes the decisions of the space in its own order and with its own legality masks, and reads the
    decisions so far instead of the partial graph. Bowman et al., Generating Sentences from a Continuous Space, CoNLL
    2016, for hiding inputs of the decoder.
    """

    def __init__(
        self,
        space: SearchSpace,
        rng: np.random.Generator,
        *,
        sizes: Sizes | None = None,
        backend: Literal["torch", "dgl"] = "torch",
        learning_rate: float = 6e-3,
    ) -> None:
        self.space, self.rng = space, rng
        self.backend: Literal["torch", "dgl"] = backend
        self.sizes = sizes or Sizes.of(space)
        self.reader, self.layout = GraphReader(space), Layout.of(space)
        latent, hidden, units, _ = self.sizes
        reader, decisions, columns = self.reader, len(self.layout.widths), self.layout.columns
        shapes: dict[str, tuple[int, ...]] = {
            **network_shapes("encoder", reader.nodes, reader.node_labels, reader.edge_labels, hidden),
            "mean": (reader.nodes * hidden, latent),
            "variance": (reader.nodes * hidden, latent),
            "variance_bias": (latent,),
            "read": (latent, decisions * units),
            "before": (columns, decisions * units),
            "units_bias": (decisions * units,),
            "option": (units, decisions, self.layout.widest),
            "option_bias": (decisions, self.layout.widest),
        }
        self.parameters = ScheduledParameters(shapes, rng, learning_rate)
        owner = np.repeat(np.arange(decisions), self.layout.widths)
        earlier = owner[:, None] < np.repeat(np.arange(decisions), units)[None, :]
        self.radius = 1.0
        self._earlier = torch.from_numpy(earlier.astype(np.float32))

    def encode(self, w: dict[str, Any], architectures: Sequence[Architecture]) -> Posterior:
        """The posteriors of B architectures."""
        graphs = tensors(self.reader.batch(architectures))
        if self.backend == "dgl":
            from equipoise.methods.graph_vae.dgl_backend import dgl_states

            states = dgl_states(w, "encoder", graphs, self.sizes.steps)
        else:
            states = graph_states(w, "encoder", graphs, self.sizes.steps)
        flat = states.flatten(1)
        return Posterior(flat @ w["mean"], (flat @ w["variance"] + w["variance_bias"] - 3.0).clamp(-8.0, 2.0))

    def means(self, architectures: Sequence[Architecture]) -> Floats:
        """The posterior means of B architectures as an array, B x k."""
        with torch.no_grad():
            mean: Floats = self.encode(self.parameters.views(), architectures).mean.numpy()
        return mean

    def logits(self, w: dict[str, Any], latents: Any, shown: Any) -> Any:
        """Logits over the options of all decisions, B x D x W, whatever stands where a decision has fewer than W.

        Args:
            w: Weights.
            latents: B x k.
            shown: B x C, the one-hot code of the decisions that the later ones may look at.
        """
        units = torch.relu(latents @ w["read"] + shown @ (w["before"] * self._earlier) + w["units_bias"])
        units = units.view(len(latents), len(self.layout.widths), -1).transpose(0, 1)
        logits: Any = torch.bmm(units, w["option"].transpose(0, 1)).transpose(0, 1) + w["option_bias"]
        return logits

    def loss(
        self, architectures: Sequence[Architecture], legal: Bools, *, kl_weight: float, hidden_share: float
    ) -> Any:
        """The negative evidence lower bound, with a weight on its second term.

        Args:
            architectures: B of them.
            legal: B x D x W, which options were legal when they were taken.
            kl_weight: Factor of the KL term.
            hidden_share: Share of the decisions that later ones do not see in this step.
        """
        w, layout = self.parameters.views(), self.layout
        posterior = self.encode(w, architectures)
        drawn = self.rng.standard_normal(tuple(posterior.mean.shape), dtype=np.float32)
        latents = posterior.mean + torch.exp(0.5 * posterior.log_variance) * torch.from_numpy(drawn)
        codes = np.asarray(architectures, dtype=np.int64)
        seen = np.repeat(self.rng.random(codes.shape) >= hidden_share, layout.widths, axis=1)
        shown = torch.from_numpy(layout.one_hot(codes) * seen.astype(np.float32))
        logits = self.logits(w, latents, shown).masked_fill(torch.from_numpy(~legal), -1e9)
        targets = torch.from_numpy(codes).unsqueeze(2)
        entropy = (torch.logsumexp(logits, 2) - logits.gather(2, targets).squeeze(2)).sum(dim=1)
        kl = 0.5 * (posterior.mean**2 + posterior.log_variance.exp() - 1.0 - posterior.log_variance).sum(dim=1)
        return (entropy + kl_weight * kl).mean()
