"""The promise of the candidates that the decoder of graph_vae finds, beside mutation and estimated marginals.

    python studies/graph_vae_pools.py [--seeds 3] [TASK ...]

A generator serves a search by the expected improvement of the best candidate in its pool. For each task and seed,
`structural_gp` over its pool of mutants is run for 60 queries; after 15, 30 and 60 of them each generator makes one
pool of 500 under the same Gaussian process, from the same elites. Printed: the common logarithm of the largest expected
improvement in the pool, minus that of the whole space where it can be listed, else of the best pool found by any of the
generators (0 is best); its standard error over states; the same averaged over the five best candidates; the share of
draws that were new; and CPU seconds per pool.
"""

import argparse
import time
from collections import defaultdict
from collections.abc import Callable, Sequence

import numpy as np
import numpy.typing as npt
import torch

from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Observation, Problem, Query
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.engine.runner import run_trial
from equipoise.methods._shared.generators import marginal_draws, mutants
from equipoise.methods._shared.gp import expected_improvement
from equipoise.methods._shared.graph_features import GROUPS
from equipoise.methods._shared.space_features import is_listable
from equipoise.methods._shared.structural_inputs import InputReader
from equipoise.methods._shared.structural_posterior import ListedPosterior
from equipoise.methods._shared.structural_ranker import StructuralRanker
from equipoise.methods.graph_vae.generation import Generation, Generator, Proposals
from equipoise.methods.graph_vae.latent_generator import LatentGenerator, LatentsFrom, MutationGenerator
from equipoise.methods.graph_vae.proposals import Drafting
from equipoise.methods.graph_vae.stored import model_of, untrained
from equipoise.methods.structural_gp import StructuralGp

LANDSCAPES = "studies/synthetic_landscapes.py"
TASKS = (
    *(f"{LANDSCAPES}/darts-{number}" for number in (1, 3, 4, 5)),
    *(f"{LANDSCAPES}/nasbench101-{number}" for number in (1, 3)),
    "nasbench201/cifar100",
    "nasbench_graph/pubmed",
)
STATES, POOL, ELITES = (15, 30, 60), 500, 20

Maker = Callable[[SearchSpace, np.random.Generator], Generator]


class Drawn(MutationGenerator):
    """A generator without latents, by a function of elites and a number."""

    def __init__(self, space: SearchSpace, rng: np.random.Generator, edits: int) -> None:
        super().__init__(space, rng, ELITES, uniform=False)
        self._edits = edits

    def around(self, elites: Sequence[Architecture], n: int) -> Proposals:
        """Makes up to so many edits of an elite, or draws from the rank-weighted marginals where there are none."""
        ranks = list(range(len(elites)))
        if self._edits:
            found = mutants(self._space, self._rng, elites, ranks, n, ELITES, self._edits)
        else:
            found = marginal_draws(self._space, self._rng, elites, ranks, n, ELITES, floor=0.1)
        return Proposals(found, np.empty((n, 0), dtype=np.float32))


def decoder(source: LatentsFrom = "decoder", trained: bool = True, edited: float = 0.8) -> Maker:
    """Makes the decoder of graph_vae with the settings of its defaults but for these."""
    drafting = Drafting(temperature=0.5, ascent=0.3, edited=edited, guidance=2.0, masked=True)
    return lambda space, rng: LatentGenerator(
        (model_of if trained else untrained)(space), rng, source, ELITES, drafting
    )


def drawn(edits: int) -> Maker:
    """Makes a generator without latents."""
    return lambda space, rng: Drawn(space, rng, edits)


