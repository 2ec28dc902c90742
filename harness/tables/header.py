"""The header of a table, and its JSON form."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, field, fields
from math import isfinite
from pathlib import Path
from typing import Any, Literal, get_args

from equipoise.harness.core.errors import DataError, EquipoiseError, nearest, one_line, reason_of
from equipoise.harness.core.files import parse_json
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.core.task import Metric, Objective
from equipoise.harness.tables.objective_json import objective_of_json, objective_to_json
from equipoise.harness.tables.space_json import space_from_json, space_to_json

__all__ = ["FORMAT", "Coverage", "KeyedBy", "TableHeader"]

FORMAT = "equipoise-table/1"

MOST_NAME = 120
"""Characters of a name; it becomes part of a file name."""

MOST_EPOCHS = 2**31 - 1
"""Largest number of epochs in a row of a run."""

Coverage = Literal["space", "closed", "sample"]
KeyedBy = Literal["architecture", "canonical"]

MAXIMISED = ("accuracy", "auc", "roc-auc", "ssim", "f1", "iou", "miou", "map", "psnr", "bleu")
MINIMISED = ("error", "loss", "perplexity", "log perplexity", "rmse", "mse", "mae", "per", "wer")
"""Names of metrics whose direction is well known: a header that reverses one is refused."""


@dataclass(frozen=True, kw_only=True)
class TableHeader:
    """The header of a table; the docstring of the package explains each field.

    Attributes:
        name: ``benchmark/dataset``.
        space: The space of the architectures.
        metric: How errors are shown.
        source: Paper and origin of the numbers.
        licence: Licence of the numbers.
        validation: The source's name of the split that searches see.
        test: The source's name of the split that only reports see; None where it has none.
        cost: The quantity that `cost_seconds` measures; None where the source has no times.
        fidelities: Training epochs, ascending; the last is full training. Empty where the source states none.
        seeds: Labels of the training seeds; empty where one value per architecture is stored.
        coverage: ``space`` if every architecture is stored; ``closed`` to restrict the task to the stored ones;
            ``sample`` if the table is no task, but data to fit a surrogate to.
        keyed_by: ``canonical`` if one architecture of each class of equal networks stands for all of them.
        missing: Fidelity to the number of architectures without it; such a fidelity stays in the file and is not
            offered.
        penalty: The error of an invalid proposal, no better than any stored one at full training.
        surrogate: Whether the values are predictions.
        rises_with_training: Whether errors may grow with training, which is otherwise taken for a wrong direction.
        digest: SHA-256 of the upstream file; empty if the table is the source.
        citation: BibTeX.
        pitfalls: Caveats for readers of results, one sentence each.
        extra: Further columns of the file, which are not read.
        objectives: Further objectives, each in a column ``objective:NAME``.
    """

    name: str
    space: SearchSpace
    metric: Metric
    source: str
    licence: str
    validation: str
    test: str | None = None
    cost: str | None = None
    fidelities: tuple[int, ...] = ()
    seeds: tuple[int, ...] = ()
    coverage: Coverage = "space"
    keyed_by: KeyedBy = "architecture"
    missing: Mapping[int, int] = field(default_factory=dict)
    penalty: float = 1.0
    surrogate: bool = False
    rises_with_training: bool = False
    digest: str = ""
    citation: str = ""
    pitfalls: tuple[str, ...] = ()
    extra: tuple[str, ...] = ()
    objectives: tuple[Objective, ...] = ()

    def __post_init__(self) -> None:
        for name in ("name", "source", "licence", "validation"):
            if not getattr(self, name):
                raise DataError(f"table header: '{name}' is empty")
        for name in ("test", "cost"):
            if getattr(self, name) == "":
                raise DataError(f"table header: '{name}' is empty; write null where the source has none")
        _check_kinds(self)
        object.__setattr__(self, "penalty", float(self.penalty))  # JSON may give a whole number
        if not self.name.isprintable() or len(self.name) > MOST_NAME:
            raise DataError(
                f"table header: name = {one_line(self.name, 60)!r}; accepted are {MOST_NAME} printable characters"
            )
        if self.name.count("/") < 1 or self.name.startswith("/") or self.name.endswith("/"):
            raise DataError(f"table header: name = '{self.name}'; a name reads benchmark/dataset")
        _check_metric(self.metric)
        _check_levels(self)
        names = [one.name for one in self.objectives]
        if len(set(names)) < len(names):
            raise DataError(f"table header: objectives {', '.join(names)}: each name occurs once")
        for name, accepted in (("coverage", get_args(Coverage)), ("keyed_by", get_args(KeyedBy))):
            if getattr(self, name) not in accepted:
                raise DataError(f"table header: {name} = {getattr(self, name)!r}; {nearest('', accepted)}")
        if self.keyed_by == "canonical" and self.coverage != "space":
            raise DataError(f"table header: keyed_by = 'canonical' needs coverage = 'space', not '{self.coverage}'")

    @property
    def offered_fidelities(self) -> tuple[int, ...]:
        """The fidelities that every architecture has."""
        return tuple(epochs for epochs in self.fidelities if epochs not in self.missing)

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that `TableWriter` writes for this header, beside `extra`."""
        wanted = {
            "architecture": True,
            "fidelity": bool(self.fidelities),
            "seed": bool(self.seeds),
            "validation_error": True,
            "test_error": self.test is not None,
            "cost_seconds": self.cost is not None,
        }
        objectives = (f"objective:{one.name}" for one in self.objectives)
        return (*(column for column, there in wanted.items() if there), *objectives)

    def to_json(self, folder: Path | None = None) -> str:
        """One line of JSON that `from_json` reads back.

        Args:
            folder: Folder of the table, to which the path of a space file is written relative; None: absolute.
        """
        content: dict[str, Any] = {"format": FORMAT}
        for entry in fields(self):
            value = getattr(self, entry.name)
            if value == entry.default or value == {}:
                continue
            if entry.name == "space":
                value = space_to_json(value, folder)
            elif entry.name == "metric":
                direction = "maximise" if value.maximise else "minimise"
                value = {"direction": direction, **{key: getattr(value, key) for key in _METRIC_KEYS}}
            elif entry.name == "objectives":
                value = [objective_to_json(one) for one in value]
            elif entry.name == "missing":
                value = {str(epochs): count for epochs, count in value.items()}
            content[entry.name] = value
        return json.dumps(content)

    @classmethod
    def from_json(cls, text: str, folder: Path | None = None) -> "TableHeader":
        """Reads a header.

        Args:
            text: JSON.
            folder: Folder of the table, to which the path of a space file is relative; None: to the working directory.

        Raises:
            DataError: It is not JSON, of another format, or contradictory.
        """
        try:
            content = parse_json(text)
        except ValueError as error:
            raise DataError(f"table header: not JSON ({error})") from error
        if not isinstance(content, dict) or content.pop("format", None) != FORMAT:
            raise DataError(f'table header: expected a JSON object with "format": "{FORMAT}"')
        known = {entry.name: entry for entry in fields(cls)}
        for key in content:
            if key not in known:
                raise DataError(f"table header: unknown key '{key}'; {nearest(key, known)}")
        required = ("name", "space", "metric", "source", "licence", "validation")
        if absent := [key for key in required if key not in content]:
            raise DataError(f"table header: '{absent[0]}' is missing")
        try:
            content["space"] = space_from_json(content["space"], folder)
            content["metric"] = _metric_of(content["metric"])
            for key in ("fidelities", "seeds", "pitfalls", "extra"):
                content[key] = tuple(_list(content.get(key, []), key))
            content["objectives"] = tuple(map(objective_of_json, _list(content.get("objectives", []), "objectives")))
            content["missing"] = {int(epochs): count for epochs, count in content.get("missing", {}).items()}
            return cls(**content)
        except DataError:
            raise
        except EquipoiseError as error:
            raise DataError(f"table header: {error}") from error
        except (TypeError, ValueError, AttributeError, OverflowError, RecursionError) as error:
            raise DataError(f"table header: a value is of the wrong kind ({reason_of(error)})") from error


