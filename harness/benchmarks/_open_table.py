"""Tasks that are made of a table in the open format."""

from abc import abstractmethod
from collections.abc import Mapping
from dataclasses import replace
from functools import partial
from pathlib import Path
from typing import ClassVar

import numpy as np
import numpy.typing as npt

from equipoise.harness.benchmarks._network_sizes import SizeReaders
from equipoise.harness.benchmarks._table import TableTask
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.core.task import Benchmark, Metric, Noise, SurrogateInfo, TaskInfo
from equipoise.harness.data.cache import Columns
from equipoise.harness.spaces._stored import StoredSpace
from equipoise.harness.tables.header import Coverage, TableHeader
from equipoise.harness.tables.table import open_table, peek, tables_folder

__all__ = [
    "CURVE",
    "PlacedTables",
    "columns_of",
    "images_of",
    "space_of",
    "table_file_task",
    "table_info",
    "table_missing",
]

CURVE = "-curve"
"""Ends the names of data sets that hold every epoch of a training; they are imported on request."""


def table_file_task(name: str, path: Path, noise: Noise = "mean") -> TableTask:
    """The task that a table file describes.

    Args:
        name: Of the task.
        path: The file; if it is missing, the task says so.
        noise: See `Task`.

    Raises:
        DataError: The file has no valid header.
        SuiteError: It stores no single seeds.
    """
    info = table_info(name, path)
    return TableTask(
        info,
        partial(space_of, path),
        partial(columns_of, path),
        noise,
        partial(table_missing, path),
        path,
        objectives=_objectives(info, path),
    )


def unknown_info(name: str) -> TaskInfo:
    """The data sheet of a task whose file is missing: all but the name is empty."""
    return TaskInfo(
        name=name,
        source="",
        licence="",
        metric=Metric("error", "", 0.0, 1.0),
        data_digest="",
        has_cost=False,
        is_lookup=True,
        noises=("mean", "single"),
        images=images_of(name),
    )


def images_of(name: str) -> str:
    """The images that a table is of, by its name: those of ``cifar10-curve`` are those of ``cifar10``."""
    return name.partition("/")[2].removesuffix(CURVE)


def table_info(name: str, path: Path) -> TaskInfo:
    """The data sheet that the header of a table file tells; all but the name is empty while the file is missing.

    Raises:
        DataError: The file has no valid header.
    """
    if not path.is_file():
        return unknown_info(name)
    header, digest = peek(path)
    test = f"'{header.test}'" if header.test else "n/a"
    return TaskInfo(
        name=name,
        source=header.source,
        licence=header.licence,
        metric=header.metric,
        data_digest=digest,
        title="" if header.name == name else header.name,
        citation=header.citation,
        validation_split=header.validation,
        test_split=header.test or "",
        pitfalls=(f"The source calls validation '{header.validation}' and test {test}.", *header.pitfalls),
        fidelities=header.offered_fidelities,
        penalty=header.penalty,
        has_cost=header.cost is not None,
        is_lookup=True,
        noises=("mean", "single") if len(header.seeds) > 1 else ("mean",),
        surrogate=SurrogateInfo(None) if header.surrogate else None,
        objectives=header.objectives,
        images=images_of(header.name),
    )


def _objectives(info: TaskInfo, path: Path) -> SizeReaders:
    return {one.name: partial(_objective, path, one.name) for one in info.objectives}


def _objective(path: Path, name: str) -> npt.NDArray[np.float64]:
    return columns_of(path)[f"objective:{name}"]


def table_missing(path: Path) -> str | None:
    """The reason why a table file is no task: it is missing, or holds a sample; else None."""
    if not path.is_file():
        return f"needs {path}: no such file"
    header = peek(path)[0]
    if header.coverage == "sample":
        return (
            f"{path} is a sample of {header.space.name}, not a closed table: fit a surrogate to it, or "
            "say coverage = 'closed' to restrict the task to the stored architectures"
        )
    return None


