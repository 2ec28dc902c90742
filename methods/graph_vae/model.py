"""The variational autoencoder: encoder, sequential decoder, property head, and their loss."""

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple

import numpy as np
import numpy.typing as npt
import torch

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods.graph_vae.graphs import GraphReader, Layout
from equipoise.methods.graph_vae.network import graph_states, network_shapes, tensors
from equipoise.methods.graph_vae.parameters import Parameters

__all__ = ["Posterior", "Vae"]

Floats = npt.NDArray[np.float32]

MOST_LESSONS = 4_000
"""Architectures whose teaching targets are remembered; forgotten beyond."""


class Posterior(NamedTuple):
    """Gaussians over the latents of B architectures: means and logarithms of the variances, B x N x k each."""

    mean: Any
    log_variance: Any


class Vae:
    """One Gaussian latent a node; decisions are decoded in order from the latents and the graph decided so far.

    A decision looks at three summaries of the nodes: those it is the target of, those it is the source of
    (`GraphReader.footprints`), and all; each summary holds states of the graph network on the partial graph and
    latents. Decisions of one kind share their output weights.

    Args:
        space: Seen through its decisions, masks and graphs only.
        rng: Draws weights, probes and noise.
        hidden: h, width of node states.
        latent: k, dimensions of a node's latent.
        steps: Rounds of messages.
        graph_runs: Runs of the graph network while one architecture is decoded, see `Layout.of`.
        latents: ``node``, or ``graph``: one latent a graph, the mean over the nodes' (an ablation).
        backend: ``torch`` or ``dgl``, for the encoder.
        learning_rate: Of Adam.

    Source: Liu, Allamanis, Brockschmidt and Gaunt, Constrained Graph Variational Autoencoders for Molecule Design,
    NeurIPS 2018. Differs from the paper: graphs are directed and acyclic, the focus runs in topological order (that of
    the space's decisions) with the space's own legality masks, node labels are decided in sequence like links, and the
    network has 2 tied steps instead of 12.
    """

    def __init__(
        self,
        space: SearchSpace,
        rng: np.random.Generator,
        *,
        hidden: int = 24,
        latent: int = 8,
        steps: int = 2,
        graph_runs: int = 6,
        latents: Literal["node", "graph"] = "node",
        backend: Literal["torch", "dgl"] = "torch",
        learning_rate: float = 5e-3,
    ) -> None:
        self.space, self.rng = space, rng
        self.reader, self.layout = GraphReader(space, rng), Layout.of(space, graph_runs)
        self.hidden, self.latent, self.steps, self.latents, self.backend = hidden, latent, steps, latents, backend
        nodes, decisions = self.reader.nodes, len(self.layout.widths)
        sizes = (nodes, self.reader.node_labels, self.reader.edge_labels, hidden)
        shapes: dict[str, tuple[int, ...]] = {
            **network_shapes("encoder", *sizes),
            "mean": (hidden, latent),
            "variance": (hidden, latent),
            "variance_bias": (latent,),
            **network_shapes("decoder", *sizes, extra=latent),
            "decide": (3 * (hidden + latent), 2 * hidden),
            "decision_table": (decisions, 2 * hidden),
            "history_table": (self.layout.own_columns, 2 * hidden),
            "options": (2 * hidden, self.layout.kind_columns),
            "options_bias": (decisions, self.layout.kind_columns),
            "gate": (latent, hidden),
            "gate_bias": (hidden,),
            "worth": (latent, hidden),
            "worth_bias": (hidden,),
            "score": (hidden, 1),
        }
        self.parameters = Parameters(shapes, rng, learning_rate)
        prints = self.reader.footprints
        everywhere = np.full((decisions, 1, nodes), 1.0 / nodes, dtype=np.float32)
        starts = sorted(set(self.layout.runs_from))
        after = [[p for p in range(decisions) if self.layout.runs_from[p] == start] for start in starts]
        longest = max(map(len, after))
        self._blocks = np.array([[*block, *[-1] * (longest - len(block))] for block in after])
        self._lessons: dict[Architecture, _Lesson] = {}
        self._summaries = torch.from_numpy(np.concatenate([prints, everywhere], axis=1))

    # The parts.

    def encode(self, w: dict[str, Any], architectures: Sequence[Architecture]) -> Posterior:
        """The posteriors of B architectures."""
        graphs = tensors(self.reader.batch(architectures))
        if self.backend == "dgl":
            from equipoise.methods.graph_vae.dgl_backend import dgl_states

            states = dgl_states(w, "encoder", graphs, self.steps)
        else:
            states = graph_states(w, "encoder", graphs, self.steps)
        real = (graphs.labels > 0).unsqueeze(-1)
        mean = states @ w["mean"]
        log_variance = (states @ w["variance"] + w["variance_bias"] - 2.0).clamp(-8.0, 2.0)
        if self.latents == "graph":
            count = real.sum(dim=1, keepdim=True)
            mean = ((mean * real).sum(dim=1, keepdim=True) / count).expand_as(mean)
            log_variance = ((log_variance * real).sum(dim=1, keepdim=True) / count).expand_as(mean)
            return Posterior(mean, log_variance)
        return Posterior(mean * real, log_variance * real)

    def noise(self, batch: int) -> Any:
        """Standard normal latents, B x N x k; one for all nodes where there is one latent a graph."""
        nodes = 1 if self.latents == "graph" else self.reader.nodes
        drawn = torch.from_numpy(self.rng.standard_normal((batch, nodes, self.latent), dtype=np.float32))
        return drawn.expand(batch, self.reader.nodes, self.latent)

    def node_features(self, w: dict[str, Any], prefixes: Sequence[Architecture], latents: Any) -> Any:
        """The inputs of decisions: states on the partial graph beside the latents, B x N x (h + k)."""
        graphs = tensors(self.reader.batch(prefixes))
        return torch.cat([graph_states(w, "decoder", graphs, self.steps, latents), latents], dim=2)

    def logits(self, w: dict[str, Any], features: Any, positions: Any, history: Any) -> Any:
        """Logits over the options of all kinds, B x columns.

        Args:
            w: Weights.
            features: B x N x (h + k), of `node_features`.
            positions: Number of the decision of each row (B), or one for all.
            history: B x own columns, what was decided since the graph network ran; None for nothing.
        """
        looked = torch.matmul(self._summaries[positions], features).flatten(1)
        inner = looked @ w["decide"] + w["decision_table"][positions]
        if history is not None:
            inner = inner + history @ w["history_table"]
        logits: Any = torch.relu(inner) @ w["options"] + w["options_bias"][positions]
        return logits

    def predict(self, w: dict[str, Any], latents: Any) -> Any:
        """The property head: the expected normal score of B latents, larger is better (gated sum over nodes)."""
        gated = torch.sigmoid(latents @ w["gate"] + w["gate_bias"]) * torch.tanh(latents @ w["worth"] + w["worth_bias"])
        return (gated.mean(dim=1) @ w["score"]).squeeze(-1)

    # Training.

    def loss(
        self,
        architectures: Sequence[Architecture],
        weights: Floats,
        scores: Floats,
        *,
        kl_weight: float,
        property_weight: float,
        runs: int,
    ) -> Any:
        """Negative ELBO, weighted, and the property head's squared error.

        Args:
            architectures: B of them.
            weights: B weights of the reconstruction and KL terms.
            scores: B targets of the property head; NaN where unlabelled.
            kl_weight: Factor of the KL term.
            property_weight: Factor of the property term; 0 leaves the head out.
            runs: Runs of the graph network for each architecture in this step, drawn again among those of decoding,
                each with the decisions that follow it; the estimate stays unbiased.
        """
        w = self.parameters.views()
        posterior = self.encode(w, architectures)
        latents = posterior.mean + torch.exp(0.5 * posterior.log_variance) * self.noise(len(architectures))
        weight = torch.from_numpy(weights / weights.mean())
        kl = 0.5 * (posterior.mean**2 + posterior.log_variance.exp() - 1.0 - posterior.log_variance).sum(dim=(1, 2))
        if self.latents == "graph":
            kl = kl / self.reader.nodes
        total = (weight * (self._reconstruction(w, architectures, latents, runs) + kl_weight * kl)).mean()
        known = ~np.isnan(scores)
        if property_weight > 0 and known.any():
            predicted = self.predict(w, posterior.mean)[torch.from_numpy(known)]
            total = total + property_weight * ((predicted - torch.from_numpy(scores[known])) ** 2).mean()
        return total

    def _reconstruction(self, w: dict[str, Any], architectures: Sequence[Architecture], latents: Any, runs: int) -> Any:
        batch, (total, _) = len(architectures), self._blocks.shape
        count = min(runs, total)
        drawn = np.argsort(self.rng.random((batch, total)), axis=1)[:, :count].ravel()
        owners = np.repeat(np.arange(batch), count)
        starts = self._blocks[drawn, 0].tolist()
        prefixes = [architectures[owner][:start] for owner, start in zip(owners.tolist(), starts, strict=True)]
        features = self.node_features(w, prefixes, latents[torch.from_numpy(owners)])
        graph, slot = np.nonzero(self._blocks[drawn] >= 0)
        rows, positions = owners[graph], self._blocks[drawn[graph], slot]
        lessons = [self._lesson(cell) for cell in architectures]
        illegal = torch.from_numpy(np.stack([lesson.illegal for lesson in lessons])[rows, positions])
        chosen = torch.from_numpy(np.stack([lesson.chosen for lesson in lessons])[rows, positions])
        history = None
        if total < len(self.layout.widths):
            history = torch.from_numpy(np.stack([lesson.history for lesson in lessons])[rows, positions])
            features = features[torch.from_numpy(graph)]
        logits = self.logits(w, features, torch.from_numpy(positions), history).masked_fill(illegal, -1e9)
        entropy = torch.nn.functional.cross_entropy(logits, chosen, reduction="none")
        return torch.zeros(batch).index_add(0, torch.from_numpy(rows), entropy) * (total / count)

    def _lesson(self, architecture: Architecture) -> "_Lesson":
        """The decoder's targets for an architecture, remembered."""
        known = self._lessons.get(architecture)
        if known is not None:
            return known
        if len(self._lessons) >= MOST_LESSONS:
            self._lessons.clear()
        layout, total = self.layout, len(architecture)
        illegal = np.ones((total, layout.kind_columns), dtype=np.bool_)
        history = np.zeros((total, layout.own_columns), dtype=np.float32)
        for position, (start, width) in enumerate(zip(layout.kind_offset, layout.widths, strict=True)):
            illegal[position, start : start + width] = ~self.reader.legal(architecture[:position])
            for earlier in range(layout.runs_from[position], position):
                history[position, layout.own_offset[earlier] + architecture[earlier]] = 1.0
        chosen = np.add(layout.kind_offset, architecture)
        self._lessons[architecture] = lesson = _Lesson(illegal, chosen, history)
        return lesson


class _Lesson(NamedTuple):
    illegal: npt.NDArray[np.bool_]
    chosen: npt.NDArray[np.int64]
    history: Floats
