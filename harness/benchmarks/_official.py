"""Benchmarks that an official archive is imported for, and the import."""

from abc import abstractmethod
from collections.abc import Iterator, Mapping
from contextlib import ExitStack
from pathlib import Path
from typing import Any, ClassVar

from equipoise.harness.benchmarks._open_table import CURVE, PlacedTables
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.registry import benchmarks
from equipoise.harness.core.task import Benchmark
from equipoise.harness.data.official.record import Record
from equipoise.harness.data.sources import digest_of
from equipoise.harness.tables.header import TableHeader
from equipoise.harness.tables.writer import TableWriter

__all__ = ["CURVE", "Imported", "OfficialTables", "import_archive", "is_archive", "official_benchmarks"]


class Imported(Benchmark):
    """Base of the benchmarks that an official archive is imported for.

    Attributes:
        archive: What to download and where, for the message while it is missing.
        imported: The argument of `equipoise data import`.
    """

    archive: ClassVar[str]
    imported: ClassVar[str]

    def get(self, dataset: str) -> str:
        """The download, and the command that imports it."""
        return f"download {self.archive}, then: equipoise data import {self.imported}"

    @abstractmethod
    def place(self, dataset: str) -> Path:
        """Where the import puts what it makes for a data set."""

    @abstractmethod
    def recognises(self, path: Path) -> bool:
        """Whether this is an archive of this benchmark, as far as its name and its first bytes tell."""

    @abstractmethod
    def take(self, path: Path, curves: bool) -> list[Path]:
        """Imports an archive; what it returns the places of is placed whole and checked, or not at all."""


class OfficialTables(PlacedTables, Imported):
    """Base of the benchmarks whose tables are made of an official archive."""

    def get(self, dataset: str) -> str:
        """The download, and the command that imports it."""
        return Imported.get(self, dataset) + (" --curves" if dataset.endswith(CURVE) else "")

    @abstractmethod
    def records(self, path: Path, curves: bool) -> Iterator[Record]:
        """Reads an archive; every record names the data set it belongs to."""

    @abstractmethod
    def headers(self, path: Path) -> Mapping[str, TableHeader]:
        """The header of the table of each data set that the archive has."""

    def take(self, path: Path, curves: bool) -> list[Path]:
        """Makes the tables of the archive, reading it once and in bounded memory."""
        headers = {
            dataset: header for dataset, header in self.headers(path).items() if curves or not dataset.endswith(CURVE)
        }
        with ExitStack() as stack:
            tables = {
                dataset: (stack.enter_context(TableWriter(self.place(dataset), header)), header.columns[1:])
                for dataset, header in headers.items()
            }
            for record in self.records(path, curves):
                table, columns = tables[record.dataset]
                table.add(record.architecture, **{column: getattr(record, column) for column in columns})
        return [self.place(dataset) for dataset in headers]

    def header_of(self, dataset: str, path: Path, **told: Any) -> TableHeader:
        """A header that says what the benchmark declares; `told` is the rest."""
        if dataset in self.splits:
            validation, test = self.splits[dataset]
            told |= {"validation": validation, "test": test or None}
        return TableHeader(
            name=f"{self.name}/{dataset}",
            space=self.space_of(dataset),
            metric=self.metric,
            source=self.source,
            licence=self.licence,
            citation=self.citation,
            pitfalls=self.pitfalls,
            coverage=self.coverage,
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
        known = "; ".join(f"{benchmark.imported} ({benchmark.name})" for benchmark in official_benchmarks())
        raise DataError(f"{path}: {'no such archive' if path.exists() else 'no such file'}; accepted by name: {known}")
    return benchmark.take(path, curves)


def is_archive(path: Path) -> bool:
    """Whether some benchmark knows such an archive."""
    return _benchmark_of(path) is not None


def official_benchmarks() -> list[Imported]:
    """The benchmarks that an official archive is imported for."""
    return [benchmark for benchmark in benchmarks() if isinstance(benchmark, Imported)]


def _benchmark_of(path: Path) -> Imported | None:
    return next(
        (benchmark for benchmark in official_benchmarks() if path.exists() and benchmark.recognises(path)), None
    )
