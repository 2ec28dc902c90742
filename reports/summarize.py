"""Summaries of one task: from its rows to `TaskResults` with regret on the grid, totals and other ways to count."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task import Metric, Task
from equipoise.reports.derived import derived
from equipoise.reports.incumbents import RunRows, incumbents, lookup, reached, seen_before
from equipoise.reports.random_search import ExactRandomSearch
from equipoise.reports.results import Array, Recount, Runs, Spent, TaskResults
from equipoise.reports.size_bands import given_size, size_bands

__all__ = ["Catalogue", "mean_seconds", "summarize", "training_equivalents"]

SECONDS_POINTS = 120
UNIQUE_POINTS = 70
LARGEST_LANDSCAPE = 2_000_000
LARGEST_CATALOGUE = 1_000_000


class Catalogue:
    """Architectures by their text, each read once for all tasks of a space."""

    def __init__(self) -> None:
        self._known: dict[SearchSpace, dict[str, tuple[Architecture, Architecture | None, Architecture | None]]] = {}
        self._first: dict[SearchSpace, SearchSpace] = {}

    def read(
        self, space: SearchSpace, texts: Sequence[str]
    ) -> list[tuple[Architecture, Architecture | None, Architecture | None]]:
        """Each architecture, its key and its canonical form; no key and no form for an invalid one."""
        space = self._first.setdefault(space, space)  # one of several equal ones: it remembers canonical forms
        known = self._known.setdefault(space, {})
        if len(known) + len(texts) > LARGEST_CATALOGUE:
            known.clear()
        for text in texts:
            if text not in known:
                architecture = space.parse(text)
                valid = space.contains(architecture)
                known[text] = (
                    architecture,
                    space.key(architecture) if valid else None,
                    space.canonical(architecture) if valid else None,
                )
        return [known[text] for text in texts]


class _Values:
    """Errors and keys of the architectures of one task, by their codes in its rows."""

    def __init__(self, task: Task | None, known: bool, texts: Sequence[str], catalogue: Catalogue) -> None:
        self.task, self.known = task, known
        self.key = np.arange(len(texts))
        self.network = np.full(len(texts), -1)
        self.architectures: list[Architecture] = []
        if task is not None:
            read = catalogue.read(task.space, texts)
            self.architectures = [architecture for architecture, _, _ in read]
            self.key = _numbered([key for _, key, _ in read])
            self.network = _numbered([network for _, _, network in read])

    def expected(self, codes: npt.NDArray[np.int64], view: Task | None = None) -> Array | None:
        """Noise-free errors, of a view if one is given; None if the task cannot tell."""
        task = view or self.task
        if task is None or not self.known:
            return None
        values = [task.expected(self.architectures[code]) for code in codes.tolist()]
        return None if any(value is None for value in values) else np.array(values, dtype=np.float64)

    @property
    def told(self) -> bool:
        """Whether the task tells what fully trained architectures are worth, whatever was trained in the run."""
        valid = np.flatnonzero(self.key >= 0)[:1]
        return valid.size > 0 and self.expected(valid) is not None

    def test(self, codes: npt.NDArray[np.int64]) -> Array:
        """Test errors; NaN without a test split."""
        if self.task is None or not self.known:
            return np.full(len(codes), np.nan)
        values = [self.task.reveal(self.architectures[code]) for code in codes.tolist()]
        return np.array([np.nan if value is None else value for value in values], dtype=np.float64)

    def held_out(self, codes: npt.NDArray[np.int64], view: Task) -> Array:
        """Errors under the seed that is held out of a view."""
        return np.array([view.held_out(self.architectures[code]) for code in codes.tolist()], dtype=np.float64)


@dataclass(frozen=True)
class _Judge:
    """Errors by the codes of architectures, and the least of them: regret is the difference."""

    errors: Callable[[npt.NDArray[np.int64]], Array]
    least: float


def _judged(judges: Sequence[_Judge], block: RunRows, columns: npt.NDArray[np.int64], nothing: float) -> Array:
    """Regrets of the architectures at given columns: the judges take turns with the repeats."""
    found = np.full(columns.shape, np.nan)
    for turn, judge in enumerate(judges):
        runs = (block.numbers - 1) % len(judges) == turn
        found[runs] = lookup(columns[runs], block.code[runs], judge.errors, nothing) - judge.least
    return found


def _numbered(forms: Sequence[Architecture | None]) -> npt.NDArray[np.int64]:
    """Equal forms get equal numbers, none gets -1."""
    numbers: dict[Architecture, int] = {}
    found = [-1 if form is None else numbers.setdefault(form, len(numbers)) for form in forms]
    return np.array(found, dtype=np.int64)


def summarize(
    name: str,
    task: Task | None,
    problem: str,
    described: Mapping[str, Any],
    rows: Mapping[str, RunRows],
    own: Mapping[str, Array],
    texts: Sequence[str],
    grid: Array,
    checkpoints: Sequence[int],
    endings: Mapping[str, Array],
    catalogue: Catalogue,
    views: Sequence[Task] = (),
) -> TaskResults:
    """Condenses one task.

    Args:
        name: Of the task.
        task: None if it cannot be loaded here.
        problem: Why its data cannot be read here; empty if it can.
        described: What the manifest says of the task.
        rows: Of each method that has runs.
        own: Of each method, its own training before each row, in training equivalents.
        texts: The distinct architectures, by code.
        grid: g amounts of budget.
        checkpoints: Indices of the grid at which test errors are revealed.
        endings: For each method r x 2: unspent budget, and whether the run ended early.
        catalogue: Remembers architectures from task to task.
        views: The views of the task that the repeats search in turn, each without one training seed; usually none.
    """
    metric = Metric(**described["metric"]) if "metric" in described else task.info.metric if task else Metric.accuracy()
    scale = abs(metric.slope)
    known = task is not None and not problem
    space = None if task is None else task.space
    mean = mean_seconds(task if known else None, rows)
    rows = {label: _with_training_seconds(block, own[label], mean) for label, block in rows.items()}
    values = _Values(task, known, texts, catalogue)
    judged = rows if values.told else _in_full(rows)
    held = {label: incumbents(block) for label, block in judged.items()}
    observed = _observed_tables(judged, len(texts))

    def error_of(codes: npt.NDArray[np.int64]) -> Array:
        expected = values.expected(codes)
        return observed[codes] if expected is None else expected

    optimum = task.optimum() if task is not None and known else None
    landscape = task.landscape() if task is not None and known else None
    best = min((float(np.min(b.error, initial=np.inf)) for b in judged.values()), default=np.nan)
    reference = best if optimum is None else optimum
    penalty = task.info.penalty if task is not None else 1.0
    test_values = _test_values(task, landscape)
    test_optimum = np.nan if test_values is None else float(test_values.min())

    def error_in(view: Task, codes: npt.NDArray[np.int64]) -> Array:
        expected = values.expected(codes, view)
        return error_of(codes) if expected is None else expected

    def least(optimum: float | None) -> float:
        return np.nan if optimum is None else optimum

    judges = [_Judge(partial(error_in, view), least(view.optimum())) for view in views]
    unseen = [_Judge(partial(values.held_out, view=view), least(view.held_out_optimum())) for view in views]

    def regret(block: RunRows, columns: npt.NDArray[np.int64], nothing: float) -> Array:
        return scale * _judged(judges or [_Judge(error_of, reference)], block, columns, nothing)

    seconds_grid = _seconds_grid(rows)
    distinct = _distinct(rows, own, values)
    unique_grid = _unique_grid(distinct, rows)
    runs: dict[str, Runs] = {}
    last: dict[str, list[Architecture]] = {}
    for label, block in rows.items():
        at = reached(np.cumsum(block.charge, axis=1), block.lengths, grid)
        columns = _at(held[label], at)
        shown = columns[:, list(checkpoints)]
        ends = block.code[np.arange(len(columns)), np.maximum(columns[:, -1], 0)]
        last[label] = [values.architectures[code] for code in ends] if known and (columns[:, -1] >= 0).all() else []
        test = scale * (lookup(shown, block.code, values.test, np.nan) - test_optimum)
        by_time = _at(held[label], reached(np.cumsum(block.seconds, axis=1), block.lengths, seconds_grid))
        by_unique = _at(held[label], reached(distinct.get(label, block.charge), block.lengths, unique_grid))
        runs[label] = Runs(
            numbers=block.numbers,
            regret=regret(block, columns, penalty),
            test=test,
            held_out=scale * _judged(unseen, block, shown, np.nan),
            begins=(columns < 0).sum(axis=1),
            seconds_regret=regret(block, by_time, np.nan),
            unique_regret=regret(block, by_unique, penalty),
            spent=_spent(block, own[label], values, endings[label]),
        )
    bands = None if task is None or landscape is None or views else size_bands(task, landscape)
    recounts = {
        unit: Recount(limit, {label: regret(rows[label], column, penalty)[:, 0] for label, column in columns.items()})
        for unit, limit, columns in _recounted(rows, own, held, values, distinct)
    }
    return TaskResults(
        name=name,
        space=described.get("space") or (task.space.name if task else name.partition("/")[0]),
        metric=metric,
        runs=runs,
        recounts=recounts,
        seconds_grid=seconds_grid,
        unique_grid=unique_grid,
        reference=reference,
        exact=optimum is not None,
        baseline=None if landscape is None or views else ExactRandomSearch(landscape),
        test_values=test_values,
        test_optimum=test_optimum,
        own_title=described.get("title") or ("" if task is None else task.info.title),
        floors=_floors(task if known else None, described, scale),
        caveat=_caveat(task, problem, optimum, described, len(views)),
        bands=bands,
        sized={} if bands is None or task is None else given_size(bands, task, last),
        derived={
            label: derived(block, partial(regret, block, nothing=penalty), values.architectures, space)
            for label, block in rows.items()
            if (own[label] > 0)[block.present].mean() > 0.5  # else it trains first, and then judges
        },
    )


def training_equivalents(block: RunRows, each: float) -> Array:
    """The method's own training before each row, r x n, in trainings of a mean architecture.

    Args:
        block: Of one method.
        each: The charge of one such training in the unit of the budget.
    """
    if block.training_charge is None:
        return np.zeros(block.charge.shape)
    return np.where(block.training_charge > 0, block.training_charge / (each or np.nan), 0.0)


def mean_seconds(task: Task | None, rows: Mapping[str, RunRows]) -> float:
    """The mean time of a full training: as the task tells it, or else over those in the rows; NaN if unknown."""
    told = None if task is None else task.mean_cost_seconds
    if told is not None:
        return told
    full = max((int(block.fidelity.max(initial=0)) for block in rows.values()), default=0)
    asked = [block.seconds[(block.status == 0) & (block.fidelity == full)] for block in rows.values()]
    trained = np.concatenate([np.zeros(0), *asked])
    return float(trained.mean()) if trained.size else float("nan")


def _with_training_seconds(block: RunRows, own: Array, seconds: float) -> RunRows:
    """The rows with the time of the method's own training added to the simulated training time."""
    return replace(block, seconds=block.seconds + np.where(own > 0, own * seconds, 0.0)) if own.any() else block


