"""Additions of public files to the embedded NAS-Bench-201: accuracies after 12 epochs, and test accuracies."""

from collections.abc import Mapping
from pathlib import Path

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._complete import in_order
from equipoise.harness.benchmarks._nasbench201_cells import SPACE, cell_of
from equipoise.harness.benchmarks._zero_cost_files import read_values
from equipoise.harness.core.errors import DataError, SpaceError
from equipoise.harness.core.space import Architecture
from equipoise.harness.data.frame import read_frame

__all__ = ["Errors", "early_errors", "test_errors"]

Errors = npt.NDArray[np.float64]
"""One error per architecture, in the order of ``space.enumerate()``."""

COLUMNS = {"cifar10": "cifar10-val", "cifar100": "cifar100-val", "imagenet16-120": "imagenet-val"}
MEMBERS = {"cifar100": "cifar100", "imagenet16-120": "ImageNet16-120"}


def early_errors(path: Path, dataset: str) -> Errors:
    """Validation errors after 12 epochs.

    Raises:
        DataError: The file is damaged or incomplete.
    """
    return _column(path, COLUMNS[dataset])


def test_errors(path: Path, dataset: str) -> Errors:
    """Test errors after 200 epochs.

    Raises:
        DataError: The file is damaged or incomplete.
    """
    if dataset == "cifar10":
        return _column(path, "test_top1")
    pattern = rf"zen/benchmark--nasbench201--{MEMBERS[dataset]}--\d+\.json"
    return _errors(path, read_values(path, pattern, cell_of, dataset), "a test accuracy")


def _column(path: Path, name: str) -> Errors:
    frame = read_frame(path, ["cellstr", name])
    try:
        cells = [SPACE.parse(text) for text in frame["cellstr"].tolist()]
        values = dict(zip(cells, map(float, frame[name].tolist()), strict=True))
    except (AttributeError, TypeError, ValueError, SpaceError) as error:
        raise DataError(f"{path}: a row of {name} cannot be read ({error}); get the file again") from error
    if len(values) != len(cells):
        raise DataError(f"{path}: {len(cells)} rows for {len(values)} cells; get the file again")
    return _errors(path, values, f"a value of {name}")


def _errors(path: Path, values: Mapping[Architecture, float], what: str) -> Errors:
    accuracy = in_order(SPACE, values, what, path)
    if accuracy.min() < 0 or accuracy.max() > 100:
        raise DataError(f"{path}: {what} lies outside 0 to 100 %; get the file again")
    return 1.0 - accuracy / 100.0
