"""Our tasks in the form of NASLib's ``dataset_api``, so that NASLib's optimisers can run on them.

    from equipoise.harness.benchmarks.naslib import dataset_api
    optimizer.adapt_search_space(NasBench201SearchSpace(), dataset_api=dataset_api(load_task("nats_tss/cifar10")))

Each space of NASLib looks into its ``dataset_api`` in its own way; the classes here answer what those look-ups ask,
from a task, when they are asked. What a task does not know (training accuracy, FLOPs) is NaN.
"""

import math
from collections.abc import Callable, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from equipoise.harness.core.errors import DataError, SpaceError, nearest
from equipoise.harness.core.space import Architecture
from equipoise.harness.core.task import Task
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nats_sss import CHANNELS

__all__ = ["dataset_api"]

DATASETS = {"cifar10": "cifar10-valid", "cifar100": "cifar100", "imagenet16-120": "ImageNet16-120"}
"""The data sets of NAS-Bench-201 as NASLib names them inside its table."""


def dataset_api(task: Task) -> Any:
    """The object that NASLib passes around as ``dataset_api``, answering from a task.

    NASLib reads one number of NAS-Bench-201 for validation and for test; it gets the validation value, so that its
    optimisers see no test value, and so "test" in its logs is not one.

    Args:
        task: Over the space of NAS-Bench-101, NAS-Bench-201, NATS-Bench size, or TransNAS-Bench-101 micro or macro.

    Raises:
        DataError: NASLib has no table interface for the task's space, or does not know its data set.
    """
    if task.space.name not in _MAKERS:
        raise DataError(
            f"{task.name}: NASLib has no table interface for the space '{task.space.name}'; "
            f"{nearest(task.space.name, _MAKERS)}"
        )
    return _MAKERS[task.space.name](task)


def _validation(task: Task, architecture: Architecture, fidelity: int | None = None) -> float:
    """The value people read: the mean over seeds at full training, the stored answer below it."""
    error = task.expected(architecture) if fidelity is None or fidelity == task.info.fidelities[-1] else None
    if error is None:
        error = task.evaluate(architecture, fidelity, np.random.default_rng(0)).validation_error
    return task.info.metric.show(error)


def _test(task: Task, architecture: Architecture) -> float:
    error = task.reveal(architecture)
    return math.nan if error is None else task.info.metric.show(error)


def _seconds(task: Task, architecture: Architecture) -> float:
    return task.evaluate(architecture, None, np.random.default_rng(0)).cost_seconds


class _Curve(Sequence[float]):
    """Values by epoch, from 0, of which a task may know some only; the last one is that of full training."""

    def __init__(self, task: Task, value: Callable[[int | None], float]) -> None:
        self._task, self._value = task, value

    def __len__(self) -> int:
        return self._task.info.fidelities[-1] if self._task.info.fidelities else 1

    def __getitem__(self, epoch: Any) -> Any:
        if isinstance(epoch, slice):
            return [self[number] for number in range(*epoch.indices(len(self)))]
        number = epoch + len(self) if epoch < 0 else epoch
        if not 0 <= number < len(self):
            raise IndexError(f"{self._task.name} has epochs 0 to {len(self) - 1}, not {epoch}")
        if number == len(self) - 1:
            return self._value(None)
        if number + 1 not in self._task.info.fidelities:
            raise DataError(
                f"{self._task.name} stores no value after {number + 1} epochs; "
                f"it has {list(self._task.info.fidelities)}"
            )
        return self._value(number + 1)


class _Cells(Mapping[str, Mapping[str, Any]]):
    """``dataset_api["nb201_data"]``: by the string of a cell, by data set, by metric."""

    def __init__(self, task: Task) -> None:
        if task.info.dataset.lower() not in DATASETS:
            raise DataError(f"{task.name}: NASLib knows no such data set; {nearest(task.info.dataset, DATASETS)}")
        self._task, self._dataset = task, DATASETS[task.info.dataset.lower()]

    def __getitem__(self, text: str) -> Mapping[str, Any]:
        try:
            architecture = self._task.space.parse(text)
        except SpaceError as error:
            raise KeyError(text) from error
        task = self._task
        curve = _Curve(task, lambda fidelity: _validation(task, architecture, fidelity))
        unknown = _Curve(task, lambda _: math.nan)
        cost = {"train_time": _seconds(task, architecture), "flops": math.nan, "params": math.nan, "latency": math.nan}
        values = {"eval_acc1es": curve, "cost_info": cost}
        values |= dict.fromkeys(("eval_losses", "train_acc1es", "train_losses"), unknown)
        return {self._dataset: values}

    def __iter__(self) -> Any:
        return map(self._task.space.format, self._task.space.enumerate())

    def __len__(self) -> int:
        return self._task.space.size


