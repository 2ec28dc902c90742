"""NAS-Bench-NLP: the recurrent cells whose WikiText-2 training logs are public, as a list to choose from."""

import json
import math
from collections.abc import Callable, Mapping
from functools import partial
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._table import TableTask, fetched_columns
from equipoise.harness.core.errors import DataError, SpaceError
from equipoise.harness.core.task import Benchmark, Metric, Noise, TaskInfo
from equipoise.harness.data.archive import json_members
from equipoise.harness.data.cache import Columns
from equipoise.harness.data.sources import Source, source
from equipoise.harness.spaces._listed import CellDefinition, ListedCells

__all__ = ["NasBenchNlpBenchmark", "read"]

EPOCHS = 50
SPACE = "nasbench_nlp_list"
PAPER = (
    "Klyuchnikov et al., NAS-Bench-NLP: Neural Architecture Search Benchmark for Natural Language Processing, "
    "IEEE Access 2022"
)

_Curve = npt.NDArray[np.float64]

CITATION = """@article{klyuchnikov2022nasbenchnlp,
  title = {{NAS-Bench-NLP}: Neural Architecture Search Benchmark for Natural Language Processing},
  author = {Klyuchnikov, Nikita and Trofimov, Ilya and Artemova, Ekaterina and Salnikov, Mikhail and Fedorov, Maxim and
    Filippov, Alexander and Burnaev, Evgeny},
  journal = {IEEE Access},
  volume = {10},
  pages = {45736--45747},
  year = {2022}
}"""

PITFALLS = (
    "A list, not a space: the logs are of cells that the authors chose out of more than 14,000 that they trained "
    "on another text, so a search chooses among 291 and can construct nothing; the LSTM is the best of them.",
    "Cells with one definition were trained up to three times; their seeds are not labelled.",
    "Four trainings diverged; they are told the worst loss of all logs.",
    "cost_seconds is the sum of wall_times, the mean over the trainings of a cell.",
    "The value of a fidelity is the loss at that epoch, not the least loss so far.",
)


class NasBenchNlpBenchmark(Benchmark):
    """345 logs of 291 cells: losses and seconds after every epoch.

    Cells with one definition are one entry, and their trainings are its seeds. A training that diverged is told the
    worst loss of all logs from then on, and its clock stands still.
    """

    name = "nasbench_nlp"
    datasets = ("wikitext-2",)

    def task(self, dataset: str, noise: Noise = "mean", ignore_cache: bool = False) -> TableTask:
        """Makes the only task."""
        file, name = source("nasbench-nlp"), f"{self.name}/{dataset}"
        columns = partial(fetched_columns, name, file, read)
        info = TaskInfo(
            name=name,
            source=f"{PAPER}: the released WikiText-2 training logs",
            licence="Apache-2.0",
            metric=Metric("log perplexity", "nats", 0.0, 1.0),
            data_digest=file.sha256,
            citation=CITATION,
            validation_split="val_losses: mean loss a word on the validation text, after each epoch",
            test_split="test_losses: mean loss a word on the test text, after the last epoch",
            pitfalls=PITFALLS,
            fidelities=tuple(range(1, EPOCHS + 1)),
            penalty=partial(_penalty, file, columns),
            is_lookup=True,
            noises=("mean", "single"),
        )
        return TableTask(info, partial(_space, file, columns), columns, noise, file.missing)


def _space(file: Source, columns: Callable[[], Columns]) -> ListedCells:
    """The cells of the logs; none while the file is missing."""
    if file.missing() is not None:
        return ListedCells(SPACE, PAPER, {})
    return ListedCells(SPACE, PAPER, _cells(bytes(columns()["cells"]).decode()))


def _penalty(file: Source, columns: Callable[[], Columns]) -> float:
    """The worst loss of all logs; 1 while the file is missing."""
    return 1.0 if file.missing() else float(np.nanmax(columns()["validation"]))


