"""Tasks that an official archive is imported for, and the import."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

from equipoise.harness.benchmarks._open_table import PlacedTable
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.registry import benchmarks
from equipoise.harness.core.task import Task
from equipoise.harness.data.official.record import Record
from equipoise.harness.data.sources import digest_of
from equipoise.harness.tables.header import TableHeader
from equipoise.harness.tables.writer import TableWriter

__all__ = ["CURVE", "Archived", "OfficialTable", "import_archive", "is_archive", "official_benchmarks"]

CURVE = "-curve"
"""Ends the names of data sets that hold every epoch of a training; they are imported on request."""


class Archived(Task):
    """Base of the benchmarks that an official archive is imported for.

    Attributes:
        archive: What to download and where, for the message while it is missing.
        imported: What `equipoise data import` is to be called with.
    """

    archive: ClassVar[str]
    imported: ClassVar[str]

    @property
    def get(self) -> str:
        """What to download, and the command that imports it."""
        return f"download {self.archive}, then: equipoise data import {self.imported}"

    @classmethod
    @abstractmethod
    def place(cls, dataset: str) -> Path:
        """Where the import puts what it makes for a data set."""

    @classmethod
    @abstractmethod
    def recognises(cls, path: Path) -> bool:
        """Whether this is an archive of this benchmark, as far as its name and its first bytes tell."""

    @classmethod
    @abstractmethod
    def take(cls, path: Path, curves: bool) -> list[Path]:
        """Imports an archive; what it returns the places of is placed whole and checked, or not at all."""


class OfficialTable(PlacedTable, Archived):
    """Base of the benchmarks whose table is made of an official archive.

    Attributes:
        splits: Data set to what the source calls validation and test (empty if it has none): known before the table is
            here, and written into its header.
    """

    splits: ClassVar[Mapping[str, tuple[str, str]]] = {}
    citation: ClassVar[str] = ""  # of the class, so that it is there before the table is
    pitfalls: ClassVar[tuple[str, ...]] = ()

    @property
    def get(self) -> str:  # type: ignore[override]
        """What to download, and the command that imports it."""
        return super(PlacedTable, self).get + (" --curves" if self.dataset.endswith(CURVE) else "")

    @property
    def validation_split(self) -> str:  # type: ignore[override]
        """What the source calls it."""
        return self.splits[self.dataset][0] if self.dataset in self.splits else super().validation_split

    @property
    def test_split(self) -> str:  # type: ignore[override]
        """What the source calls it."""
        return self.splits[self.dataset][1] if self.dataset in self.splits else super().test_split

    @classmethod
    @abstractmethod
    def records(cls, path: Path, curves: bool) -> Iterator[Record]:
        """Reads an archive; every record names the data set it belongs to."""

    @classmethod
    @abstractmethod
    def headers(cls, path: Path) -> Mapping[str, TableHeader]:
        """The header of the table of each data set that the archive has."""

    @classmethod
    def take(cls, path: Path, curves: bool) -> list[Path]:
        """Makes the tables of the archive, reading it once and in bounded memory."""
        headers = {
            dataset: header for dataset, header in cls.headers(path).items() if curves or not dataset.endswith(CURVE)
        }
        with ExitStack() as stack:
            tables = {
                dataset: (stack.enter_context(TableWriter(cls.place(dataset), header)), header.columns[1:])
                for dataset, header in headers.items()
            }
            for record in cls.records(path, curves):
                table, columns = tables[record.dataset]
                table.add(record.architecture, **{column: getattr(record, column) for column in columns})
        return [cls.place(dataset) for dataset in headers]

    @classmethod
    def header_of(cls, dataset: str, path: Path, **told: Any) -> TableHeader:
        """A header that says of the benchmark what its class says; `told` is the rest."""
        told.setdefault("space", cls.space)
        if dataset in cls.splits:
            validation, test = cls.splits[dataset]
            told |= {"validation": validation, "test": test or None}
        return TableHeader(
            name=f"{cls.benchmark}/{dataset}",
            metric=cls.metric,  # type: ignore[arg-type]
            source=cls.source,  # type: ignore[arg-type]
            licence=cls.licence,  # type: ignore[arg-type]
            citation=cls.citation,
            pitfalls=cls.pitfalls,
            digest=digest_of(path) if path.is_file() else "",
            **told,
        )


def import_archive(path: Path, curves: bool = False) -> list[Path]:
    """Imports an official archive for the benchmark that knows it.

    Args:
        path: The file or folder, as it was downloaded.
        curves: Also make the tables with every epoch of a training.

    Returns:
        What was made; each is placed when it is whole and checked, or not at all.

    Raises:
        DataError: No benchmark knows such an archive, or it is damaged or incomplete.
    """
    benchmark = _benchmark_of(path)
    if benchmark is None:
        known = "; ".join(f"{benchmark.imported} ({benchmark.benchmark})" for benchmark in official_benchmarks())
        raise DataError(f"{path}: {'no such archive' if path.exists() else 'no such file'}; accepted by name: {known}")
    return benchmark.take(path, curves)


def is_archive(path: Path) -> bool:
    """Whether some benchmark knows such an archive."""
    return _benchmark_of(path) is not None


def official_benchmarks() -> list[type[Archived]]:
    """The benchmarks that an official archive is imported for."""
    return [benchmark for benchmark in benchmarks() if issubclass(benchmark, Archived)]


def _benchmark_of(path: Path) -> type[Archived] | None:
    return next(
        (benchmark for benchmark in official_benchmarks() if path.exists() and benchmark.recognises(path)), None
    )
