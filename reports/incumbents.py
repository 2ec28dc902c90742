"""Incumbents after every proposal, for many runs at once."""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.reports.statistics.arrays import Array

__all__ = ["RunRows", "incumbents", "reached", "seen_before"]

Indices = npt.NDArray[np.int64]


@dataclass(frozen=True)
class RunRows:
    """The rows of r runs of one method on one task, as r x n arrays; shorter runs are filled up at the end.

    Attributes:
        numbers: r repeat numbers, ascending.
        lengths: r numbers of rows.
        code: r x n numbers of architectures; -1 where there is no row.
        error: r x n observed validation errors; infinity for invalid proposals and where there is no row.
        fidelity: r x n epochs; 0 where there is no row or the task has none.
        charge: r x n amounts charged; 0 where there is no row.
        seconds: r x n seconds of simulated training time; 0 where there is no row, NaN where the task has none.
        overhead: r x n seconds of the method itself; 0 where there is no row.
        status: r x n: 0 ok, 1 duplicate, 2 invalid, -1 no row.
        training_charge: r x n amounts charged for the method's own training, part of `charge`; 0 where there is none,
            or where an older store does not tell it. None where nobody asks.
    """

    numbers: Indices
    lengths: Indices
    code: Indices
    error: Array
    fidelity: Indices
    charge: Array
    seconds: Array
    overhead: Array
    status: Indices
    training_charge: Array | None = None

    @property
    def present(self) -> npt.NDArray[np.bool_]:
        """R x n: whether there is a row."""
        return np.arange(self.code.shape[1]) < self.lengths[:, None]


def incumbents(rows: RunRows) -> Indices:
    """The column of the incumbent after each proposal.

    The incumbent is the valid architecture of least observed validation error among the queries at the highest
    fidelity that the run has used so far; of equal ones, the first.

    Returns:
        r x n columns; -1 while nothing valid has been proposed.
    """
    key = _priority(rows.error, rows.fidelity)
    best = np.minimum.accumulate(key, axis=1)
    before = np.concatenate([np.full((len(key), 1), np.inf), best[:, :-1]], axis=1)
    columns = np.where(key < before, np.arange(key.shape[1]), -1)
    return np.asarray(np.maximum.accumulate(columns, axis=1))


def _priority(error: Array, fidelity: Indices) -> Array:
    """Smaller is better: first by higher fidelity, then by error."""
    valid = np.isfinite(error)
    if not valid.any() or np.ptp(fidelity[valid]) == 0:
        return np.where(valid, error, np.inf)
    order = np.lexsort((error[valid], -fidelity[valid]))
    pairs = np.stack([fidelity[valid][order], error[valid][order]])
    steps = np.concatenate([[0.0], np.cumsum((pairs[:, 1:] != pairs[:, :-1]).any(axis=0))])
    ranks = np.empty(len(order))
    ranks[order] = steps
    key = np.full(error.shape, np.inf)
    key[valid] = ranks
    return key


def reached(amounts: Array, lengths: Indices, limits: Array) -> Indices:
    """The last column at which a run has spent no more than each limit.

    Args:
        amounts: r x n cumulative amounts, non-decreasing.
        lengths: r numbers of rows.
        limits: g limits, ascending.

    Returns:
        r x g columns; -1 where the first row already exceeds the limit. A run that ended early stays at its last row.
    """
    slack = limits * (1 + 1e-12)
    if len(amounts) and (lengths == lengths[0]).all() and (amounts == amounts[0]).all():  # each query costs one
        columns = np.searchsorted(amounts[0, : lengths[0]], slack, side="right") - 1
        return np.asarray(np.broadcast_to(columns, (len(amounts), len(limits))), dtype=np.int64)
    each = [np.searchsorted(row[:n], slack, side="right") - 1 for row, n in zip(amounts, lengths, strict=True)]
    return np.asarray(each, dtype=np.int64).reshape(len(amounts), len(limits))


def seen_before(codes: Indices) -> npt.NDArray[np.bool_]:
    """R x n: whether a code occurred earlier in its row; codes below 0 count as seen.

    Args:
        codes: r x n.
    """
    if codes.max(initial=0) < np.iinfo(np.int16).max:
        codes = codes.astype(np.int16)  # sorted in linear time
    order = np.argsort(codes, axis=1, kind="stable")
    ordered = np.take_along_axis(codes, order, axis=1)
    again = np.zeros(codes.shape, dtype=np.bool_)
    again[:, 1:] = ordered[:, 1:] == ordered[:, :-1]
    seen = np.empty(codes.shape, dtype=np.bool_)
    np.put_along_axis(seen, order, again, axis=1)
    return np.asarray(seen | (codes < 0))


def lookup(columns: Indices, codes: Indices, value: Callable[[Indices], Array], nothing: float) -> Array:
    """The value of the incumbents at given columns.

    Args:
        columns: r x g columns of `codes`; -1 for none.
        codes: r x n numbers of architectures.
        value: Gives the values of distinct architectures.
        nothing: The value where there is no incumbent.
    """
    chosen = np.take_along_axis(codes, np.maximum(columns, 0), axis=1)
    chosen = np.where(columns < 0, -1, chosen)
    distinct, place = np.unique(chosen, return_inverse=True)
    table = np.full(len(distinct), nothing, dtype=np.float64)
    known = distinct >= 0
    table[known] = value(distinct[known])
    return table[place].reshape(chosen.shape)
