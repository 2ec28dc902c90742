"""The graph VAE as a search method."""

from collections.abc import Sequence
from typing import TYPE_CHECKING, Literal

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Problem
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.gp import Ranker
from equipoise.methods._shared.graph_features import GROUPS
from equipoise.methods._shared.structural_inputs import InputReader
from equipoise.methods._shared.structural_ranker import StructuralRanker
from equipoise.methods.graph_vae.kernel import GraphRanker
from equipoise.methods.graph_vae.loop import GenerativeSearch, rank_weights

if TYPE_CHECKING:
    from equipoise.methods.graph_vae.model import Vae

__all__ = ["GraphVae"]


class GraphVae(GenerativeSearch):
    """A constrained graph generator that searches.

    Generation by generation a variational autoencoder of labelled graphs is trained on what was evaluated, the better
    the heavier. Latents are drawn around, between and away from parents and decoded to architectures that are valid by
    construction. A Gaussian process (`equipoise.methods._shared.gp`, that of the controls `mutation_gp` and `eda_gp`)
    picks what is evaluated.

    Tuned on nasbench201/cifar10 and nasbench_graph/cora only, with a look at the first synthetic landscape on
    NAS-Bench-101 and on DARTS cells (``studies/synthetic_landscapes.py``); then frozen. The contribution of its parts,
    in points of accuracy with 95 % intervals over 100 repeats (``equipoise run suites/graph_vae_ablation.toml --repeats
    100``: 3 tasks, cora among them): with mutation of the same parents in place of the decoder, regret after 100
    queries is larger by 0.092 [0.046, 0.141] and after 300 by 0.055 [0.019, 0.088]; without the ranker by 0.67 and
    0.37; with an untrained decoder by 0.081 [0.030, 0.132] and by 0.027 [-0.009, 0.063], which is not shown.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        n_initial: See `GenerativeSearch`, as the next eight.
        generation: Most queries taken from one pool.
        generation_share: The same as a share of what was observed.
        draws: Uniform draws from the space among the candidates.
        pool: New candidates wanted in each round.
        rounds: Rounds of candidates a generation.
        elites: Parents in a round.
        ranked: Whether the Gaussian process picks.
        partial_generations: Generations at the lowest fidelity.
        proposals: ``decoder``, or ``mutation`` of the same parents in its place (an ablation).
        kernel: What the Gaussian process compares: ``decisions``, as the controls' does; ``graph``: neighbourhoods of
            nodes beside them; or ``structural``: graph features, as `structural_gp` does.
        wl_rounds: Rounds of refinement of those neighbourhoods.
        masked: Whether illegal options are masked (off: an ablation).
        latents: ``node``, or ``graph`` for one latent a graph (an ablation).
        local: Whether decisions about nodes whose latents did not move stay as in the parent (off: an ablation).
        ascent: Share of latents moved up the property head.
        property_weight: Factor of the property head's loss; 0 leaves it out, and the ascent with it.
        kl_weight: Factor of the KL term.
        train_steps: Steps of Adam a generation; 0 leaves the decoder untrained (an ablation).
        pretrain_steps: Steps before the first generation on unlabelled draws from the space, which cost no query.
        batch: Evaluated architectures in a step.
        unlabelled: Draws from the space beside them.
        train_runs: Runs of the graph network for each architecture in a step.
        graph_runs: Runs of the graph network while one architecture is decoded.
        hidden: Width of node states.
        latent: Dimensions of a node's latent.
        steps: Rounds of messages.
        backend: ``torch``, or ``dgl`` for the encoder.

    Raises:
        SettingError: A setting is out of range.

    Source: the model is that of Liu, Allamanis, Brockschmidt and Gaunt, Constrained Graph Variational Autoencoders for
    Molecule Design, NeurIPS 2018; the loop is nearest to GraphPNAS (2022) and AG-Net (Lukasik, Jung and Keuper, ECCV
    2022), whose rank weights it takes.
    """

    family = "nas"
    source = "This project, on the graph VAE of Liu, Allamanis, Brockschmidt and Gaunt, NeurIPS 2018"
    knowledge = ("decisions", "legality", "isomorphism", "graph")

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        n_initial: int = 10,
        generation: int = 20,
        generation_share: float = 0.15,
        draws: int = 300,
        pool: int = 100,
        rounds: int = 2,
        elites: int = 20,
        ranked: bool = True,
        partial_generations: int = 0,
        proposals: Literal["decoder", "mutation"] = "decoder",
        kernel: Literal["decisions", "graph", "structural"] = "decisions",
        wl_rounds: int = 1,
        masked: bool = True,
        latents: Literal["node", "graph"] = "node",
        local: bool = True,
        ascent: float = 0.1,
        property_weight: float = 1.0,
        kl_weight: float = 0.1,
        train_steps: int = 3,
        pretrain_steps: int = 0,
        batch: int = 24,
        unlabelled: int = 8,
        train_runs: int = 2,
        graph_runs: int = 6,
        hidden: int = 24,
        latent: int = 8,
        steps: int = 2,
        backend: Literal["torch", "dgl"] = "torch",
    ) -> None:
        self.kernel, self.wl_rounds = kernel, wl_rounds
        super().__init__(
            problem,
            rng,
            n_initial=n_initial,
            generation=generation,
            pool=pool,
            rounds=rounds,
            elites=elites,
            ranked=ranked,
            partial_generations=partial_generations,
            generation_share=generation_share,
            draws=draws,
            masked=masked,
        )
        choices = {
            "proposals": (proposals, ("decoder", "mutation")),
            "kernel": (kernel, ("decisions", "graph", "structural")),
            "latents": (latents, ("node", "graph")),
            "backend": (backend, ("torch", "dgl")),
        }
        for name, (word, accepted) in choices.items():
            if word not in accepted:
                raise SettingError(f"{name} = {word!r}; accepted: {' and '.join(accepted)}")
        if not 0 <= ascent <= 1:
            raise SettingError(f"ascent = {ascent}; accepted: a share from 0 to 1")
        positive = {"batch": batch, "train_runs": train_runs, "graph_runs": graph_runs, "hidden": hidden}
        positive |= {"latent": latent, "steps": steps}
        for name, value in positive.items():
            if value < 1:
                raise SettingError(f"{name} = {value}; accepted: whole numbers from 1 on")
        none = {"unlabelled": unlabelled, "train_steps": train_steps, "pretrain_steps": pretrain_steps}
        for name, number in {**none, "kl_weight": kl_weight, "property_weight": property_weight}.items():
            if number < 0:
                raise SettingError(f"{name} = {number}; accepted: 0 and more")
        self.proposals, self.local = proposals, local
        self.ascent = ascent if property_weight > 0 else 0.0
        self.property_weight, self.kl_weight = property_weight, kl_weight
        self.train_steps, self.pretrain_steps = train_steps, pretrain_steps
        self.batch, self.unlabelled, self.train_runs = batch, unlabelled, train_runs
        self._sizes = {"hidden": hidden, "latent": latent, "steps": steps, "graph_runs": graph_runs}
        self._latents: Literal["node", "graph"] = latents
        self._backend: Literal["torch", "dgl"] = backend
        self.model: Vae | None = None

    def make_ranker(self) -> Ranker | StructuralRanker:
        """The controls' ranker, that which compares neighbourhoods too, or that of `structural_gp`."""
        if self.kernel == "structural":
            return StructuralRanker(InputReader(self.space, GROUPS, decisions=True, linear=True, sizes=None), self.rng)
        return GraphRanker(self.space, self.rng, self.wl_rounds) if self.kernel == "graph" else super().make_ranker()

    def learn(self, architectures: Sequence[Architecture], scores: np.ndarray) -> None:
        """Trains the autoencoder for `train_steps`, from where it was; makes it first if need be."""
        if self.proposals == "mutation":
            return
        model = self._model()
        weights = rank_weights(len(architectures))
        for _ in range(self.train_steps):
            drawn = self.rng.integers(len(architectures), size=min(self.batch, len(architectures)))
            self._step(model, [architectures[i] for i in drawn], weights[drawn], scores[drawn].astype(np.float32))

    def propose(self, parents: Sequence[Architecture], n: int, temperature: float) -> list[Architecture]:
        """Decodes n latents drawn from the parents; or mutates them, where the decoder is replaced."""
        if self.proposals == "mutation":
            chosen = [parents[i] for i in self.rng.integers(len(parents), size=n)]
            edits = self.rng.integers(1, 4, size=n)
            for index, count in enumerate(edits):
                for _ in range(count):
                    chosen[index] = self.space.mutate(chosen[index], self.rng)
            return chosen
        from equipoise.methods.graph_vae.decoding import decode
        from equipoise.methods.graph_vae.sampling import draw_latents

        model = self._model()
        draft = draw_latents(model, parents, n, self.ascent)
        warmth = np.full(n, temperature, dtype=np.float32)
        codes, _ = decode(model, draft.latents, warmth, self.masked, draft.keep if self.local else None)
        return codes

    def _model(self) -> "Vae":
        if self.model is None:
            import torch

            from equipoise.methods.graph_vae.model import Vae

            torch.set_num_threads(1)
            self.model = Vae(self.space, self.rng, latents=self._latents, backend=self._backend, **self._sizes)
            for _ in range(self.pretrain_steps):
                self._step(self.model, [], np.empty(0, np.float32), np.empty(0, np.float32))
        return self.model

    def _step(self, model: "Vae", labelled: list[Architecture], weights: np.ndarray, scores: np.ndarray) -> None:
        extra = self.space.sample(self.rng, self.unlabelled if labelled else self.batch)
        floor = float(weights.min()) if labelled else 1.0
        loss = model.loss(
            [*labelled, *extra],
            np.concatenate([weights, np.full(len(extra), floor, dtype=np.float32)]),
            np.concatenate([scores, np.full(len(extra), np.nan, dtype=np.float32)]),
            kl_weight=self.kl_weight,
            property_weight=self.property_weight,
            runs=self.train_runs,
        )
        model.parameters.descend(loss)
