"""Trains a sample of a table again, and tests whether the table is reproduced."""

from collections.abc import Callable

import numpy as np
import numpy.typing as npt
from scipy import stats

from equipoise.harness.core.errors import DataError, SuiteError
from equipoise.harness.core.registry import space_name
from equipoise.harness.training.table_summary import table_of
from equipoise.harness.training.tabulate import ORDER_SEED, content_digest

__all__ = ["retrain"]

ALARM = 0.001
"""Probability of rejecting a table that is right."""

SAME = 1e-9


def retrain(name: str, sample: int, say: Callable[[str], None]) -> int:
    """Trains some architectures of a table with the same seeds and compares the validation errors after full training.

    On the processor that made the table the numbers repeat exactly. On another one rounding differs, and a training
    ends like one with another seed. The means over the seeds may then differ by seed noise: an F test compares the mean
    square of the differences with its expectation, and a t test their mean with zero, both together at level `ALARM`.

    Args:
        name: A task, or a file in the open format, made by `equipoise tabulate`.
        sample: Number of architectures, drawn afresh each time.
        say: Takes a line per architecture, and the verdict.

    Returns:
        0 if the table is reproduced, 1 if not.

    Raises:
        DataError: There is no such table, or this version trains with another setup than the one that made it.
    """
    import torch

    from equipoise.harness.training.setup import Setup

    if sample < 2:
        raise SuiteError(f"--sample {sample}: at least two architectures are needed")
    table = table_of(name)
    header = table.header
    replicas = max(1, len(header.seeds))
    setup = Setup.named(space_name(type(header.space)), header.name.partition("/")[2], replicas, ORDER_SEED)
    if content_digest(setup.identity()) != header.digest:
        raise DataError(
            f"{name}: this version trains with another setup than the one that made it; get the version that made it"
        )
    rows = [row for row, cell in enumerate(table.architectures) if header.space.canonical(cell) == cell]
    chosen = np.random.default_rng().choice(rows, size=min(sample, len(rows)), replace=False)
    stored, again = [], []
    torch.set_num_threads(1)
    for row in sorted(chosen.tolist()):
        cell = table.architectures[row]
        trainer = setup.trainer(cell)
        for _ in range(setup.configuration.epochs):
            errors = trainer.epoch().validation_error
        stored.append(table.validation[-1, row])
        again.append(errors)
        same = np.allclose(stored[-1], errors, rtol=0, atol=SAME)
        said = "the same" if same else f"{100 * np.mean(stored[-1]):.2f} % stored, {100 * np.mean(errors):.2f} % now"
        say(f"{header.space.format(cell)}: {said}")
    return _verdict(np.array(stored), np.array(again), say)


def _verdict(stored: npt.NDArray[np.float64], again: npt.NDArray[np.float64], say: Callable[[str], None]) -> int:
    """Compares two n x replicas arrays of errors; 0 if they agree up to seed noise."""
    count, replicas = stored.shape
    if np.allclose(stored, again, rtol=0, atol=SAME):
        say(f"all {count} architectures repeat exactly")
        return 0
    if replicas < 2:
        say("the table has one seed: seed noise is unknown, and the errors are not the same")
        return 1
    difference = stored.mean(axis=1) - again.mean(axis=1)
    noise = (stored.var(axis=1, ddof=1).mean() + again.var(axis=1, ddof=1).mean()) / 2
    spread = stats.f.sf(np.mean(difference**2) / (2 * noise / replicas), count, 2 * count * (replicas - 1))
    shift = 2 * stats.t.sf(abs(difference.mean()) / np.sqrt(2 * noise / replicas / count), 2 * count * (replicas - 1))
    agree = min(spread, shift) >= ALARM / 2
    say(
        f"means of {replicas} seeds differ by {100 * np.sqrt(np.mean(difference**2)):.2f} points (root mean square), "
        f"on average by {100 * difference.mean():+.2f}; seed noise alone gives "
        f"{100 * np.sqrt(2 * noise / replicas):.2f}: "
        f"{'within seed noise' if agree else 'MORE than seed noise'} (p = {spread:.3g} and {shift:.3g})"
    )
    return 0 if agree else 1