class _ModelSpec:
    """A matrix and operations, as NASLib hands them over before it asks about them."""

    def __init__(self, matrix: Any, ops: Sequence[str]) -> None:
        self.matrix, self.ops = np.asarray(matrix), list(map(str, ops))
        try:
            self.cell: Architecture | None = NasBench101().from_matrix(self.matrix, self.ops, prune=True)
        except SpaceError:
            self.cell = None


class _Cells101:
    """``dataset_api["nb101_data"]``."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def is_valid(self, spec: _ModelSpec) -> bool:
        """Whether the pruned graph is a cell of the space."""
        return spec.cell is not None

    def query(self, spec: _ModelSpec, epochs: int = 108) -> dict[str, Any]:
        """The stored answer for a valid graph; accuracies are fractions, of the mean over the repeats."""
        if spec.cell is None:
            raise DataError(f"{self._task.name}: the graph is no cell; ask is_valid first")
        task, cell = self._task, spec.cell
        if epochs != 108 and epochs not in task.info.fidelities:
            raise DataError(f"{task.name} stores no value after {epochs} epochs; it has {list(task.info.fidelities)}")
        matrix, labels = NasBench101().matrix(cell)
        return {
            "module_adjacency": matrix,
            "module_operations": list(labels),
            "trainable_parameters": math.nan,
            "training_time": _seconds(task, cell),
            "train_accuracy": math.nan,
            "validation_accuracy": _validation(task, cell, None if epochs == 108 else epochs) / 100.0,
            "test_accuracy": _test(task, cell) / 100.0,
        }


class _Networks:
    """``dataset_api["api"]`` of TransNAS-Bench-101."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def get_single_metric(
        self,
        arch: str,
        task: str,
        metric: str,
        mode: str = "best",
        xseed: int | None = None,
    ) -> float:
        """One stored value by NASLib's name of it: ``valid_top1``, ``test_ssim``, ``time_elapsed``, ..."""
        if task != self._task.info.dataset:
            raise DataError(f"{self._task.name}: asked for the data set '{task}'")
        architecture = self._task.space.parse(arch)
        if metric == "time_elapsed":
            return _seconds(self._task, architecture)
        if metric.startswith("train_") or (metric.endswith("_loss") and not metric.endswith("_neg_loss")):
            return math.nan
        return (_test if metric.startswith("test_") else _validation)(self._task, architecture)


class _Widths:
    """The whole ``dataset_api`` of NATS-Bench size."""

    def __init__(self, task: Task) -> None:
        self._task = task

    def get_more_info(
        self,
        index: int,
        dataset: str,
        iepoch: int | None = None,
        hp: str = "90",
        is_random: bool = False,
    ) -> dict[str, float]:
        """The values after training for ``hp`` epochs, of the network whose widths are the octal digits of `index`."""
        task, epochs = self._task, int(hp)
        if (
            dataset.lower() != task.info.dataset.lower()
            or epochs not in task.info.fidelities
            or iepoch not in (None, epochs - 1)
        ):
            raise DataError(
                f"{task.name}: asked for {dataset} after {iepoch} of {hp} epochs; it has {list(task.info.fidelities)}"
            )
        digits = f"{index:0{len(task.space.decisions)}o}"
        network = tuple(CHANNELS.index(str(8 * (int(digit) + 1))) for digit in digits)
        full = epochs == task.info.fidelities[-1]
        evaluation = task.evaluate(network, epochs, np.random.default_rng(0))
        known = {
            "valid-accuracy": _validation(task, network, epochs),
            "test-accuracy": _test(task, network) if full else math.nan,
            "train-all-time": evaluation.cost_seconds,
        }
        unknown = ("train-accuracy", "train-loss", "valid-loss", "test-loss", "valid-all-time", "test-all-time")
        return known | dict.fromkeys(unknown, math.nan)


_MAKERS: Mapping[str, Callable[[Task], Any]] = {
    "nasbench201": lambda task: {"nb201_data": _Cells(task)},
    "nasbench101": lambda task: {"api": SimpleNamespace(ModelSpec=_ModelSpec), "nb101_data": _Cells101(task)},
    "transnas_micro": lambda task: {"api": _Networks(task), "task": task.info.dataset},
    "transnas_macro": lambda task: {"api": _Networks(task), "task": task.info.dataset},
    "nats_sss": _Widths,
}
