"""Checks the entries of an archive: files, values, code, and whether a sample of the runs repeats.

What executes code of an entry does so in a process apart (`equipoise.harness.archive.apart`).
"""

import os
from collections import Counter
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from equipoise.harness.archive.apart import reasons_apart
from equipoise.harness.archive.index import Archive, Listed, damage_of
from equipoise.harness.conformance import failures_of
from equipoise.harness.core.errors import EquipoiseError, StoreError, SuiteError, reason_of
from equipoise.harness.core.method_code import code_of
from equipoise.harness.core.registry import load_method, load_task, missing_packages
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.suite_entries import MethodEntry
from equipoise.harness.core.task import Evaluation, Task
from equipoise.harness.engine.limits import Limits
from equipoise.harness.engine.verify import verify_runs
from equipoise.harness.store.entry import Entry

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["LIMITS", "Verdict", "check", "reasons_of", "runnable"]

LIMITS = Limits(seconds=3600.0, memory=8_000_000_000)

Say = Callable[[str], None]


@dataclass(frozen=True)
class Verdict:
    """The outcome for one entry.

    Attributes:
        name: Of the entry.
        damaged: Why it cannot be used; None if it can.
        reasons: Why it is not verified; empty if it is.
    """

    name: str
    damaged: str | None = None
    reasons: tuple[str, ...] = ()

    def __str__(self) -> str:
        """The verdict in one line."""
        if self.damaged is not None:
            return f"{self.name}: DAMAGED: {self.damaged}"
        return f"{self.name}: UNVERIFIED: {'; '.join(self.reasons)}" if self.reasons else f"{self.name}: verified"


def check(
    archive: Archive, names: Sequence[str], sample: int, say: Say, mark: bool = False, limits: Limits = LIMITS
) -> list[Verdict]:
    """Checks entries of an archive that is a folder. The code in the entries is executed, in a process apart.

    What does not repeat is unverified, not refused; only a damaged entry cannot be used.

    Args:
        archive: The archive.
        names: Of entries; all if empty.
        sample: Runs of each entry that are executed again.
        say: Takes the lines.
        mark: Whether to write the verdicts into the index.
        limits: Of the process, per entry.

    Raises:
        StoreError: The archive is not a folder, or has no entry of that name.
        SuiteError: Nothing can be checked with that sample or within those limits.
    """
    given = ("--sample", sample), ("--seconds", limits.seconds), ("--memory", limits.memory)
    for option, value in given:  # none may become a verdict
        if value is not None and not value > 0:
            raise SuiteError(f"archive check: {option} {value:g} is not a positive number")
    if archive.folder is None:
        raise StoreError(f"{archive.location}: only an archive that is a folder can be checked; clone or download it")
    folder, verdicts = archive.folder, list[Verdict]()
    for listed in [archive.entry(name) for name in names or archive.entries]:
        verdict = _checked(folder, listed, sample, say, limits)
        say(str(verdict))
        verdicts.append(verdict)
        if mark and verdict.damaged is None:
            archive = archive.with_entry(
                replace(listed, verified=not verdict.reasons, remark="; ".join(verdict.reasons))
            )
    if mark:
        archive.write()
    return verdicts


def runnable(suite: Suite, say: Say) -> Suite:
    """The suite without the methods whose packages are missing here."""
    kept = []
    for method in suite.methods:
        missing = missing_packages(load_method(suite.address(method.name)))
        if missing is None:
            kept.append(method)
        else:
            say(f"skipped: {method.label}: it {missing}")
    return replace(suite, methods=tuple(kept))


def _checked(archive: Path, listed: Listed, sample: int, say: Say, limits: Limits) -> Verdict:
    if (damage := damage_of(archive / listed.name, listed)) is not None:
        return Verdict(listed.name, damage)
    try:
        Entry(archive / listed.name).summaries()
    except EquipoiseError as error:
        return Verdict(listed.name, str(error))
    return Verdict(listed.name, None, tuple(reasons_apart(archive, listed.name, sample, say, limits)))


def reasons_of(folder: Path, sample: int, say: Say) -> list[str]:
    """Gives the reasons why an entry is not verified, none if it is. Its code is executed in this process.

    Args:
        folder: The entry.
        sample: Runs that are executed again.
        say: Takes the lines.
    """
    entry = Entry(folder)
    reasons = [*_values(entry), *_budget(entry)]
    methods = []
    for method in entry.suite.methods:
        found = _code(entry, method, folder, say)
        reasons += found
        methods += [] if found else [method]
    if methods:
        reasons += _repeats(entry, replace(entry.suite, methods=tuple(methods)), sample, say)
    return reasons


