"""Objectives beside the error of NAS-Bench-201: sizes, stored latencies, and the devices of HW-NAS-Bench."""

import csv
from ast import literal_eval
from collections.abc import Callable
from functools import partial
from pathlib import Path

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._complete import in_order
from equipoise.harness.benchmarks._nasbench201_sizes import cell_sizes
from equipoise.harness.benchmarks._network_sizes import SizeReaders
from equipoise.harness.core.errors import DataError, SpaceError
from equipoise.harness.core.task import Objective
from equipoise.harness.data.cache import Columns, open_columns
from equipoise.harness.spaces.nasbench201 import NasBench201

__all__ = ["DEVICES", "SIZES", "STORED", "device_values", "objective_readers"]

Array = npt.NDArray[np.float64]

SIZES = (Objective("parameters", ""), Objective("flops", ""))
"""Counted, of every data set."""
STORED = (*SIZES, Objective("latency", "s"))
"""With what the package stores: the latency of a forward pass, mean over the stored seeds."""
DEVICES = (
    *(Objective(f"{device}_latency", "ms") for device in ("edgegpu", "raspi4", "pixel3", "eyeriss", "fpga")),
    *(Objective(f"{device}_energy", "mJ") for device in ("edgegpu", "eyeriss", "fpga")),
)
"""Latency and energy by HW-NAS-Bench (Li et al., ICLR 2021), simulated for eyeriss and fpga; to be fetched.

Edge TPU is left out: some cells have -1 there, and its front has no more than six networks. The size of a front
depends on the error it is taken against: on CIFAR-10, that of pixel3_latency has 55 networks by the mean over the
training seeds, and 46, 56 and 46 by the first, second and third seed."""

FILES = {
    "cifar10": "hw-nas-bench-cifar10",
    "cifar100": "hw-nas-bench-cifar100",
    "imagenet16-120": "hw-nas-bench-imagenet16",
}

SPACE = NasBench201()


def objective_readers(dataset: str, latency: Callable[[], Array]) -> SizeReaders:
    """Functions that give the values of `STORED` and `DEVICES`, in the order of ``enumerate()``.

    Args:
        dataset: Of ``nasbench201``, with published networks.
        latency: Gives the stored latencies.
    """
    devices = {one.name: partial(device_values, dataset, one.name) for one in DEVICES}
    return {**{one.name: partial(cell_sizes, dataset, one.name) for one in SIZES}, "latency": latency, **devices}


def device_values(dataset: str, name: str) -> Array:
    """The values of HW-NAS-Bench under one name.

    Raises:
        DataError: The file is missing or damaged.
    """
    from equipoise.harness.data.sources import source  # here: few suites ask for devices

    file = source(FILES[dataset])
    if (reason := file.missing()) is not None:
        raise DataError(f"objective {name} {reason}")
    return np.asarray(open_columns(f"hw-nas-bench/{dataset}", file.sha256, lambda: _read(file.checked()))[name])


def _read(path: Path) -> Columns:
    from equipoise.harness.benchmarks._nasbench201_cells import cell_of

    try:
        with path.open(newline="", encoding="utf-8") as file:
            rows = {cell_of(literal_eval(row["net"])): row for row in csv.DictReader(file)}
        names = [one.name for one in DEVICES]
        return {
            name: in_order(SPACE, {cell: float(row[name]) for cell, row in rows.items()}, name, path) for name in names
        }
    except (KeyError, SpaceError, SyntaxError, TypeError, ValueError) as error:
        raise DataError(f"{path}: cannot be read as HW-NAS-Bench ({error}); get the file again") from error
