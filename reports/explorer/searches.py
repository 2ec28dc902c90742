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

__all__ = ["Searches", "methods_of", "pack_searches"]

Array = npt.NDArray[np.float64]

MOST_PROPOSALS = 120_000
"""Proposals in one page; beyond that, fewer repeats can be replayed."""
MOST_GRID, SPARSE_GRID = 100, 64
"""Up to so many amounts of budget a curve has them all; beyond that so many, evenly spaced by ratio."""
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
        results: The same, read for the report.
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
        self._whole: Any = None

    def rows(self, task: str) -> Any:
        """The proposals of the repeats of a task that can be replayed: a frame, sorted by method, repeat and query."""
        if self._whole is None:
            self._whole = self.store.frame(ROWS)
        frame = self._whole[(self._whole["task"] == task) & (self._whole["budget"] == self.results.limit)]
        shown = frame.groupby("method", observed=True)["repeat"].rank("dense") <= self.repeats
        return frame[shown].reset_index(drop=True)

    def proposed(self, task: str, space: SearchSpace) -> Iterator[tuple[Architecture, float]]:
        """The architectures that were proposed on a task, and their observed errors; read when they are asked for."""
        found: dict[str, float] = {}
        frame = self.rows(task)
        for text, error in zip(frame["architecture"], frame["validation_error"], strict=True):
            found.setdefault(str(text), float(error))
        for text, error in found.items():
            yield space.parse(text), error


def pack_searches(searches: Searches, task: TaskResults, points: Points | None) -> Packed:
    """Packs the runs on one task.

    Args:
        searches: Those of the store.
        task: The runs on the task, read for the report.
        points: The architectures that are shown; None where the landscape cannot be read here.
    """
    block, results = Block(), searches.results
    grid, curves = _pack_curves(block, results, task)
    floor = next(iter(task.floors.values()), None)
    described: dict[str, Any] = {
        "grid": grid,
        "curves": curves,
        "unit": task.unit,
        "reference": "the optimum" if task.exact else "the best that any run found",
        "floor": floor,
        "random": None,
        "replays": [] if points is None else _pack_replays(block, searches, points),
    }
    if results.unit == "queries" and (expected := task.random_regret(np.array(grid))) is not None:
        described["random"] = block.add(expected, "f4")
    return Packed(described, block.text())


def _pack_curves(block: Block, results: Results, task: TaskResults) -> tuple[list[float], list[dict[str, Any]]]:
    """The grid, and per method its number of runs and statistics of regret along the grid."""
    last, first = len(results.grid) - 1, min(int(runs.begins.min()) for runs in task.runs.values())
    places = np.arange(last + 1)
    if last >= MOST_GRID:
        amounts = np.geomspace(results.grid[0], results.limit, SPARSE_GRID)
        places = np.unique(np.searchsorted(results.grid, amounts).clip(0, last))
    if results.unit != "queries":  # before that, nothing had been trained to the end
        places = places[places >= min(first, last)]
    curves = []
    for number, label in enumerate(results.labels):
        if label not in task.runs:
            continue
        runs = task.runs[label]
        begun = (results.unit == "queries") | (places >= runs.begins[:, None])
        regret = np.where(begun & np.isfinite(runs.regret[:, places]), runs.regret[:, places], np.nan)
        complete = np.isfinite(regret).all(axis=0)
        quartiles = np.full((3, len(places)), np.nan)
        quartiles[:, complete] = np.quantile(regret[:, complete], [0.25, 0.5, 0.75], axis=0)
        spread = regret.std(axis=0, ddof=1) if len(regret) > 1 else np.full(len(places), np.nan)
        statistics = {"mean": regret.mean(axis=0), "sd": spread}
        statistics |= dict(zip(("q25", "q50", "q75"), quartiles, strict=True))
        packed = {name: block.add(values, "f4") for name, values in statistics.items()}
        curves.append({"method": number, "runs": len(regret), **packed})
    return results.grid[places].tolist(), curves


def _pack_replays(block: Block, searches: Searches, points: Points) -> list[dict[str, Any]]:
    """Every proposal of the runs that can be replayed: its point, status, observed error, and the incumbent."""
    frame, labels = searches.rows(points.task.name), searches.results.labels
    metric, space = points.task.info.metric, points.task.space
    numbers: dict[str, int] = {}
    for text in frame["architecture"].unique():
        try:
            numbers[str(text)] = points.number(space.parse(str(text)))
        except SpaceError:
            numbers[str(text)] = -1
    replays = []
    for (label, repeat), run in frame.groupby(["method", "repeat"], observed=True, sort=False):
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


def _incumbents(error: Array, fidelity: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The place of the incumbent of one run after each proposal; -1 for none."""
    nothing = np.zeros((1, len(error)))
    whole = nothing.astype(np.int64)
    rows = RunRows(
        whole[:, 0], whole[:, 0] + len(error), whole, error[None], fidelity[None], nothing, nothing, nothing, whole
    )
    found: npt.NDArray[np.int64] = incumbents(rows)[0]
    return found