GENERATORS: dict[str, tuple[Maker, int]] = {
    "decoder, 5 rounds": (decoder(), 5),
    "decoder without edits": (decoder(edited=0.0), 5),
    "prior latents": (decoder("prior"), 5),
    "shuffled latents": (decoder("shuffled"), 5),
    "untrained decoder": (decoder(trained=False), 5),
    "one edit, 5 rounds": (drawn(1), 5),
    "1 to 3 edits, 5 rounds": (drawn(3), 5),
    "1 to 3 edits, 2 rounds (structural_gp)": (drawn(3), 2),
    "marginals, 2 rounds (structural_gp, eda)": (drawn(0), 2),
    "marginals, 5 rounds": (drawn(0), 5),
}


def history(name: str, seed: int) -> tuple[list[Architecture], list[float]]:
    """The architectures and errors of a run of structural_gp over mutants."""
    task, budget = load_task(name), Budget(queries=max(STATES))
    method = StructuralGp(Problem(task.space, budget), np.random.default_rng(seed), whole=False)
    run = run_trial(method, task, Ledger(budget), np.random.default_rng)
    return list(run.architecture), list(run.validation_error)


def best_two(ranker: StructuralRanker, listed: ListedPosterior, taken: npt.NDArray[np.int64]) -> tuple[float, float]:
    """The logarithms of the largest expected improvement, and of the mean of the five largest."""
    mean, deviation, best = ranker.posterior(listed)
    values = expected_improvement(mean, np.maximum(deviation, 1e-9), best)
    values[taken] = 0.0
    top = np.maximum(np.sort(values)[::-1][:5], 1e-30)
    return float(np.log10(top[0])), float(np.log10(top.mean()))


def compare(name: str, seeds: int) -> dict[str, list[tuple[float, float, float, float]]]:
    """Each generator's gap in the best and the five best, share of new draws, and CPU seconds, for each state."""
    space = load_task(name).space
    reader = InputReader(space, GROUPS, decisions=True, linear=True, sizes=None)
    found: dict[str, list[tuple[float, float, float, float]]] = defaultdict(list)
    for seed in range(seeds):
        architectures, errors = history(name, seed)
        for size in STATES:
            ranker = StructuralRanker(reader, np.random.default_rng(0))
            for cell, error in zip(architectures[:size], errors, strict=False):
                ranker.tell(Observation(Query(cell), error, float("nan")))
            order = np.argsort(errors[:size], kind="stable")[:ELITES]
            elites = list(dict.fromkeys(ranker.architectures[index] for index in order))
            state: dict[str, tuple[float, float, float, float]] = {}
            for label, (make, rounds) in GENERATORS.items():
                generator = make(space, np.random.default_rng([seed, size]))
                begin = time.process_time()
                pool = Generation(
                    space, ranker, generator, elites, set(ranker.architectures), POOL, rounds, masked=True
                )
                values = np.maximum(np.sort(pool.candidates.promise)[::-1][:5], 1e-30)
                gaps = float(np.log10(values[0])), float(np.log10(values.mean()))
                state[label] = (*gaps, pool.fresh_share, time.process_time() - begin)
            if is_listable(space):
                taken = np.array([space.index(cell) for cell in ranker.architectures])
                top = best_two(ranker, ListedPosterior(reader.everything()), taken)
            else:
                top = (max(values[0] for values in state.values()), max(values[1] for values in state.values()))
            for label, (one, five, new, seconds) in state.items():
                found[label].append((one - top[0], five - top[1], new, seconds))
    return found


def main(names: Sequence[str], seeds: int) -> None:
    """Prints one table per task."""
    torch.set_num_threads(1)
    for name in names:
        print(f"{name}, {seeds} seeds x {len(STATES)} states", flush=True)
        for label, rows in compare(name, seeds).items():
            values = np.array(rows)
            error = values[:, 0].std(ddof=1) / np.sqrt(len(values))
            one, five, new, seconds = values.mean(axis=0)
            print(f"  {label:42} {one:+.3f} ({error:.3f})  {five:+.3f}  {new:4.0%} new  {seconds:.3f} s", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", default=TASKS, metavar="TASK")
    parser.add_argument("--seeds", type=int, default=3)
    given = parser.parse_args()
    main(given.tasks, given.seeds)
