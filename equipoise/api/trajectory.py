"""One search as `equipoise.search` returns it: the record of its proposals, the incumbent, regret and a plot."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError
from equipoise.harness.core.html_facts import html_facts
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.space import Architecture
from equipoise.harness.core.task import Task
from equipoise.harness.core.trajectory import Trajectory, objective_columns
from equipoise.harness.core.wording import plural
from equipoise.reports.incumbents import RunRows, incumbents, reached

if TYPE_CHECKING:
    import pandas as pd
    from matplotlib.axes import Axes

__all__ = ["Incumbent", "SearchTrajectory"]

Array = npt.NDArray[np.float64]

STATUSES = {"ok": 0, "duplicate": 1, "invalid": 2}
RANDOM = "random search, exact mean"
UNITS = {"queries": "queries", "epochs": "epochs", "cost_seconds": "simulated training seconds"}


@dataclass(frozen=True)
class Incumbent:
    """The architecture that a search would hand in: the best by validation among those trained longest.

    Attributes:
        architecture: The chosen option of each decision.
        text: The same as the benchmark writes it.
        query: The proposal that found it, from 1.
        fidelity: Epochs it was trained for; None where the task states none.
        validation_error: As the search observed it.
        validation: The same in the unit of the task, for example accuracy in per cent.
        test: What the task reveals of it, in the same unit; None where the source has no separate test split.
        metric: Name and unit of the last two.
    """

    architecture: Architecture
    text: str
    query: int
    fidelity: int | None
    validation_error: float
    validation: float
    test: float | None
    metric: str

    def __str__(self) -> str:
        test = "" if self.test is None else f", test {self.test:.2f}"
        return f"{self.text} (query {self.query}): {self.metric}: validation {self.validation:.2f}{test}"


@dataclass(repr=False)
class SearchTrajectory(Trajectory):
    """The record of one search; its lists have one entry per proposal.

    Attributes:
        spec: What was run: the method with its settings, the task, the budget and the seed.
        task: What answered.
    """

    spec: RunSpec = field(kw_only=True)
    task: Task = field(kw_only=True)

    @property
    def spent(self) -> Array:
        """The budget spent after each proposal, n."""
        return np.cumsum(self.charge, dtype=np.float64)

    @property
    def incumbent(self) -> Incumbent | None:
        """The best architecture found; None if nothing valid was proposed."""
        if not len(self) or (place := int(self._incumbents()[-1])) < 0:
            return None
        architecture, metric = self.architecture[place], self.task.info.metric
        test = self.task.reveal(architecture)
        return Incumbent(
            architecture=architecture,
            text=self.task.space.format(architecture),
            query=place + 1,
            fidelity=self.fidelity[place],
            validation_error=self.validation_error[place],
            validation=metric.show(self.validation_error[place]),
            test=None if test is None else metric.show(test),
            metric=f"{metric.name} [{metric.unit}]" if metric.unit else metric.name,
        )

    def incumbent_values(self) -> Array:
        """The observed validation value of the incumbent after each proposal, n, in the unit of the task."""
        errors = np.array([*self.validation_error, np.nan])[self._incumbents()]
        return np.array([self.task.info.metric.show(error) for error in errors], dtype=np.float64)

    def regret(self, at: Sequence[float] | None = None) -> Array:
        """The incumbent's distance to the optimum, in the unit of the task (points for accuracies), as in the report.

        It is computed from the mean over the training seeds that the benchmark stores, whatever noise the search saw.

        Args:
            at: Amounts of budget spent, for example ``[10, 30, 100]`` queries, ascending; after each proposal if None.

        Raises:
            DataError: The task does not know its optimum.
        """
        optimum = self.task.optimum()
        if optimum is None:
            raise DataError(
                f"{self.task.name} does not know its optimum, so there is no regret; see incumbent_values()"
            )
        held = self._incumbents()
        if at is not None:
            places = reached(self.spent[None], np.array([len(self)]), np.asarray(at, dtype=np.float64))[0]
            held = np.where(places < 0, -1, np.append(held, -1)[places])
        told = {place: self._error(place) for place in np.unique(held).tolist()}
        return abs(self.task.info.metric.slope) * (np.array([told[place] for place in held.tolist()]) - optimum)

    def to_frame(self) -> "pd.DataFrame":
        """One row per proposal, with the columns that the store of a suite has, but for ``budget``: see `spec`."""
        import pandas as pd

        frame = pd.DataFrame(
            {
                "task": self.task.name,
                "method": self.spec.label,
                "repeat": self.spec.repeat,
                "query": np.arange(1, len(self) + 1),
                "architecture": [self.task.space.format(architecture) for architecture in self.architecture],
                "fidelity": pd.Series(self.fidelity, dtype="float64" if None in self.fidelity else "int32"),
                "validation_error": self.validation_error,
                "charge": self.charge,
                "training_charge": self.training_charge,
                "cost_seconds": self.cost_seconds,
                "overhead_seconds": self.overhead_seconds,
                "status": self.status,
                **objective_columns(self.objectives),
            }
        )
        return frame.astype(dict.fromkeys(("task", "method", "architecture", "status"), "category"))

    def plot(self, ax: "Axes | None" = None) -> "Axes":
        """Draws regret against the budget, or the incumbent's value where the optimum is unknown.

        Args:
            ax: Where to draw; a new figure if None.
        """
        if ax is None:
            import matplotlib.pyplot as plt

            _, ax = plt.subplots()
        metric, unit = self.task.info.metric, self.spec.budget.unit
        known = self.task.optimum() is not None
        values = self.regret() if known else self.incumbent_values()
        ax.step(self.spent, values, where="post", label=self.spec.label)
        if known and unit == "queries" and (law := self._random_search()) is not None:
            queries = np.arange(1, max(int(self.spent[-1]), 1) + 1)
            drawn = RANDOM in ax.get_legend_handles_labels()[1]  # on axes that another trajectory has used
            ax.plot(queries, law[: len(queries)], "--", color="grey", label="_" if drawn else RANDOM)
        shown = "points" if known and metric.unit == "%" else metric.unit
        name = f"validation regret, {metric.name}" if known else f"validation {metric.name}"
        ax.set(xlabel=UNITS[unit], ylabel=f"{name} [{shown}]" if shown else name, title=self.task.name)
        if known:
            ax.set_ylim(bottom=0)
        ax.legend()
        return ax

    def __repr__(self) -> str:
        end = f"; ended early: {self.ended}" if self.ended else ""
        return f"<{self._title()}: {plural(len(self), 'proposal')}, {self._best()}{end}>"

    def _repr_html_(self) -> str:
        rows = {
            "proposals": f"{len(self):,}",
            "spent": f"{self.spent[-1] if len(self) else 0:,g} {self.spec.budget.unit}",
        }
        if (best := self.incumbent) is not None:
            rows |= {"incumbent": best.text, "found at query": f"{best.query:,}", "validation": self._best()}
            if best.test is not None:
                rows["test"] = f"{best.test:.2f}"
        if self.ended:
            rows["ended early"] = self.ended
        return html_facts(self._title(), rows)

    def _title(self) -> str:
        return f"{self.spec.label} on {self.task.name}, seed {self.spec.protocol.seed}"

    def _best(self) -> str:
        if (best := self.incumbent) is None:
            return "nothing valid was proposed"
        metric = self.task.info.metric
        value = f"best validation {metric.name} {best.validation:.2f} {metric.unit}".rstrip()
        if self.task.optimum() is None:
            return value
        return f"{value} (regret {self.regret()[-1]:.2f}{' points' if metric.unit == '%' else ''})"

    def _random_search(self) -> Array | None:
        """Expected regret of random search after 1, 2, ... queries; None where the landscape is unknown."""
        from equipoise.reports.random_search import ExactRandomSearch

        landscape = self.task.landscape()
        if landscape is None or not len(self):
            return None
        queries = np.arange(1, min(max(int(self.spent[-1]), 1), len(landscape)) + 1)
        law = ExactRandomSearch(landscape).mean(queries) - float(self.task.optimum() or 0.0)
        return np.asarray(abs(self.task.info.metric.slope) * law)

    def _error(self, place: int) -> float:
        """The error without noise of what was proposed at a place; what was observed if the task cannot tell."""
        if place < 0:
            return self.task.info.penalty
        expected = self.task.expected(self.architecture[place])
        return self.validation_error[place] if expected is None else expected

    def _incumbents(self) -> npt.NDArray[np.int64]:
        """The place of the incumbent after each proposal, n; -1 before the first."""
        status = np.array([STATUSES[status] for status in self.status], dtype=np.int64)
        error = np.where(status == STATUSES["invalid"], np.inf, np.nan_to_num(self.validation_error, nan=np.inf))
        fidelity = np.array([epochs or 0 for epochs in self.fidelity], dtype=np.int64)
        valid = np.flatnonzero(np.isfinite(error))
        if valid.size and self.task.expected(self.architecture[valid[0]]) is None:
            error = np.where(fidelity < fidelity.max(), np.inf, error)  # as in the report: judged in full
        unused: Any = np.zeros((1, len(self)))
        rows = RunRows(
            numbers=np.array([self.spec.repeat]),
            lengths=np.array([len(self)]),
            code=np.arange(len(self))[None],
            error=error[None],
            fidelity=fidelity[None],
            charge=unused,
            seconds=unused,
            overhead=unused,
            status=status[None],
        )
        return np.asarray(incumbents(rows)[0])
