"""Runs in progress, read from their journals: how far live training is, and what it has found."""

from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from equipoise.harness.core.files import parse_json
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.task import Task
from equipoise.harness.engine.session import Plan

__all__ = ["LiveRun", "LiveRuns"]


@dataclass
class LiveRun:
    """One run in progress, as far as its journal tells.

    Attributes:
        spec: What runs.
        task: What it trains on.
        evaluations: Architectures trained.
        epochs: Their training epochs.
        seconds: Their cost.
        best: Fidelity and validation error of the incumbent; None before the first.
    """

    spec: RunSpec
    task: Task
    evaluations: int = 0
    epochs: int = 0
    seconds: float = 0.0
    best: tuple[int, float] | None = None
    _read: int = field(default=0, repr=False)

    def follow(self, path: Path) -> None:
        """Reads what has been written since the last time; a line that is half written waits."""
        with path.open("rb") as file:
            file.seek(self._read)
            lines, newline, _ = file.read().rpartition(b"\n")
        self._read += len(lines) + len(newline)
        for line in lines.splitlines():
            with suppress(ValueError, TypeError):  # the run itself says what is wrong with a damaged line
                _, fidelity, error, seconds, *_ = parse_json(line[line.index(b"[") :])
                self._add(fidelity, error, seconds)

    def _add(self, fidelity: int | None, error: float, seconds: float) -> None:
        epochs = self._longest if fidelity is None else fidelity
        self.evaluations += 1
        self.epochs += epochs
        self.seconds += seconds
        if self.best is None or (-epochs, error) < (-self.best[0], self.best[1]):
            self.best = epochs, error

    @property
    def _longest(self) -> int:
        return self.task.info.fidelities[-1] if self.task.info.fidelities else 0

    @property
    def fraction(self) -> float:
        """The part of the budget that is spent."""
        budget = self.spec.budget
        spent = {"queries": self.evaluations, "epochs": self.epochs, "cost_seconds": self.seconds}[budget.unit]
        return min(1.0, spent / budget.limit)

    def __str__(self) -> str:
        """The run in one line."""
        metric, found = self.task.info.metric, ""
        if self.best is not None:
            found = f", incumbent {metric.name} {metric.show(self.best[1]):.2f} {metric.unit}".rstrip()
            found += f" after {self.best[0]} epochs" if self.best[0] else ""
        epochs = f", {self.epochs:,} epochs" if self.epochs else ""
        return (
            f"{self.spec.label} on {self.spec.task}, repeat {self.spec.repeat}: {self.evaluations:,} trained{epochs}, "
            f"{self.fraction:.0%} of the budget{found}"
        )


class LiveRuns:
    """Those runs of a plan that keep a journal: runs of a second and more on tasks that train.

    Args:
        plan: What is being executed.
    """

    def __init__(self, plan: Plan) -> None:
        self._plan = plan
        self._known: dict[str, LiveRun] = {}

    def __iter__(self) -> Iterator[LiveRun]:
        """The runs that have a journal now, read up to its end."""
        for path in sorted((self._plan.folder / "journal").glob("*.jsonl")):
            run = self._known.get(path.stem) or self._open(path.stem)
            if run is not None:
                try:
                    run.follow(path)
                except FileNotFoundError:  # it has just ended
                    continue
                yield run

    def _open(self, run_id: str) -> LiveRun | None:
        spec = self._specs.get(run_id)
        if spec is not None:
            self._known[run_id] = LiveRun(spec, self._task(spec))
        return self._known.get(run_id)

    def _task(self, spec: RunSpec) -> Task:
        return load_task(spec.task_address, spec.protocol.noise)

    @cached_property
    def _specs(self) -> dict[str, RunSpec]:
        return {spec.run_id: spec for spec in self._plan.suite.runs()}