_METRIC_KEYS = ("name", "unit", "offset", "slope")


_TEXTS = ("name", "source", "licence", "validation", "test", "cost", "digest", "citation")


def _check_kinds(header: TableHeader) -> None:
    for name in _TEXTS:
        if not isinstance(getattr(header, name), str | None):
            raise DataError(f"table header: {name} = {getattr(header, name)!r} is not a string")
    for name in ("surrogate", "rises_with_training"):
        if not isinstance(getattr(header, name), bool):
            raise DataError(f"table header: {name} = {getattr(header, name)!r} is neither true nor false")
    penalty: object = header.penalty
    if isinstance(penalty, bool) or not isinstance(penalty, int | float) or not isfinite(penalty):
        raise DataError(f"table header: penalty = {header.penalty!r} is not a number")


def _check_metric(metric: Metric) -> None:
    if not isfinite(metric.slope) or metric.slope == 0:
        raise DataError(f"table header: metric '{metric.name}' has slope {metric.slope}; accepted: finite, not 0")
    known = "maximise" if metric.name.lower() in MAXIMISED else "minimise" if metric.name.lower() in MINIMISED else None
    ours = "maximise" if metric.maximise else "minimise"
    if known is not None and known != ours:
        raise DataError(
            f"table header: wrong direction: {metric.name} is to {known}, but slope = {metric.slope:g} says {ours} "
            "(shown value = offset + slope * error, and smaller errors are better)"
        )


