"""Made sample tables to fit surrogates to."""

from collections.abc import Callable
from pathlib import Path

import numpy as np

from equipoise.harness.core.registry import load_space
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task import Metric
from equipoise.harness.tables.header import TableHeader
from equipoise.harness.tables.writer import TableWriter

EPOCHS = (5, 50)


def smooth(space: SearchSpace, architecture: Architecture, rng: np.random.Generator) -> float:
    """An error that the graph explains, with a little noise."""
    labels, edges, edge_labels = space.graph(architecture)
    good = sum("conv3x3" in word or "conv_3x3" in word for word in (*labels, *edge_labels))
    return 0.05 + 0.3 * float(np.exp(-0.5 * good)) + 0.01 * len(edges) + 0.002 * float(rng.random())


def noise(space: SearchSpace, architecture: Architecture, rng: np.random.Generator) -> float:
    """An error that nothing explains."""
    return float(rng.random())


def table(
    path: Path, space: str, count: int, error: Callable[..., float] = smooth, coverage: str = "sample", seed: int = 0
) -> Path:
    """A sample of a space at two numbers of epochs."""
    rng = np.random.default_rng(seed)
    where = load_space(space)()
    header = TableHeader(
        name=f"made/{space}",
        space=where,
        metric=Metric.accuracy(),
        source="made",
        licence="CC0",
        validation="made",
        cost="made seconds",
        fidelities=EPOCHS,
        coverage=coverage,  # type: ignore[arg-type]
    )
    with TableWriter(path, header) as made:
        for architecture in dict.fromkeys(map(where.key, where.sample(rng, 3 * count))):
            if not count:
                break
            count -= 1
            value = error(where, architecture, rng)
            for epochs in EPOCHS:
                worse = value if epochs == EPOCHS[-1] else min(1.0, 1.5 * value + 0.05)
                made.add(
                    architecture, fidelity=epochs, validation_error=worse, cost_seconds=epochs * (1 + len(str(value)))
                )
    return path
