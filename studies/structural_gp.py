"""Which graph features matter on which task: what the kernel of `structural_gp` fits to random architectures.

    python studies/structural_gp.py [--architectures 100] [--seeds 5] [TASK ...]

For each task the hyperparameters are fitted to that many random architectures, and their means over the seeds are
printed: the share of the three terms in the prior variance, then the weight of each group of graph features (about
0.4 where the data say nothing; the mean squared distance of a group is 1, so that a weight of 0.01 turns it off).
"""

import argparse
from collections.abc import Sequence

import numpy as np

from equipoise.harness.core.method import Observation, Query
from equipoise.harness.core.registry import load_task
from equipoise.methods._shared.graph_features import GROUPS
from equipoise.methods._shared.structural_inputs import InputReader
from equipoise.methods._shared.structural_posterior import ListedPosterior
from equipoise.methods._shared.structural_ranker import StructuralRanker

TASKS = (
    *(f"nasbench201/{name}" for name in ("cifar10", "cifar100", "imagenet16-120", "fashion14")),
    *(f"nasbench_graph/{name}" for name in ("arxiv", "citeseer", "computers", "cora", "cs")),
    *(f"nasbench_graph/{name}" for name in ("photo", "physics", "proteins", "pubmed")),
)


def fitted(name: str, architectures: int, seed: int) -> dict[str, float]:
    """The shares of the terms, and the weights of the groups by name (the mean over the blocks of a space)."""
    task, rng = load_task(name), np.random.default_rng(seed)
    reader = InputReader(task.space, GROUPS, decisions=True, linear=True, sizes=None)
    ranker = StructuralRanker(reader, rng, first=architectures)
    for architecture in task.space.sample(rng, architectures):
        error = task.evaluate(architecture, None, rng).validation_error
        ranker.tell(Observation(Query(architecture), error, float("nan")))
    ranker.posterior(ListedPosterior(reader.read(ranker.architectures[:1])))
    process = ranker.process
    terms = {"decisions": 1.0, "graph": process.share, "linear": float(process.slopes.sum()), "noise": process.noise}
    found = {term: value / sum(terms.values()) for term, value in terms.items()}
    for group in GROUPS:
        own = [process.scales[number] for number, label in enumerate(reader.names) if label.split()[-1] == group]
        found[group] = float(np.mean(own)) if own else float("nan")
    return found


def main(arguments: Sequence[str] | None = None) -> None:
    """Prints a row per task."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("tasks", nargs="*", default=TASKS)
    parser.add_argument("--architectures", type=int, default=100)
    parser.add_argument("--seeds", type=int, default=5)
    chosen = parser.parse_args(arguments)
    width = max(map(len, chosen.tasks))
    for number, name in enumerate(chosen.tasks):
        runs = [fitted(name, chosen.architectures, seed) for seed in range(chosen.seeds)]
        if number == 0:
            print(" " * width, *(f"{column[:9]:>9}" for column in runs[0]))
        print(f"{name:<{width}}", *(f"{np.mean([run[column] for run in runs]):9.2f}" for column in runs[0]))


if __name__ == "__main__":
    main()
