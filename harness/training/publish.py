"""Turns the pieces of `equipoise tabulate` into a table in the open format."""

from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.space import Architecture
from equipoise.harness.core.task import Metric
from equipoise.harness.tables.header import TableHeader
from equipoise.harness.tables.writer import TableWriter
from equipoise.harness.training.piece import rows_of_piece
from equipoise.harness.training.setup import Setup
from equipoise.harness.training.speeds import speeds

__all__ = ["publish"]

Floats = npt.NDArray[np.float64]
NAMED = "table.parquet"


def publish(
    folder: Path, files: Sequence[Path], setup: Setup, digest: str, order: Sequence[Architecture], whole: bool
) -> Path:
    """Writes ``table.parquet`` beside the pieces: every epoch of every seed, the test error after the last.

    Errors are stored exactly, as the number of misclassified images divided by the number of images. Seconds are
    normalised to one speed of the machine (`equipoise.harness.training.speeds`) and rounded to milliseconds.

    Args:
        folder: Folder of the table.
        files: The pieces.
        setup: The setup of their training.
        digest: The digest of the setup, as each piece states it.
        order: The architectures of the pieces, no two of them the same network.
        whole: Whether they represent the whole space; else the table is a sample.

    Returns:
        The file.

    Raises:
        StoreError: A piece is damaged, belongs to another table, or lacks rows.
        DataError: The file cannot be written.
    """
    images = {part: len(labels) for part, labels in setup.images.y.items()}
    rows = sorted(_rows(files, digest), key=lambda row: row["architecture"])
    slowness = _slowness(setup, rows)
    expected = len(order) * setup.replicas * setup.configuration.epochs
    if len(rows) != expected:
        raise StoreError(
            f"{folder}: {len(rows)} rows in the pieces, expected {expected}; delete the pieces that lack some"
        )
    path = folder / NAMED
    with TableWriter(path, _header(setup, digest, whole, images, slowness)) as table:
        for row in rows:
            test = row["test_error"]
            table.add(
                row["architecture"],
                fidelity=row["epoch"],
                seed=row["seed"],
                validation_error=_exact(row["validation_error"], images["validation"]),
                test_error=None if test is None else _exact(test, images["test"]),
                cost_seconds=max(round(row["cost_seconds"] / slowness[row["piece"]], 3), 0.001),
            )
    return path


def _rows(files: Sequence[Path], digest: str) -> Iterator[dict[str, Any]]:
    for number, file in enumerate(files):
        yield from ({**row, "piece": number} for row in rows_of_piece(file, digest))


def _slowness(setup: Setup, rows: Sequence[dict[str, Any]]) -> Floats:
    whole = [row for row in rows if row["epoch"] == setup.configuration.epochs and row["seed"] == 1]
    features = setup.space.encode([setup.space.parse(row["architecture"]) for row in whole], "one-hot")
    seconds = np.array([row["cost_seconds"] for row in whole], dtype=np.float64)
    return speeds(seconds, features, np.array([row["piece"] for row in whole], dtype=np.intp))


def _exact(error: float, images: int) -> float:
    return round(error * images) / images


def _header(setup: Setup, digest: str, whole: bool, images: dict[str, int], slowness: Floats) -> TableHeader:
    epochs, space = setup.configuration.epochs, setup.space
    return TableHeader(
        name=f"{space.name}/{setup.images.name}",
        space=space,
        metric=Metric.accuracy(),
        source=f"Trained with `equipoise tabulate {space.name} {setup.images.name}`. Space: {space.source}. "
        f"Images: {setup.images.source}",
        licence=setup.images.licence,
        validation=f"{images['validation']} validation images, held out of the training images",
        test=f"{images['test']} test images",
        cost=f"{'processor' if setup.device == 'cpu' else 'wall'} time to the end of the epoch, with validation, a "
        f"share of {setup.replicas} trained together{_same_speed(slowness)}",
        fidelities=tuple(range(1, epochs + 1)),
        seeds=tuple(range(1, setup.replicas + 1)),
        coverage="space" if whole else "sample",
        keyed_by="canonical" if whole else "architecture",
        digest=digest,
        pitfalls=(
            f"Small networks on small images for {epochs} epochs: the ranking is that of this setting.",
            "Architectures that are the same network share one entry: it was trained once.",
        ),
    )


def _same_speed(slowness: Floats) -> str:
    if np.ptp(slowness) == 0:
        return ""
    span = f"{slowness.min():.2f} to {slowness.max():.2f}"
    return f"; pieces made at different times are normalised to one speed (divided by {span})"
