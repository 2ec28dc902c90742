"""Stored training seeds: a view that holds one of them out, and the noise floors that they tell."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

__all__ = ["common_seeds", "floors", "hold_out", "levels_with", "seed_floor", "validation_to_test_floor"]

Floats = npt.NDArray[np.float64]


def common_seeds(validation: Floats) -> int:
    """Counts the stored training seeds that every architecture has at full fidelity.

    Args:
        validation: F x M x S errors; the missing seeds of an architecture are NaN at the end.
    """
    return int(np.count_nonzero(~np.isnan(validation[-1]), axis=1).min())


def levels_with(validation: Floats, seeds: int) -> list[int]:
    """The fidelities, as rows of `validation`, at which every architecture has so many seeds."""
    stored = np.count_nonzero(~np.isnan(validation), axis=2).min(axis=1)
    return np.flatnonzero(stored >= seeds).tolist()


def hold_out(validation: Floats, seed: int) -> tuple[Floats, Floats]:
    """Divides the stored errors into those of the search and those of the judge.

    The judge has the seed with this number, of every architecture and at full fidelity. The search has all others:
    where an architecture has more seeds than the rest, its further ones are always among them.

    Args:
        validation: F x M x S errors.
        seed: From 0; every architecture has it.

    Returns:
        F x M x (S - 1) errors for the search, and M errors for the judge.
    """
    return np.delete(validation, seed, axis=2), np.array(validation[-1, :, seed])


def seed_floor(validation: Floats) -> float | None:
    """The regret under a held-out training seed of the architecture that is best by the other seeds.

    With S seeds that every architecture has, y_h the errors of seed h, and m_h the mean over all seeds but h:

        floor = 1/S sum_h [ y_h(argmin m_h) - min y_h ]

    If several architectures share the least m_h, their y_h is averaged.

    Args:
        validation: M x S errors at full fidelity; the missing seeds of an architecture are NaN at the end.

    Returns:
        The floor; None where there is one seed.
    """
    seeds = common_seeds(validation[None])
    if seeds < 2:
        return None
    lost = []
    for seed in range(seeds):
        searched, judged = hold_out(validation[None], seed)
        lost.append(_lost(np.nanmean(searched[0], axis=1), judged))
    return float(np.mean(lost))


def validation_to_test_floor(validation: Floats, test: Floats) -> float:
    """The test regret of the architecture that is best by validation: test(argmin validation) - min test.

    If several share the least validation error, their test errors are averaged.

    Args:
        validation: M errors.
        test: M errors on the test split.
    """
    return _lost(validation, test)


def floors(columns: Mapping[str, Floats]) -> dict[str, float]:
    """The noise floors that the columns of a table tell, the finest first.

    Args:
        columns: ``validation`` (F x M x S), ``mean`` (F x M) and, where the source has a test split, ``test`` (M).

    Returns:
        ``held-out seeds`` and ``validation to test``, as far as they are known.
    """
    found = {"held-out seeds": seed_floor(columns["validation"][-1])}
    if "test" in columns:
        found["validation to test"] = validation_to_test_floor(columns["mean"][-1], columns["test"])
    return {name: floor for name, floor in found.items() if floor is not None}


def _lost(searched: Floats, judged: Floats) -> float:
    return float(judged[searched == searched.min()].mean() - judged.min())
