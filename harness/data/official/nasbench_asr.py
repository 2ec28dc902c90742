"""NAS-Bench-ASR: one file per training setting and seed, each of two pickles (a header and a list of rows).

The names of the official files carry both: ``nb-asr-e40-1234.pickle`` is seed 1234, trained for 40 epochs.
"""

import math
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

from equipoise.harness.core.errors import DataError, reason_of
from equipoise.harness.core.space import Architecture
from equipoise.harness.data.official.record import Record
from equipoise.harness.data.unpickle import NUMPY_SCALARS, load_pickle
from equipoise.harness.spaces.nasbench_asr import OPERATIONS, NasBenchAsr

__all__ = ["CURVE", "recognises", "records", "trainings"]

CURVE = "timit-curve"
"""The error after every epoch of the longest training; no test error goes with it."""

FILES = re.compile(r"nb-asr-e(\d+)-(\d+)\.pickle")
COLUMNS = ["model_hash", "val_per", "test_per"]

_SPACE = NasBenchAsr()


class _Training(NamedTuple):
    epochs: int
    seed: int
    path: Path


def recognises(path: Path) -> bool:
    """Whether this is a folder with the official files of trainings."""
    return path.is_dir() and bool(_found(path))


def trainings(path: Path) -> tuple[tuple[int, ...], tuple[int, ...]]:
    """The epochs and the seeds that a folder has files of, ascending."""
    found = _found(path)
    return tuple(sorted({f.epochs for f in found})), tuple(sorted({f.seed for f in found}))


def records(path: Path, curve: bool = False) -> Iterator[Record]:
    """Yields every training; its phoneme error rates are fractions, which may exceed 1.

    The validation error is the least over the epochs, because the stored test error is that of the best epoch.

    Args:
        path: The folder.
        curve: Also yield the error after every epoch of the longest training (data set ``timit-curve``).

    Raises:
        DataError: A file is damaged, asks for a name that is not allowed, or is not as its name says.
    """
    longest = max(trainings(path)[0])
    known: dict[str, Architecture] = {}
    for training in _found(path):
        for architecture, errors, test in _rows(training, known):
            yield Record("timit", architecture, training.epochs, training.seed, min(errors), test, *_NO_TIMES)
            if curve and training.epochs == longest:
                for epoch, error in enumerate(errors, 1):
                    yield Record(CURVE, architecture, epoch, training.seed, error, math.nan, *_NO_TIMES)


_NO_TIMES = (math.nan, math.nan)


def _found(path: Path) -> list[_Training]:
    matches = [(FILES.fullmatch(file.name), file) for file in path.iterdir()]
    return sorted(_Training(int(match[1]), int(match[2]), file) for match, file in matches if match)


def _rows(training: _Training, known: dict[str, Architecture]) -> Iterator[tuple[Architecture, list[float], float]]:
    path = training.path
    try:
        content = path.read_bytes()
    except OSError as error:
        raise DataError(f"{path}: cannot be read ({error.strerror})") from error
    header, end = load_pickle(content, str(path), NUMPY_SCALARS)
    rows, _ = load_pickle(content, str(path), NUMPY_SCALARS, start=end)
    try:
        _check(training, header)
        place = header["columns"].index("arch_vec")
        for row in rows:
            name, errors, test = row[:3]
            if name not in known:
                known[name] = _cell(name, row[place])
            if len(errors) != training.epochs:
                raise ValueError(f"{name} has {len(errors)} validation errors, not {training.epochs}")
            yield known[name], [_number(error, name) for error in errors], _number(test, name)
    except Exception as error:  # whatever is in the place of what the format says
        raise DataError(f"{path}: not a training file of NAS-Bench-ASR ({reason_of(error)}); get it again") from error


def _check(training: _Training, header: Any) -> None:
    stated = {
        "dataset_type": ("training", header["dataset_type"]),
        "epochs": (training.epochs, header["epochs"]),
        "seed": (training.seed, header["seed"]),
        "columns": (COLUMNS, header["columns"][:3]),
        "ops": (list(OPERATIONS), list(header["search_space"]["ops"])),
        "nodes": (3, header["search_space"]["nodes"]),
    }
    for name, (expected, found) in stated.items():
        if expected != found:
            raise ValueError(f"its header says {name} = {found!r}, expected {expected!r}")


def _cell(name: str, vector: Any) -> Architecture:
    cell = _SPACE.parse(str([list(map(int, node)) for node in vector]))
    if (found := _SPACE.graph_hash(cell)) != name:
        raise ValueError(f"its cell {_SPACE.format(cell)} has the graph hash {found}, not {name}")
    return _SPACE.key(cell)


def _number(value: Any, name: str) -> float:
    number = float(value)
    if not 0.0 <= number < math.inf:
        raise ValueError(f"{name} has the error {number}")
    return number
