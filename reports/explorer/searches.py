"""The stored runs as the explorer shows them: regret curves of all repeats, and every proposal of a few."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.architecture import Architecture
from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.store.stored_rows import StoredRows
from equipoise.reports.drawing.look import looks
from equipoise.reports.explorer.landscape import Packed, shown_errors
from equipoise.reports.explorer.pack import Block
from equipoise.reports.explorer.points import Points
from equipoise.reports.incumbents import RunRows, incumbents
from equipoise.reports.results import Results, TaskResults
from equipoise.reports.statistics.arrays import Array

__all__ = ["Searches", "methods_of", "pack_searches"]


MOST_PROPOSALS = 120_000
"""Proposals in one page; beyond that, fewer repeats can be replayed."""
READ_AT_ONCE = 1_000_000
"""Proposals up to which a store is read in one go."""
MOST_GRID, SPARSE_GRID, FEW_GRID = 100, 64, 40
"""Up to so many amounts of budget a curve has them all; beyond that so many, or few, evenly spaced by ratio."""
MANY_CURVES = 150
"""A page with more curves at a budget has each at few amounts."""
ROWS = ("task", "method", "budget", "repeat", "query", "architecture", "fidelity", "validation_error", "status")
STATUSES = ("ok", "duplicate", "invalid")


def methods_of(results: Results) -> list[dict[str, Any]]:
    """The methods of a store for JSON, in the order and with the looks of the report."""
    drawn = looks(results.families)
    return [
        {
            "label": method.label,
            "family": method.family,
            "colour": drawn[method.label].colour,
            "dashes": drawn[method.label].dashes,
        }
        for method in results.methods
    ]


@dataclass
class Searches:
    """The runs of a store that can be replayed.

    Args:
        store: The rows.
        results: The same, read for the report, with the smaller budgets.
    """

    store: StoredRows
    results: Results

    def __post_init__(self) -> None:
        """Chooses how many repeats of each method can be replayed."""
        counts = [
            (len(runs.numbers), runs.spent.proposals) for task in self.results.tasks for runs in task.runs.values()
        ]
        self.most = max((count for count, _ in counts), default=0)
        self.repeats = self.most
        while self.repeats > 1 and sum(spent[: self.repeats].sum() for _, spent in counts) > MOST_PROPOSALS:
            self.repeats -= 1
        self._large = sum(summary.queries for summary in self.store.summaries().values()) > READ_AT_ONCE
        self._read: tuple[str | None, Any] = "", None

    def rows(self, task: str, limit: float) -> Any:
        """The proposals of the repeats of a task that can be replayed: a frame, sorted by method, repeat and query."""
        wanted = task if self._large else None
        if self._read[0] != wanted:
            self._read = wanted, self.store.frame(ROWS, wanted)
        frame = self._read[1]
        frame = frame[(frame["task"] == task) & (frame["budget"] == limit)]
        shown = frame.groupby("method", observed=True)["repeat"].rank("dense") <= self.repeats
        return frame[shown].reset_index(drop=True)

    def proposed(self, task: str, space: SearchSpace) -> Iterator[tuple[Architecture, float]]:
        """The architectures that were proposed on a task, and their observed errors; read when they are asked for."""
        found: dict[str, float] = {}
        for results in (self.results, *self.results.smaller):
            frame = self.rows(task, results.limit)
            for text, error in zip(frame["architecture"], frame["validation_error"], strict=True):
                found.setdefault(str(text), float(error))
        for text, error in found.items():
            yield space.parse(text), error


def pack_searches(searches: Searches, results: Results, task: TaskResults, points: Points | None) -> Packed:
    """Packs the runs on one task at one budget.

    Args:
        searches: Those of the store.
        results: Of the budget.
        task: The runs on the task, read for the report.
        points: The architectures that are shown; None where the landscape cannot be read here.
    """
    block = Block()
    grid, curves = _pack_curves(block, searches, results, task)
    floor = next(iter(task.floors.values()), None)
    described: dict[str, Any] = {
        "limit": results.limit,
        "grid": grid,
        "curves": curves,
        "unit": task.unit,
        "reference": "the optimum" if task.exact else "the best that any run found",
        "floor": floor,
        "random": None,
        "replays": [] if points is None else _pack_replays(block, searches, results, points),
    }
    if results.unit == "queries" and (expected := task.random_regret(np.array(grid))) is not None:
        described["random"] = block.add(expected, "f4")
    return Packed(described, block.text())


def _pack_curves(
    block: Block, searches: Searches, results: Results, task: TaskResults
) -> tuple[list[float], list[dict[str, Any]]]:
    """The grid, and per method its number of runs and statistics of regret along the grid.

    A curve that begins the method's curve at the largest budget has the number of its points alone.
    """
    whole = searches.results
    longer = next((one for one in whole.tasks if one.name == task.name), None) if results is not whole else None
    many = len(whole.tasks) * len(whole.labels) > MANY_CURVES
    places, shared = _places(results, task, many), {}
    if longer is not None and longer.runs and results.unit == "queries":
        wanted = whole.grid[_places(whole, longer, many)]
        places = np.unique([*np.searchsorted(results.grid, wanted[wanted < results.limit]), len(results.grid) - 1])
        if wanted[: len(places)].tolist() == results.grid[places].tolist():
            shared = _statistics(whole, longer, np.searchsorted(whole.grid, wanted[: len(places)]))
    curves = []
    for label, (runs, statistics) in _statistics(results, task, places).items():
        same = label in shared and shared[label][0] == runs
        same = same and all(np.array_equal(shared[label][1][k], v, equal_nan=True) for k, v in statistics.items())
        packed = {"first": len(places)} if same else {name: block.add(v, "f4") for name, v in statistics.items()}
        curves.append({"method": whole.labels.index(label), "runs": runs, **packed})
    return results.grid[places].tolist(), curves


def _places(results: Results, task: TaskResults, many: bool) -> npt.NDArray[np.int64]:
    """The places in the grid of the results at which the page has curves; the smaller budgets are among them."""
    last, first = len(results.grid) - 1, min(int(runs.begins.min()) for runs in task.runs.values())
    places = np.arange(last + 1)
    if last >= MOST_GRID:
        amounts = np.geomspace(results.grid[0], results.limit, FEW_GRID if many else SPARSE_GRID)
        amounts = np.concatenate([amounts, [smaller.limit for smaller in results.smaller]])
        places = np.unique(np.searchsorted(results.grid, amounts).clip(0, last))
    if results.unit != "queries":  # before that, nothing had been trained to the end
        places = places[places >= min(first, last)]
    return places


def _statistics(
    results: Results, task: TaskResults, places: npt.NDArray[np.int64]
) -> dict[str, tuple[int, dict[str, Array]]]:
    """Runs, and mean, standard deviation and quartiles of their regret at some places of the grid, by label."""
    found = {}
    for label in (label for label in results.labels if label in task.runs):
        runs = task.runs[label]
        begun = (results.unit == "queries") | (places >= runs.begins[:, None])
        regret = np.where(begun & np.isfinite(runs.regret[:, places]), runs.regret[:, places], np.nan)
        complete = np.isfinite(regret).all(axis=0)
        quartiles = np.full((3, len(places)), np.nan)
        quartiles[:, complete] = np.quantile(regret[:, complete], [0.25, 0.5, 0.75], axis=0)
        spread = regret.std(axis=0, ddof=1) if len(regret) > 1 else np.full(len(places), np.nan)
        statistics = {"mean": regret.mean(axis=0), "sd": spread}
        found[label] = len(regret), statistics | dict(zip(("q25", "q50", "q75"), quartiles, strict=True))
    return found


def _pack_replays(block: Block, searches: Searches, results: Results, points: Points) -> list[dict[str, Any]]:
    """Every proposal of the runs that can be replayed: its point, status, observed error, and the incumbent.

    A run that begins the same repeat's run at the largest budget has the number of its proposals alone.
    """
    frame, labels = searches.rows(points.task.name, results.limit), searches.results.labels
    longer = _longer(searches, results, points.task.name)
    metric, space = points.task.info.metric, points.task.space
    numbers: dict[str, int] = {}
    for text in frame["architecture"].unique():
        try:
            numbers[str(text)] = points.number(space.parse(str(text)))
        except SpaceError:
            numbers[str(text)] = -1
    replays = []
    for (label, repeat), run in frame.groupby(["method", "repeat"], observed=True, sort=False):
        whole = longer.get((label, repeat))
        if whole is not None and _same(run, whole.head(len(run))):
            replays.append({"method": labels.index(str(label)), "repeat": int(repeat), "first": len(run)})
            continue
        status = np.array([STATUSES.index(word) for word in run["status"]])
        place = np.array([numbers[str(text)] for text in run["architecture"]])
        error = np.where(status == STATUSES.index("invalid"), np.inf, run["validation_error"].to_numpy(np.float64))
        fidelity = np.nan_to_num(run["fidelity"].to_numpy(np.float64)).astype(np.int64)
        replay: dict[str, Any] = {
            "method": labels.index(str(label)),
            "repeat": int(repeat),
            "points": block.add_codes(np.where(place < 0, len(points.architectures), place)),
            "status": block.add_codes(status),
            "incumbents": block.add_codes(_incumbents(error, fidelity) + 1),
        }
        known = np.where(place < 0, np.inf, points.errors[np.maximum(place, 0)])
        if not np.allclose(np.where(np.isfinite(error), known, np.inf), error, rtol=0, atol=1e-9):
            replay["observed"] = block.add(np.where(np.isfinite(error), shown_errors(metric, error), np.nan), "f4")
        if np.ptp(fidelity) > 0:
            replay["fidelity"] = block.add_codes(fidelity)
        replays.append(replay)
    return replays


def _longer(searches: Searches, results: Results, task: str) -> dict[Any, Any]:
    """The runs at the largest budget by method and repeat; empty at that budget itself."""
    if results.limit == searches.results.limit:
        return {}
    frame = searches.rows(task, searches.results.limit)
    return dict(iter(frame.groupby(["method", "repeat"], observed=True, sort=False)))


def _same(run: Any, beginning: Any) -> bool:
    columns = ["architecture", "fidelity", "validation_error", "status"]
    return bool(run[columns].reset_index(drop=True).equals(beginning[columns].reset_index(drop=True)))


def _incumbents(error: Array, fidelity: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The place of the incumbent of one run after each proposal; -1 for none."""
    nothing = np.zeros((1, len(error)))
    whole = nothing.astype(np.int64)
    rows = RunRows(
        whole[:, 0], whole[:, 0] + len(error), whole, error[None], fidelity[None], nothing, nothing, nothing, whole
    )
    found: npt.NDArray[np.int64] = incumbents(rows)[0]
    return found