def read(path: Path) -> Columns:
    """Reads one log per training; ``cells`` is the list of them as bytes of JSON."""
    logs: dict[str, list[Mapping[str, Any]]] = {}
    for log in json_members(path, r"log_stats_model_\d+_[\d_-]+\.json"):
        logs.setdefault(_checked(path, log)["recepie"], []).append(log)
    numbered = {str(min(log["recepie_id"] for log in group)): group for group in logs.values()}
    if len(numbered) != len(logs):
        raise DataError(f"{path}: two definitions have one number; get the file again")
    text = _listed(path, {number: numbered[number][0]["recepie"] for number in sorted(numbered)})
    groups = [numbered[number] for number in sorted(numbered)]
    losses = {
        name: [[_curve(log[name]) for log in group] for group in groups] for name in ("val_losses", "test_losses")
    }
    worst = {name: np.nanmax([curve for group in found for curve in group]) for name, found in losses.items()}
    told = {
        name: [[np.nan_to_num(curve, nan=worst[name]) for curve in group] for group in found]
        for name, found in losses.items()
    }
    seconds = [np.mean([np.cumsum(_clock(log["wall_times"])) for log in group], axis=0) for group in groups]
    return {
        "validation": _packed(told["val_losses"]),
        "seconds": np.transpose(seconds),
        "test": np.array([np.mean([curve[-1] for curve in group]) for group in told["test_losses"]]),
        "cells": np.frombuffer(text.encode(), dtype=np.uint8),
    }


def _checked(path: Path, log: Any) -> Mapping[str, Any]:
    try:
        lengths = {len(log[name]) for name in ("val_losses", "test_losses", "wall_times")}
        (length,) = lengths
        numbers = [float(value) for name in ("val_losses", "test_losses", "wall_times") for value in log[name]]
        whole = length == EPOCHS and all(map(math.isfinite, numbers))
        diverged = 0 < length <= EPOCHS and all(
            not math.isfinite(log[name][-1]) for name in ("val_losses", "test_losses")
        )
        if not isinstance(log["recepie_id"], int) or not isinstance(log["recepie"], str) or min(log["wall_times"]) <= 0:
            raise ValueError("a number, definition or time of another kind")
    except (KeyError, TypeError, ValueError) as error:
        raise DataError(f"{path}: not a log of NAS-Bench-NLP ({error!r}); get the file again") from error
    if not (whole or diverged):
        raise DataError(
            f"{path}: the log of cell {log['recepie_id']} holds {length} epochs; {EPOCHS} finite losses are accepted, "
            "or fewer that end in a divergence"
        )
    return log  # type: ignore[no-any-return]


def _cells(text: str) -> dict[str, CellDefinition]:
    return {
        number: {node: (entry["op"], tuple(entry["input"])) for node, entry in definition.items()}
        for number, definition in json.loads(text).items()
    }


def _listed(path: Path, definitions: Mapping[str, str]) -> str:
    """The cells as one text, after each was read."""
    try:
        text = json.dumps({number: json.loads(definition) for number, definition in definitions.items()})
        ListedCells(SPACE, PAPER, _cells(text))
    except (AttributeError, KeyError, TypeError, ValueError, SpaceError) as error:
        raise DataError(f"{path}: a definition cannot be read ({error}); get the file again") from error
    return text


def _curve(losses: list[float]) -> _Curve:
    """Losses of every epoch; NaN from a divergence on."""
    found = np.full(EPOCHS, np.nan)
    found[: len(losses)] = losses
    found[np.cumsum(~np.isfinite(found)) > 0] = np.nan
    return found


def _clock(seconds: list[float]) -> _Curve:
    return np.array(seconds + [0.0] * (EPOCHS - len(seconds)))


def _packed(groups: list[list[_Curve]]) -> _Curve:
    """Epochs x cells x trainings; missing trainings are NaN at the end."""
    packed = np.full((EPOCHS, len(groups), max(map(len, groups))), np.nan)
    for row, group in enumerate(groups):
        packed[:, row, : len(group)] = np.transpose(group)
    return packed
