"""The format of a run file: rows of some runs as a Parquet table, and summaries of the runs in its metadata."""

from collections.abc import Mapping
from dataclasses import dataclass
from math import nan

from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.trajectory import Trajectory

__all__ = ["COLUMNS", "FORMAT", "RUN", "Run", "Summary"]

FORMAT = 2
"""Version of the store, in its manifest. 1 had no ``budget``, no ``training_charge`` and no objectives; it is read
too."""

COLUMNS: Mapping[str, str] = {
    "task": "text",
    "method": "text",
    "budget": "float64",
    "repeat": "int32",
    "query": "int32",
    "architecture": "text",
    "fidelity": "int32",
    "validation_error": "float64",
    "charge": "float64",
    "training_charge": "float64",
    "cost_seconds": "float64",
    "overhead_seconds": "float32",
    "status": "text",
}
"""The columns of a row and their types; texts are stored as dictionaries.

Where a task has further objectives, one ``objective:NAME`` each (float64, NaN for an invalid proposal) follows.
"""

RUN = ("task", "method", "budget", "repeat")
"""The columns that tell one run from another."""


@dataclass(frozen=True)
class Summary:
    """The entry of one run in the metadata of its file.

    Attributes:
        run_id: Hash of its spec.
        task: Name of the task.
        method: Label of the method.
        repeat: Repeat number, from 1.
        queries: Rows.
        unspent: The part of the budget left at the end.
        ended: Why the run ended early; empty if it did not.
        process_seconds: CPU time of the whole run.
        budget: The amount, in the unit of the suite; of a file of format 1, that of the suite (`derive_budgets`)
            in a store with a manifest, else NaN.
        code: Digest of the source of its method (`equipoise.harness.core.method_code`); empty if unknown.
    """

    run_id: str
    task: str
    method: str
    repeat: int
    queries: int
    unspent: float
    ended: str
    process_seconds: float
    budget: float = nan
    code: str = ""


@dataclass(frozen=True)
class Run:
    """A finished run: its specification, its record, and its CPU time."""

    spec: RunSpec
    trajectory: Trajectory
    process_seconds: float
    code: str = ""

    def summary(self) -> Summary:
        """Its entry in the metadata of the file."""
        return Summary(
            self.spec.run_id,
            self.spec.task,
            self.spec.label,
            self.spec.repeat,
            len(self.trajectory),
            self.trajectory.unspent,
            self.trajectory.ended,
            self.process_seconds,
            self.spec.budget.limit,
            self.code,
        )
