"""Relative cost of the passes of a supernet, in passes of a mean stand-alone training, as weight sharing is charged.

Run ``python speed/one_shot.py [space] [architectures] [published]``. CPU is `process_time` with one thread; all kinds
of pass are measured in the same run, in turn, over the embedded images, or with ``published`` over random ones of
3 x 32 x 32 in the published macro architecture. The cost of a stand-alone pass includes validation, as
`cost_seconds` of a table does.
"""

import sys
import time
from collections import defaultdict
from statistics import mean, median

import numpy as np
import torch

from equipoise.harness.core.registry import load_space
from equipoise.harness.training.configuration import TrainingConfiguration
from equipoise.harness.training.images import ImageDataset, load
from equipoise.harness.training.networks import networks_of
from equipoise.harness.training.setup import Setup
from equipoise.harness.training.supernet import mixture, sampled
from equipoise.harness.training.weight_sharing import SharedWeights

CONFIGURATION = TrainingConfiguration(
    epochs=50, batch_size=64, learning_rate=0.025, final_learning_rate=0.001, gradient_clip=5.0
)


def main() -> None:
    """Prints the relative costs."""
    torch.set_num_threads(1)
    name = sys.argv[1] if len(sys.argv) > 1 else "nasbench201"
    count = int(sys.argv[2]) if len(sys.argv) > 2 else 24
    space, images = load_space(name)(), _random_images() if "published" in sys.argv[3:] else load("fashion14")
    networks = networks_of(name)
    setup = Setup(space, networks, *networks.settings(images.side), images, 1)
    generator = torch.Generator().manual_seed(0)
    shared = SharedWeights(space, images, CONFIGURATION, generator)
    alphas = shared.supernet.alphas(generator)
    batches = list(shared.epoch())
    seconds: dict[str, list[float]] = defaultdict(list)
    for architecture in space.sample(np.random.default_rng(0), count):
        trainer = setup.trainer(architecture)
        begin = time.process_time()
        trainer.epoch()
        seconds["stand-alone"].append((time.process_time() - begin) / len(images.y["train"]))
        for kind in ("mixture", "sampled", "path", "evaluation"):
            begin, seen = time.process_time(), 0
            for train, judge in batches[:8]:
                seen += len(judge[1]) if kind == "evaluation" else len(train[1])
                if kind == "evaluation":
                    shared.error([judge], shared.supernet.path(architecture))
                elif kind == "path":
                    shared.step(train, shared.supernet.path(architecture), kind)
                else:
                    choice = mixture(alphas) if kind == "mixture" else sampled(alphas, 1.0, generator)
                    shared.step(train, choice, kind)
            seconds[kind].append((time.process_time() - begin) / seen)
    alone = mean(seconds["stand-alone"])
    print(f"{name} on {images.name}: a stand-alone pass takes {alone * 1e6:.0f} us an image (mean of {count})")
    for kind, values in seconds.items():
        print(f"  {kind:12} {mean(values) / alone:.2f} (median {median(values) / alone:.2f})")


def _random_images() -> ImageDataset:
    rng, counts = np.random.default_rng(0), {"train": 256, "validation": 32, "test": 32}
    x = {part: rng.integers(256, size=(n, 3, 32, 32), dtype=np.uint8) for part, n in counts.items()}
    return ImageDataset(
        "noise", "random bytes", "none", 10, x, {part: rng.integers(10, size=n) for part, n in counts.items()}
    )


if __name__ == "__main__":
    main()
