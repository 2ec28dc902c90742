"""The graph VAE as a search method."""

from collections.abc import Mapping
from typing import Any, ClassVar, Literal

import numpy as np

from equipoise.harness.core.errors import SearchEnded, SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.count_settings import check_count
from equipoise.methods._shared.graph_features import GROUPS
from equipoise.methods._shared.structural_inputs import InputReader
from equipoise.methods._shared.structural_ranker import StructuralRanker
from equipoise.methods._shared.unseen import draw_unseen
from equipoise.methods.graph_vae.generation import Generation, Generator
from equipoise.methods.graph_vae.partial import PartialTraining
from equipoise.methods.graph_vae.proposals import Drafting

__all__ = ["GraphVae"]

Proposing = Literal["decoder", "prior", "shuffled", "mutation", "uniform"]
PROPOSALS = ("decoder", "prior", "shuffled", "mutation", "uniform")


class GraphVae(Method):
    """A constrained generator of graphs whose latent space is searched.

    A variational autoencoder of labelled graphs is trained on unlabelled draws from the space before the search. This
    costs no query and uses no label: the weights for four spaces come with the method (made by
    ``studies/graph_vae_weights.py``), those of any other space are trained at first use. Generation by generation,
    latents around evaluated elites are decoded, round by round around the candidates of largest expected improvement
    among those decoded before: noise around a parent, points between two parents, and steps up a property head, a
    linear model of the promise over the latents. In most drafts one decision is taken otherwise than the latent says,
    and the decoder goes on from there. What is decoded is valid by the masks of the space. The
    Gaussian process of `structural_gp` ranks; no space is listed.

    Where the task offers several fidelities and the budget is in epochs, the search begins with short trainings: a
    share of the budget (`partial`) goes to trainings of the shortest fidelity of at least an eighth of the full
    epochs. Then the best of these are trained in full, and the search goes on around both.

    Chosen on nasbench201/cifar10, nasbench_graph/cora and the second landscapes of ``studies/synthetic_landscapes.py``
    on DARTS and on NAS-Bench-101, by the expected improvement that a pool reaches; `partial` on nasbench201/fashion14.
    ``docs/graph_vae.md`` has what was measured, and what the decoder is worth beside mutation.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        n_initial: Random architectures at the start.
        generation: Most queries per pool; a seventh of the observations where that is less.
        pool: Candidates per pool, a fifth of them drawn from the whole space.
        rounds: Rounds in which the others are decoded.
        elites: Parents in a round.
        ranked: Whether the Gaussian process picks; without (an ablation), candidates are taken at random.
        kernel: ``structural``, graph features beside decisions; or ``decisions`` alone.
        proposals: ``decoder``; in its place ``mutation``, one edit of the same parents, ``uniform`` draws, or the
            decoder with latents from the ``prior``, or ``shuffled`` between drafts dimension by dimension (ablations).
        trained: Whether the autoencoder was trained (off: an ablation).
        masked: Whether illegal options are masked (off: an ablation).
        temperature: Of decoding.
        ascent: Share of the drafts that climb the property head.
        edited: Share of the drafts in which one decision is taken otherwise than the latent says.
        guidance: Weight of a linear model of the promise over the options, where a decision is taken otherwise.
        partial: Share of a budget in epochs or in seconds that is spent on short trainings; 0 for none.
        backend: ``torch``, or ``dgl`` for the encoder.

    Raises:
        SettingError: A setting is out of range.

    Source: the model is that of Liu, Allamanis, Brockschmidt and Gaunt, Constrained Graph Variational Autoencoders for
    Molecule Design, NeurIPS 2018; the search in latent space follows Gomez-Bombarelli et al., Automatic Chemical Design
    Using a Data-Driven Continuous Representation of Molecules, ACS Central Science 2018.
    """

    family = "nas"
    origin = "this project"
    source = "This project, on the graph VAE of Liu, Allamanis, Brockschmidt and Gaunt, NeurIPS 2018"
    knowledge = ("decisions", "legality", "isomorphism", "graph", "fidelities")
    tuned_on = ("nasbench201/*", "nasbench_graph/cora")
    labels_used = 0
    deviations = (
        "The autoencoder is trained before the search on 10,000 unlabelled draws from the space, which costs no query.",
        "One latent per graph; the decoder reads the decisions so far instead of the partial graph.",
    )
    packages = (("torch", "torch"),)
    surrogate_models = ("gp",)
    check_settings: ClassVar[Mapping[str, Any]] = {"pool": 100, "rounds": 2}

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        n_initial: int = 5,
        generation: int = 10,
        pool: int = 500,
        rounds: int = 5,
        elites: int = 20,
        ranked: bool = True,
        kernel: Literal["structural", "decisions"] = "structural",
        proposals: Proposing = "decoder",
        trained: bool = True,
        masked: bool = True,
        temperature: float = 0.5,
        ascent: float = 0.3,
        edited: float = 0.8,
        guidance: float = 2.0,
        partial: float = 0.15,
        backend: Literal["torch", "dgl"] = "torch",
    ) -> None:
        super().__init__(problem, rng)
        for name, value, default in (("n_initial", n_initial, 5), ("generation", generation, 10)):
            check_count("graph_vae", name, value, problem, default=default)
        choices = {
            "kernel": (kernel, ("structural", "decisions")),
            "proposals": (proposals, PROPOSALS),
            "backend": (backend, ("torch", "dgl")),
        }
        for name, (word, accepted) in choices.items():
            if word not in accepted:
                raise SettingError(f"graph_vae: {name} = {word!r}; accepted: {', '.join(accepted)}")
        for name, share, most in (("ascent", ascent, 0.7), ("edited", edited, 1.0), ("partial", partial, 0.9)):
            if not 0 <= share <= most:
                raise SettingError(f"graph_vae: {name} = {share}; accepted: a share from 0 to {most}")
        if not 1 <= rounds <= pool // 5:
            raise SettingError(f"graph_vae: rounds = {rounds}; accepted: 1 to a fifth of pool = {pool}")
        for name, number, least in (("elites", elites, 1), ("temperature", temperature, 0), ("guidance", guidance, 0)):
            if number < least:
                raise SettingError(f"graph_vae: {name} = {number}; accepted: numbers from {least} on")
        self.n_initial, self.generation, self.pool, self.rounds = n_initial, generation, pool, rounds
        self._ranked, self._kernel, self._masked = ranked, kernel, masked
        self._drafting = Drafting(temperature, ascent, edited, guidance, masked)
        self._elites, self._trained, self._backend = elites, trained, backend
        self._proposals: Proposing = proposals
        self._partial = PartialTraining(problem.fidelities, problem.budget, partial)
        self._ranker = self._new_ranker()
        self._generator: Generator | None = None
        self._pool: Generation | None = None
        self._taken: set[Architecture] = set()
        self._again: list[Architecture] = []
        self._earlier: list[Architecture] = []
        self._in_full: list[Observation] = []
        self._left = 0

    def _new_ranker(self) -> StructuralRanker:
        graphs = self._kernel == "structural"
        reader = InputReader(self.space, GROUPS if graphs else (), decisions=True, linear=graphs, sizes=None)
        return StructuralRanker(reader, self.rng)

    def ask(self) -> Query:
        """The most promising candidate; random architectures at the start.

        Raises:
            SearchEnded: Every architecture has been proposed.
        """
        if self._partial.over:
            self._train_in_full()
        try:
            chosen = self._next()
        except SearchEnded:
            if self._partial.fidelity is None or not self._ranker.errors:
                raise
            self._train_in_full()
            chosen = self._next()
        self._taken.add(chosen)
        self._partial.asked()
        return Query(chosen, self._partial.fidelity)

    def _next(self) -> Architecture:
        if self._again:
            return self._again.pop(0)
        if len(self._taken) < self.n_initial or not self._ranker.errors:
            return self.space.key(draw_unseen(self.space, self.rng, self._taken))
        return self._candidate()

    def tell(self, observation: Observation) -> None:
        """Learns from any observation; a short training counts only while such are asked for, a full one after that."""
        if observation.query.fidelity == self._partial.fidelity:
            if self._partial.fidelity is not None:
                self._partial.told(observation.cost_seconds)
            self._learn(observation)
        elif observation.query.fidelity is None:
            self._in_full.append(observation)

    def _learn(self, observation: Observation) -> None:
        if self._ranker.tell(observation):
            self._taken.add(self._ranker.architectures[-1])

    def _train_in_full(self) -> None:
        """Forgets the values of short trainings; the best architectures are asked again, all remain parents."""
        order = np.argsort(self._ranker.errors, kind="stable")
        self._earlier = [self._ranker.architectures[index] for index in order]
        self._ranker, self._taken, self._pool = self._new_ranker(), set(), None
        self._partial.end()
        for observation in self._in_full:
            self._learn(observation)
        again = [architecture for architecture in self._earlier if architecture not in self._taken]
        self._again = again[: max(self.n_initial, len(order) // 20)]

    def _candidate(self) -> Architecture:
        if self._left <= 0 or self._pool is None:
            self._pool = self._generate()
            self._left = max(1, min(self.generation, len(self._ranker.errors) // 7))
        self._left -= 1
        candidates, invalid = self._pool.candidates, self._pool.invalid
        if invalid and self.rng.integers(len(candidates) + len(invalid)) < len(invalid):
            return invalid.pop()
        while candidates:
            chosen = candidates.pick() if self._ranked else candidates.draw()
            if chosen not in self._taken:
                return chosen
        self._pool = None
        return self.space.key(draw_unseen(self.space, self.rng, self._taken))

    def _generate(self) -> Generation:
        order = np.argsort(self._ranker.errors, kind="stable")
        best = [self._ranker.architectures[index] for index in order[: self._elites]]
        elites = list(dict.fromkeys([*best, *self._earlier]))[: self._elites]
        generator = self._generator = self._generator or self._new_generator()
        pool = Generation(
            self.space, self._ranker, generator, elites, self._taken, self.pool, self.rounds, self._masked
        )
        generator.adapt(pool.fresh_share)
        return pool

    def _new_generator(self) -> Generator:
        from equipoise.methods.graph_vae import latent_generator as made
        from equipoise.methods.graph_vae.stored import model_of, untrained

        if self._proposals == "mutation" or self._proposals == "uniform":
            return made.MutationGenerator(self.space, self.rng, self._elites, self._proposals == "uniform")
        model = (model_of if self._trained else untrained)(self.space, self._backend)
        return made.LatentGenerator(model, self.rng, self._proposals, self._elites, self._drafting)