def _values(entry: Entry) -> list[str]:
    """Values that the tables do not hold: legitimate only where answers are noisy, or a training seed is held out.

    Seconds are compared where every proposal costs in full.
    """
    rules = entry.suite.protocol
    if rules.noise != "mean" or rules.seeds != "all":
        return []
    departing = {column: set(entry.departures(column)) for column in ("validation_error", "cost_seconds")}
    found, labels = Counter[str](), {method.label: entry.suite.rules_of(method) for method in entry.suite.methods}
    try:
        for run_id, rows in entry.rows_of(set.union(*departing.values())):
            rules = labels[entry.summaries()[run_id].method]
            known_in_full = rules.duplicates == "charge" and rules.isomorphism != "all"
            in_full = known_in_full and not rules.continue_training  # else what is known costs less
            task = load_task(entry.suite.address(entry.summaries()[run_id].task))
            if not task.info.is_lookup:  # there is no table
                continue
            told = _told(task, rows)
            for column in ("validation_error", "cost_seconds") if in_full else ("validation_error",):
                same = np.array_equal(rows[column].to_numpy(np.float64), told[column], equal_nan=True)
                found[column] += run_id in departing[column] and not same
    except EquipoiseError as error:
        return [f"values cannot be looked up ({error})"]
    return [f"{count} runs hold values of {column} that the tables do not" for column, count in found.items() if count]


def _told(task: Task, rows: "pd.DataFrame") -> dict[str, list[float]]:
    """The errors and seconds of rows of one task as its table tells them, at their epochs; -1 where it has none."""
    rng = np.random.default_rng(0)
    found: dict[str, list[float]] = {"validation_error": [], "cost_seconds": []}
    for text, fidelity in zip(rows["architecture"], rows["fidelity"], strict=True):
        architecture, epochs = task.space.parse(text), None if np.isnan(fidelity) else int(fidelity)
        if not task.space.contains(architecture):
            answer = Evaluation(task.info.penalty, 0.0)
        elif epochs is None or epochs in task.info.fidelities:
            answer = task.evaluate(architecture, epochs, rng)
        else:
            answer = Evaluation(-1.0, -1.0)
        found["validation_error"].append(answer.validation_error)
        found["cost_seconds"].append(answer.cost_seconds)
    return found


def _budget(entry: Entry) -> list[str]:
    beyond = [run for run in entry.summaries().values() if run.queries > run.budget]
    if entry.suite.budget.unit == "queries" and entry.suite.protocol.duplicates == "charge" and beyond:
        return [f"{len(beyond)} runs have more queries than their budget"]
    return []


def _code(entry: Entry, method: MethodEntry, folder: Path, say: Say) -> list[str]:
    """Whether the code of a method is here, is the code of its runs, and passes the conformance checks."""
    label, address = method.label, entry.suite.address(method.name)
    own = method.name.endswith(".py")
    if own and not (folder / "code" / method.name).is_file():
        return [f"the code of {label} is not in the entry"]
    try:
        cls = load_method(address)
        if (missing := missing_packages(cls)) is not None:
            return [f"{label} cannot run here: it {missing}"]
        if code_of(cls, method.settings) != entry.description["codes"].get(label):
            return [f"the code of {label} is not the code that made its runs"]
        failed = [f"{title} ({reason})" for title, reason in failures_of(address, "method") if reason] if own else []
    except EquipoiseError as error:
        return [f"{label} does not load: {reason_of(error)}"]
    if own:
        say(f"{label}: {len(failed) or 'no'} conformance checks fail")
    return [f"{label} fails a conformance check: {failed[0]}"] if failed else []


def _repeats(entry: Entry, suite: Suite, sample: int, say: Say) -> list[str]:
    seconds = [run.process_seconds for run in entry.summaries().values()]
    cores, again = os.cpu_count() or 1, min(sample, sum(map(entry.has, suite.runs())))
    say(f"{entry.name}: {again} runs again, {sum(seconds) / len(seconds) * again:.0f} s by their mean ({cores} cores)")
    lines: list[str] = []

    def told(line: str) -> None:
        lines.append(line)
        say(line)

    try:
        verify_runs(entry, suite, sample, told)
    except EquipoiseError as error:
        return [str(error)]
    different = [line for line in lines if ": differs" in line]
    notes = [line for line in lines if line.startswith("stored runs were made with")]
    return [f"{len(different)} of {again} runs do not repeat ({different[0]})", *notes] if different else []
