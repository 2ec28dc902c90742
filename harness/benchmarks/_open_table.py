"""Tasks that are made of a table in the open format."""

from abc import abstractmethod
from functools import cached_property
from pathlib import Path
from typing import ClassVar

from equipoise.harness.benchmarks._table import TableTask
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.core.task import Metric, Noise
from equipoise.harness.data.cache import Columns
from equipoise.harness.spaces._stored import StoredSpace
from equipoise.harness.tables.header import Coverage, TableHeader
from equipoise.harness.tables.table import LoadedTable, open_table, peek, tables_folder

__all__ = ["OpenTable", "PlacedTable"]


class OpenTable(TableTask):
    """Base of the tasks whose numbers and description come from a table file: a subclass says where it lies."""

    @property
    @abstractmethod
    def path(self) -> Path:
        """The file."""

    @cached_property
    def header(self) -> TableHeader:
        """The header of the file.

        Raises:
            DataError: The file is missing or has no valid header.
        """
        return peek(self.path)[0]

    @cached_property
    def _table(self) -> LoadedTable:
        if not self.path.is_file():
            raise DataError(self.skip())
        return open_table(self.path)

    def skip(self) -> str | None:
        """The file is missing, or holds a sample; else None."""
        if not self.path.is_file():
            return f"needs {self.path}: no such file"
        if self.header.coverage == "sample":
            return (
                f"{self.path} is a sample of {self.header.space.name}, not a closed table: fit a surrogate to it, or "
                "say coverage = 'closed' to play within the stored architectures"
            )
        return None

    @cached_property
    def data_digest(self) -> str:
        """SHA-256 of the table file."""
        return peek(self.path)[1]

    def columns(self) -> Columns:
        """The columns of the opened table."""
        return self._table.columns

    @cached_property
    def _columns(self) -> Columns:
        return self.columns()

    @property
    def noises(self) -> tuple[Noise, ...]:  # type: ignore[override]
        """``single`` where the table holds several seeds; what a missing table holds is not known."""
        if self.path.is_file() and len(self.header.seeds) < 2:
            return ("mean",)
        return ("mean", "single")

    @cached_property
    def space(self) -> SearchSpace:  # type: ignore[override]
        """The space of the header, restricted to what is stored where it says so."""
        if self.header.coverage == "closed":
            return StoredSpace(self.header.space, self._table.architectures)
        return self.header.space

    @cached_property
    def metric(self) -> Metric:  # type: ignore[override]
        """The metric of the header."""
        return self.header.metric

    @cached_property
    def fidelities(self) -> tuple[int, ...]:  # type: ignore[override]
        """The fidelities that every architecture has; none is known while the file is missing."""
        return self.header.offered_fidelities if self.path.is_file() else ()

    @cached_property
    def penalty(self) -> float:  # type: ignore[override]
        """The penalty of the header."""
        return self.header.penalty

    @cached_property
    def has_cost(self) -> bool:  # type: ignore[override]
        """Whether the header says what `cost_seconds` is."""
        return self.path.is_file() and self.header.cost is not None

    @property
    def source(self) -> str:  # type: ignore[override]
        """The source of the header."""
        return self.header.source

    @property
    def licence(self) -> str:  # type: ignore[override]
        """The licence of the header."""
        return self.header.licence

    @property
    def citation(self) -> str:  # type: ignore[override]
        """The citation of the header."""
        return self.header.citation

    @property
    def validation_split(self) -> str:  # type: ignore[override]
        """What the header calls it; unknown while the table is missing."""
        return self.header.validation if self.path.is_file() else ""

    @property
    def test_split(self) -> str:  # type: ignore[override]
        """What the header calls it."""
        return (self.header.test or "") if self.path.is_file() else ""

    @property
    def surrogate(self) -> bool:  # type: ignore[override]
        """Whether the header says that the values are predictions."""
        return self.path.is_file() and self.header.surrogate

    @cached_property
    def pitfalls(self) -> tuple[str, ...]:  # type: ignore[override]
        """The pitfalls of the header, and what it says of splits."""
        header = self.header
        test = f"'{header.test}'" if header.test else "n/a"
        return (f"The source calls validation '{header.validation}' and test {test}.", *header.pitfalls)


class PlacedTable(OpenTable):
    """Base of the tasks whose table an importer places in `tables_folder()`.

    A subclass is a benchmark: it names itself and its data sets, its `space` and `metric`, source, licence and
    pitfalls, as any task class does, so that it can be listed while the table is missing. What it declares of space and
    metric must agree with the header.

    Attributes:
        coverage: What its table must cover: the ``space``, or a ``sample``, which is no task.
        get: How to get the table, for example ``equipoise data import NATS-tss-v1_0-3ffb9-simple``.
    """

    coverage: ClassVar[Coverage] = "space"
    get: ClassVar[str]

    @property
    def path(self) -> Path:
        """``BENCHMARK-DATASET.parquet`` in `tables_folder()`."""
        return self.place(self.dataset)

    @classmethod
    def place(cls, dataset: str) -> Path:
        """Where an importer puts the table of a data set."""
        return tables_folder() / f"{cls.benchmark}-{dataset.replace('/', '-')}.parquet"

    def skip(self) -> str | None:
        """The command that gets the table, where it is missing."""
        return super().skip() if self.path.is_file() else f"needs {self.path.name}: {self.get}"

    @cached_property
    def header(self) -> TableHeader:
        """The header of the file, after it was compared with what the class declares.

        Raises:
            DataError: It is missing, or is the table of something else.
        """
        if not self.path.is_file():
            raise DataError(self.skip())
        header = peek(self.path)[0]
        for what in ("space", "metric"):
            if getattr(type(self), what) is getattr(OpenTable, what):
                continue
            declared, found = getattr(self, what), getattr(header, what)
            if declared != found:
                raise DataError(f"{self.path}: its {what} is {found!r}, but that of {self.name} is {declared!r}")
            if what == "space" and header.coverage != self.coverage:
                raise DataError(
                    f"{self.path}: covers a {header.coverage} of {header.space.name}; {self.name} must cover a "
                    f"{self.coverage}"
                )
        return header
