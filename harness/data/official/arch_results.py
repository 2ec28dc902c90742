"""The nested dictionaries in which NAS-Bench-201 and NATS-Bench keep the runs of one architecture.

Their splits carry names that misled many users, so they are spelt out once, here:

- ``cifar10-valid`` is CIFAR-10 trained on half of its training images; its ``x-valid`` is the other half. Searches
  select by it. ``cifar10`` is trained on all training images and has no validation split; its ``ori-test`` is the
  test accuracy that papers report.
- ``cifar100`` and ``ImageNet16-120`` are trained on all training images; ``x-valid`` and ``x-test`` are two halves of
  the official test images, and ``ori-test`` is both halves together: never select by it, never report it.
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from statistics import fmean
from typing import Any, NamedTuple

from equipoise.harness.core.errors import DataError, reason_of
from equipoise.harness.core.space import Architecture
from equipoise.harness.data.official.record import Record, error_of

__all__ = ["CURVE", "SPLITS", "Splits", "runs"]


class Splits(NamedTuple):
    """Where a data set's numbers lie in the dictionaries.

    Attributes:
        trained: The training that searches select by.
        validation: Its validation split.
        tested: The training whose test accuracy is reported.
        test: Its test split.
    """

    trained: str
    validation: str
    tested: str
    test: str


SPLITS: Mapping[str, Splits] = {
    "cifar10": Splits("cifar10-valid", "x-valid", "cifar10", "ori-test"),
    "cifar100": Splits("cifar100", "x-valid", "cifar100", "x-test"),
    "imagenet16-120": Splits("ImageNet16-120", "x-valid", "ImageNet16-120", "x-test"),
}

CURVE = "cifar10-curve"
"""Every epoch of the longest training on CIFAR-10; the other data sets store validation at the last epoch only."""

_NONE = math.nan


def runs(
    path: Path, architecture: Architecture, text: str, trainings: Mapping[int, Any], curve: bool
) -> Iterator[Record]:
    """Yields every run of one architecture.

    Args:
        path: The archive, for messages.
        architecture: What was trained.
        text: The string under which the archive lists it.
        trainings: The state of an ``ArchResults`` for each number of epochs.
        curve: Whether every epoch of the longest training on CIFAR-10 is wanted too, as data set ``cifar10-curve``.

    Raises:
        DataError: The dictionaries are not what the archive's format says, or hold an impossible value.
    """
    try:
        for epochs, results in trainings.items():
            if results["arch_str"] != text:
                raise DataError(f"{path}: the results of {text} say they are of {results['arch_str']}")
            for dataset, splits in SPLITS.items():
                yield from _of_dataset(path, architecture, text, dataset, splits, epochs, results)
            if curve and epochs == max(trainings):
                yield from _curve(path, architecture, text, epochs, results)
    except DataError:
        raise
    except Exception as error:  # whatever is in the place of what the format says
        raise DataError(f"{path}: the results of {text} are not as the format says ({reason_of(error)})") from error


def _of_dataset(
    path: Path, architecture: Architecture, text: str, dataset: str, splits: Splits, epochs: int, results: Any
) -> Iterator[Record]:
    seeds = results["dataset_seed"][splits.trained]
    tests = {
        seed: _error(path, text, results, splits.tested, seed, splits.test, epochs)
        for seed in results["dataset_seed"][splits.tested]
    }
    for seed in seeds:
        run = _run(path, text, results, splits.trained, seed, epochs)
        # CIFAR-10 is tested after another training, whose seeds are not those of the validated one: their mean then.
        test = tests[seed] if splits.tested == splits.trained else fmean(tests.values())
        yield Record(
            dataset,
            architecture,
            epochs,
            seed,
            _error(path, text, results, splits.trained, seed, splits.validation, epochs),
            test,
            _total(run["train_times"], epochs),
            float((run["eval_times"] or {}).get(f"{splits.validation}@{epochs - 1}", _NONE)),
        )


def _curve(path: Path, architecture: Architecture, text: str, epochs: int, results: Any) -> Iterator[Record]:
    splits = SPLITS["cifar10"]
    for seed in results["dataset_seed"][splits.trained]:
        run = _run(path, text, results, splits.trained, seed, epochs)
        seconds = 0.0
        for epoch in range(epochs):
            seconds += float(run["train_times"][epoch]) if run["train_times"] else _NONE
            key = f"{splits.validation}@{epoch}"
            error = error_of(run["eval_acc1es"][key], 100.0, path, f"{splits.trained} {key} of {text}")
            pass_seconds = float((run["eval_times"] or {}).get(key, _NONE))
            yield Record(CURVE, architecture, epoch + 1, seed, error, _NONE, seconds, pass_seconds)


def _run(path: Path, text: str, results: Any, trained: str, seed: int, epochs: int) -> Any:
    run = results["all_results"][trained, seed]
    if run["seed"] != seed or run["epochs"] != epochs:
        raise DataError(
            f"{path}: a run of {text} on {trained} is listed under seed {seed} and {epochs} epochs, but says seed "
            f"{run['seed']} and {run['epochs']} epochs"
        )
    return run


def _error(path: Path, text: str, results: Any, trained: str, seed: int, split: str, epochs: int) -> float:
    run, key = _run(path, text, results, trained, seed, epochs), f"{split}@{epochs - 1}"
    return error_of(run["eval_acc1es"][key], 100.0, path, f"{trained} {key} of {text}")


def _total(times: Any, epochs: int) -> float:
    return math.fsum(float(times[epoch]) for epoch in range(epochs)) if times else _NONE