def space_of(path: Path) -> SearchSpace:
    """The space of the header, restricted to what is stored where the header says so.

    Raises:
        DataError: The file is missing or damaged.
    """
    if not path.is_file():
        raise DataError(table_missing(path))
    header = peek(path)[0]
    return StoredSpace(header.space, open_table(path).architectures) if header.coverage == "closed" else header.space


def columns_of(path: Path) -> Columns:
    """The columns of a table file.

    Raises:
        DataError: The file is missing or damaged.
    """
    return open_table(path).columns


class PlacedTables(Benchmark):
    """Base of the benchmarks whose tables an importer places in `tables_folder()`.

    A subclass declares what is known before a table is here, so that it can be listed. What it declares of space and
    metric must agree with the header.

    Attributes:
        source: Paper and origin of the numbers.
        licence: Of the data.
        citation: BibTeX.
        pitfalls: What a reader of results must know, one sentence each.
        splits: Data set to what the source calls validation and test (empty if it has none); where a data set is not
            among them, the header of its table tells.
        space: Of all data sets; a benchmark with several overrides `space_of`.
        metric: How errors are shown.
        coverage: What its table must cover: the ``space``, or a ``sample``, which is no task.
    """

    source: ClassVar[str]
    licence: ClassVar[str]
    citation: ClassVar[str] = ""
    pitfalls: ClassVar[tuple[str, ...]] = ()
    splits: ClassVar[Mapping[str, tuple[str, str]]] = {}
    space: ClassVar[SearchSpace]
    metric: ClassVar[Metric]
    coverage: ClassVar[Coverage] = "space"

    @abstractmethod
    def get(self, dataset: str) -> str:
        """The way to get the table of a data set, for example ``equipoise data import ARCHIVE``."""

    def space_of(self, dataset: str) -> SearchSpace:
        """The space of a data set."""
        return self.space

    def place(self, dataset: str) -> Path:
        """Where an importer puts the table: ``BENCHMARK-DATASET.parquet`` in `tables_folder()`."""
        return tables_folder() / f"{self.name}-{dataset.replace('/', '-')}.parquet"

    def sizes(self, dataset: str) -> SizeReaders:
        """Functions that give the sizes of the networks of a data set, where they can be counted; none by default."""
        return {}

    def missing(self, dataset: str) -> str | None:
        """The reason why the table is no task here, with the command that gets it where it is missing."""
        path = self.place(dataset)
        return table_missing(path) if path.is_file() else f"needs {path.name}: {self.get(dataset)}"

    def task(self, dataset: str, noise: Noise = "mean", ignore_cache: bool = False) -> TableTask:
        """Makes a task.

        Raises:
            DataError: The table is damaged, or is one of something else.
        """
        path = self.place(dataset)
        return TableTask(
            self.info(dataset),
            self.space_of(dataset),
            partial(columns_of, path),
            noise,
            partial(self.missing, dataset),
            path,
            sizes=self.sizes(dataset),
            objectives=_objectives(table_info(f"{self.name}/{dataset}", path), path),
        )

    def info(self, dataset: str) -> TaskInfo:
        """The data sheet: what is declared, and what the table adds where it is here.

        Raises:
            DataError: The table is damaged, or is one of something else.
        """
        path = self.place(dataset)
        if path.is_file():
            self._compare(peek(path)[0], dataset)
        info = table_info(f"{self.name}/{dataset}", path)
        validation, test = self.splits.get(dataset, (info.validation_split, info.test_split))
        return replace(
            info,
            source=self.source,
            licence=self.licence,
            citation=self.citation,
            pitfalls=self.pitfalls,
            metric=self.metric,
            validation_split=validation,
            test_split=test,
        )

    def _compare(self, header: TableHeader, dataset: str) -> None:
        """Refuses a table that is not the declared one."""
        path, name, space = self.place(dataset), f"{self.name}/{dataset}", self.space_of(dataset)
        for what, found, declared in (("space", header.space, space), ("metric", header.metric, self.metric)):
            if found != declared:
                raise DataError(f"{path}: its {what} is {found!r}, but that of {name} is {declared!r}")
        if header.coverage != self.coverage:
            raise DataError(
                f"{path}: covers a {header.coverage} of {header.space.name}; {name} must cover a {self.coverage}"
            )