def _check_levels(header: TableHeader) -> None:
    levels = header.fidelities
    if not _whole(levels) or list(levels) != sorted(set(levels)) or min(levels, default=1) < 1:
        raise DataError(f"table header: fidelities = {list(levels)} are not ascending numbers of epochs")
    if max(levels, default=1) > MOST_EPOCHS:
        raise DataError(f"table header: fidelities up to {max(levels):.3g} epochs; accepted are {MOST_EPOCHS}")
    if not _whole(header.seeds) or len(set(header.seeds)) != len(header.seeds) or _beyond(header.seeds):
        raise DataError(f"table header: seeds = {list(header.seeds)} are not distinct whole numbers")
    for epochs in header.missing:
        if epochs not in levels:
            raise DataError(f"table header: missing names fidelity {epochs}, which is none of {list(levels)}")
    if header.coverage != "sample" and levels and levels[-1] in header.missing:
        raise DataError(
            f"table header: cells are missing at full training ({levels[-1]} epochs): say coverage = 'closed' to "
            "restrict the task to the stored architectures, or 'sample'"
        )


def _beyond(values: tuple[int, ...]) -> bool:
    """Whether one does not fit into 64 bits."""
    return any(not -(2**63) <= value < 2**63 for value in values)


def _whole(values: tuple[object, ...]) -> bool:
    return all(isinstance(value, int) and not isinstance(value, bool) for value in values)


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise DataError(f"table header: {where} = {value!r} is not a list")
    return value


def _metric_of(value: Any) -> Metric:
    if not isinstance(value, dict):
        raise DataError(f"table header: metric = {value!r} is not an object")
    for key in value:
        if key not in (*_METRIC_KEYS, "direction"):
            raise DataError(f"table header: metric: unknown key '{key}'; {nearest(key, (*_METRIC_KEYS, 'direction'))}")
    for key in ("name", "direction", "slope"):
        if key not in value:
            raise DataError(f"table header: metric: '{key}' is missing")
    metric = Metric(
        str(value["name"]), str(value.get("unit", "")), float(value.get("offset", 0.0)), float(value["slope"])
    )
    if value["direction"] not in ("maximise", "minimise"):
        raise DataError(f"table header: metric: direction = {value['direction']!r}; accepted: maximise, minimise")
    if (value["direction"] == "maximise") != metric.maximise:
        raise DataError(
            f"table header: wrong direction: metric '{metric.name}' says {value['direction']}, but slope = "
            f"{metric.slope:g} says the other (shown value = offset + slope * error, and smaller errors are better)"
        )
    return metric