def _in_full(rows: Mapping[str, RunRows]) -> dict[str, RunRows]:
    """Only what was observed after full training counts: a short training says nothing certain of a full one."""
    full = max((int(block.fidelity.max(initial=0)) for block in rows.values()), default=0)
    return {
        label: replace(block, error=np.where(block.fidelity < full, np.inf, block.error))
        for label, block in rows.items()
    }


def _observed_tables(rows: Mapping[str, RunRows], count: int) -> Array:
    """The first observed error of each architecture, for tasks whose data is not at hand."""
    table = np.full(count, np.nan)
    for block in rows.values():
        valid = np.isfinite(block.error)
        codes, errors = block.code[valid], block.error[valid]
        table[codes[::-1]] = errors[::-1]
    return table


def _at(held: npt.NDArray[np.int64], columns: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """The incumbents' columns at given columns; -1 stays -1."""
    return np.where(columns < 0, -1, np.take_along_axis(held, np.maximum(columns, 0), axis=1))


def _test_values(task: Task | None, landscape: Array | None) -> Array | None:
    if task is None or landscape is None or len(landscape) > LARGEST_LANDSCAPE:
        return None
    if (known := task.test_landscape()) is not None:
        return known
    first = next(iter(task.space.enumerate()))
    if task.reveal(first) is None:
        return None
    return np.array([task.reveal(architecture) for architecture in task.space.enumerate()], dtype=np.float64)


def _seconds_grid(rows: Mapping[str, RunRows]) -> Array:
    """From the first answer of the quickest run to the shortest whole run, so that every run spans its end."""
    ends = [np.cumsum(b.seconds, axis=1)[np.arange(len(b.lengths)), b.lengths - 1] for b in rows.values()]
    if not ends or not all(np.isfinite(end).all() and (end > 0).all() for end in ends):
        return np.zeros(0)
    first = min(float(block.seconds[:, 0].min()) for block in rows.values())
    last = min(float(end.min()) for end in ends)
    return np.geomspace(max(first, last / 1e4), last, SECONDS_POINTS) if last > first else np.array([last])


def _distinct(rows: Mapping[str, RunRows], own: Mapping[str, Array], values: _Values) -> dict[str, Array]:
    """Distinct architectures up to each row, r x n by method, own training included.

    Empty where architectures were trained for different numbers of epochs: then they are no unit.
    """
    full = max((int(block.fidelity.max(initial=0)) for block in rows.values()), default=0)
    if not all((block.fidelity[block.present & (block.status != 2)] == full).all() for block in rows.values()):
        return {}
    return {
        label: _running(np.where(block.present & (block.status != 2), values.key[block.code], -1))
        + np.cumsum(own[label], axis=1)
        for label, block in rows.items()
    }


def _unique_grid(distinct: Mapping[str, Array], rows: Mapping[str, RunRows]) -> Array:
    """From one distinct architecture to as many as every run saw; empty where they are no unit, or a run saw none."""
    ends = [a[np.arange(len(a)), rows[label].lengths - 1] for label, a in distinct.items()]
    last = min((float(end.min()) for end in ends), default=0.0)
    return np.unique(np.geomspace(1, last, UNIQUE_POINTS).round()) if last >= 1 and np.isfinite(last) else np.zeros(0)


def _spent(block: RunRows, own: Array, values: _Values, ending: Array) -> Spent:
    present = block.present
    keys = np.where(present & (block.status != 2), values.key[block.code], -1)
    networks = np.where(present & (block.status != 2), values.network[block.code], -1)
    known = values.task is not None
    return Spent(
        proposals=block.lengths.astype(np.float64),
        charge=block.charge.sum(axis=1),
        own_trainings=own.sum(axis=1),
        unique=(~seen_before(keys)).sum(axis=1).astype(np.float64),
        classes=(~seen_before(networks)).sum(axis=1).astype(np.float64)
        if known
        else np.full(len(block.lengths), np.nan),
        duplicates=(block.status == 1).sum(axis=1).astype(np.float64),
        invalid=(block.status == 2).sum(axis=1).astype(np.float64),
        cost_seconds=block.seconds.sum(axis=1),
        overhead_seconds=block.overhead.sum(axis=1),
        unspent=ending[:, 0],
        ended=ending[:, 1],
    )


def _recounted(
    rows: Mapping[str, RunRows],
    own: Mapping[str, Array],
    held: Mapping[str, npt.NDArray[np.int64]],
    values: _Values,
    distinct: Mapping[str, Array],
) -> list[tuple[str, float, dict[str, npt.NDArray[np.int64]]]]:
    """For each other unit: the amount every run reached, and the incumbents' columns there.

    A training that a method did itself counts in every unit, as one architecture, its epochs or its seconds. Where
    architectures were trained for different numbers of epochs they are no unit.
    """
    full = max((int(block.fidelity.max(initial=0)) for block in rows.values()), default=0)
    counted: dict[str, dict[str, Array]] = {"seconds": {}, "seconds_and_overhead": {}}
    if distinct:
        counted["unique"] = dict(distinct)
    if distinct and values.task is not None:
        counted["classes"] = {}
    for label, block in rows.items():
        valid = block.present & (block.status != 2)
        trained = np.cumsum(own[label], axis=1)
        if "classes" in counted:
            counted["classes"][label] = _running(np.where(valid, values.network[block.code], -1)) + trained
        if block.fidelity.any():
            counted.setdefault("epochs", {})[label] = np.cumsum(block.fidelity, axis=1) + trained * full
        counted["seconds"][label] = np.cumsum(block.seconds, axis=1)
        counted["seconds_and_overhead"][label] = np.cumsum(block.seconds + block.overhead, axis=1)
    found = []
    for unit, amounts in counted.items():
        ends = np.array(
            [row[n - 1] for label, a in amounts.items() for row, n in zip(a, rows[label].lengths, strict=True)]
        )
        if not ends.size or not np.isfinite(ends).all() or ends.min() <= 0:
            continue
        limit = float(ends.min())
        columns = {
            label: _at(held[label], reached(a, rows[label].lengths, np.array([limit]))) for label, a in amounts.items()
        }
        found.append((unit, limit, columns))
    return found


def _running(codes: npt.NDArray[np.int64]) -> Array:
    """Counts distinct codes so far, r x n; those below 0 do not count."""
    return np.cumsum(~seen_before(codes), axis=1).astype(np.float64)


def _floors(task: Task | None, described: Mapping[str, Any], scale: float) -> dict[str, float]:
    """The noise floors that the task tells, or else the manifest, in the shown unit."""
    told = described.get("noise_floors", {}) if task is None else task.noise_floors()
    return {name: scale * float(floor) for name, floor in told.items()}


def _caveat(task: Task | None, problem: str, optimum: float | None, described: Mapping[str, Any], views: int) -> str:
    if task is None or problem:
        return (
            f"its data cannot be read on this machine ({problem}), so regret is measured from the best error that any "
            "run observed, by observed errors; test errors, the random-search baseline and isomorphism counts may be "
            "missing"
        )
    if optimum is None:
        return "its optimum is unknown, so regret is measured from the best error that any run observed"
    if "digest" in described and described["digest"] != task.info.data_digest:
        return (
            f"the data on this machine ({task.info.data_digest[:16]}) are not those of the runs "
            f"({described['digest'][:16]}): regret and test errors are looked up in the former"
        )
    if views:
        return (
            f"one of {views} training seeds was held out of each repeat in turn: validation regret is that of the "
            "others, and there is no one random-search baseline"
        )
    return ""
