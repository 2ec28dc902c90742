"""The public sample of NAS-Bench-101 as a table: its file lists cells by their hash, which is decoded here."""

from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.harness.core.errors import DataError
from equipoise.harness.core.files import parse_json
from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.tables.header import TableHeader
from equipoise.harness.tables.writer import TableWriter

__all__ = ["EPOCHS", "decode", "read_sample", "write_table"]

EPOCHS = (4, 12, 36, 108)
_ACCURACY = "{}_final_validation_accuracy"
_SECONDS = "final_training_time"
_COLUMNS = ("key", _SECONDS, *(_ACCURACY.format(epochs) for epochs in EPOCHS))


def read_sample(path: Path) -> dict[str, list[Any]]:
    """The columns of the upstream file that are used, after they were checked.

    Raises:
        DataError: Something is missing, of unequal length, twice there, or no accuracy.
    """
    try:
        content = parse_json(path.read_text(encoding="utf-8"))
        columns = {name: list(content[name]) for name in _COLUMNS}
        numbers = np.array([columns[name] for name in _COLUMNS[1:]], dtype=np.float64)
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DataError(f"{path}: is not the sample of NAS-Bench-101 ({error!r}); get it again") from error
    hashes = columns["key"]
    if numbers.shape[1] != len(hashes) or len(set(hashes)) != len(hashes):
        raise DataError(f"{path}: {len(hashes)} cells, {len(set(hashes))} distinct, {numbers.shape[1]} values each")
    if not ((numbers[1:] >= 0) & (numbers[1:] <= 1)).all() or not (numbers[0] > 0).all():
        raise DataError(f"{path}: holds an accuracy outside 0 to 1, or a training time that is not positive")
    return columns


def decode(hashes: Iterable[str], cells: Iterable[Architecture] | None = None) -> dict[str, Architecture]:
    """Finds the cells that have these hashes.

    Args:
        hashes: Names of cells, as `NasBench101.graph_hash` gives them.
        cells: Where to look; by default all 423,624 classes, which takes a minute or two.

    Raises:
        DataError: No cell has one of them.
    """
    space = NasBench101()
    wanted, found = set(hashes), dict[str, Architecture]()
    for cell in space.enumerate() if cells is None else cells:
        name = space.graph_hash(cell)
        if name in wanted:
            found[name] = cell
    if missing := sorted(wanted - found.keys()):
        raise DataError(f"{len(missing)} hashes are those of no cell, for example {missing[0]}; get the file again")
    return found


def write_table(
    source: Path, path: Path, header: TableHeader, find: Callable[[Iterable[str]], dict[str, Architecture]] = decode
) -> None:
    """Makes the table of the sample, unless it is there.

    The file states the training time of 108 epochs alone; that of fewer is taken in proportion.

    Args:
        source: The upstream file.
        path: The table to write.
        header: What it is to say of itself.
        find: Decodes the hashes.

    Raises:
        DataError: The upstream file is not what it should be; nothing is written.
    """
    if path.is_file():
        return
    columns = read_sample(source)
    cells = find(columns["key"])
    with TableWriter(path, header) as table:
        for number, name in enumerate(columns["key"]):
            for epochs in EPOCHS:
                table.add(
                    cells[name],
                    fidelity=epochs,
                    validation_error=1 - columns[_ACCURACY.format(epochs)][number],
                    cost_seconds=columns[_SECONDS][number] * epochs / EPOCHS[-1],
                )
