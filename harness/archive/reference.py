"""The reference runs: made by one command that resumes and says how long it takes, and packed as an entry."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path

from equipoise.harness.archive.add import add, complete_repeats
from equipoise.harness.archive.find import REFERENCE, SHIPPED
from equipoise.harness.archive.index import Listed
from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.session import Progress, SuiteRun, run_suite, silent
from equipoise.harness.store.entry import DESCRIPTION, Entry
from equipoise.harness.store.overview import opened
from equipoise.harness.store.run_file import Summary
from equipoise.harness.store.run_store import RunStore

__all__ = ["ABOUT", "LEAST", "MEGABYTES", "Estimate", "estimate", "make", "pack"]

MEGABYTES = 8.0
LEAST = 3
"""Repeats of a method that is packed: fewer tell little of its variance."""
ABOUT = "Methods of the suite embedded, as far as they have been run"
AUTHORS = ("The Equipoise authors",)


@dataclass(frozen=True)
class Estimate:
    """CPU time of the runs that are missing, by the time that stored runs of the same kind took.

    Attributes:
        seconds: By label of the method; those without any measured run are absent.
        unknown: Labels of the latter.
    """

    seconds: Mapping[str, float]
    unknown: tuple[str, ...]

    def text(self, workers: int) -> str:
        """Lines of text: one per method, the most expensive last, then the sum."""
        lines = [f"{label:<24} {_duration(s):>10}" for label, s in sorted(self.seconds.items(), key=lambda e: e[1])]
        total = sum(self.seconds.values())
        lines.append(
            f"{'all':<24} {_duration(total):>10} of CPU time, {_duration(total / workers)} on {workers} workers"
        )
        if self.unknown:
            lines.append(f"not measured yet: {'; '.join(self.unknown)}")
        return "\n".join(lines)


def estimate(suite: Suite, store: RunStore, known: Sequence[Summary]) -> Estimate:
    """Estimates the CPU time of the runs of a suite that are not stored.

    Args:
        suite: What is asked for.
        store: The results folder.
        known: Measured runs; the mean of a method on a task at a budget counts, or else its mean at that budget.
    """
    means = _means(known)
    seconds: dict[str, float] = {}
    unknown = dict[str, None]()
    for spec in suite.runs():
        if store.has(spec):
            seconds.setdefault(spec.label, 0.0)
            continue
        each = means.get((spec.label, spec.task, spec.budget.limit), means.get((spec.label, "", spec.budget.limit)))
        if each is None:
            unknown[spec.label] = None
        else:
            seconds[spec.label] = seconds.get(spec.label, 0.0) + each
    return Estimate({label: s for label, s in seconds.items() if s}, tuple(unknown))


def make(
    suite: Suite,
    out: Path,
    workers: int,
    say: Callable[[str], None],
    *,
    repeats: int = 100,
    costly_repeats: int = 20,
    costly_seconds: float = 3.0,
    command: Sequence[str] = (),
    progress: Progress = silent,
) -> SuiteRun:
    """Runs the suite of the reference: one repeat of everything, then the others, the cheapest method first.

    The same call resumes. What was interrupted can be packed as it is.

    Args:
        suite: Usually ``embedded``.
        out: The results folder.
        workers: Processes.
        say: Takes the estimates.
        repeats: Of a method whose runs take less than `costly_seconds` of CPU time on average.
        costly_repeats: Of any other.
        costly_seconds: See above.
        command: The command line, for the manifest.
        progress: Opens a progress display.
    """
    shipped = list(Entry(SHIPPED / REFERENCE).summaries().values()) if _ships() else []
    first = suite.changed(repeats=1)
    say(f"one repeat of each method:\n{estimate(first, RunStore(out), shipped).text(workers)}")
    options = {"workers": workers, "skip_missing": True, "command": command, "progress": progress}
    ran = run_suite(first, out, **options)  # type: ignore[arg-type]
    if ran.interrupted:
        return ran
    measured = list(RunStore(out).summaries().values())
    mean = {label: s for (label, task, budget), s in _means(measured).items() if not task and not budget}
    methods = [
        replace(method, repeats=repeats if mean.get(method.label, 0.0) < costly_seconds else costly_repeats)
        for method in sorted(ran.suite.methods, key=lambda method: mean.get(method.label, 0.0))
    ]
    whole = replace(ran.suite, methods=tuple(methods))
    say(f"all repeats:\n{estimate(whole, RunStore(out), measured).text(workers)}")
    for method in methods:
        ran = run_suite(replace(whole, methods=(method,)), out, **options)  # type: ignore[arg-type]
        if ran.interrupted:
            break
    return ran


def pack(
    results: Path,
    archive: Path = SHIPPED,
    version: str = "1",
    megabytes: float = MEGABYTES,
    *,
    least: int = LEAST,
    say: Callable[[str], None],
) -> Listed:
    """Packs a results folder, whole or not, as the entry ``reference``.

    A method with one repeat has no variance, and no mean of its family has an interval: methods with few are left out.

    Args:
        results: The results folder.
        archive: The folder of the archive; the one that ships by default.
        version: Of the entry.
        megabytes: The largest file.
        least: Repeats that a method has on every task at every budget, or is left out.
        say: Takes one line per method that is left out.

    Raises:
        StoreError: No method has enough repeats, or they do not fit.
    """
    store, suite = opened(results)
    complete, listed = complete_repeats(store, suite), [method.label for method in Suite.load("embedded").methods]
    enough = [label for label, repeats in complete.items() if len(repeats) >= least]
    for label in dict.fromkeys(run.method for run in store.summaries().values()):
        if label not in enough:
            say(
                f"{label}: left out, {len(complete.get(label, ()))} of {least} repeats stored on every task at every "
                f"budget; run more (equipoise reference make --out {results}), or pack with a smaller --least"
            )
    if not enough:
        raise StoreError(
            f"{results}: no method has {least} repeats that are stored on every task at every budget; run more, or "
            "pack with a smaller --least"
        )
    labels = [label for label in listed if label in enough] + [label for label in enough if label not in listed]
    options = {"version": version, "authors": AUTHORS, "about": ABOUT, "labels": labels, "least": least}
    return add(results, archive, REFERENCE, megabytes=megabytes, **options)  # type: ignore[arg-type]


def _ships() -> bool:
    return (SHIPPED / REFERENCE / DESCRIPTION).is_file()


def _means(runs: Sequence[Summary]) -> dict[tuple[str, str, float], float]:
    """Mean seconds by method, task and budget; by method and budget (task empty); and by method (budget 0 too)."""
    sums: dict[tuple[str, str, float], list[float]] = {}
    for run in runs:
        for key in ((run.method, run.task, run.budget), (run.method, "", run.budget), (run.method, "", 0.0)):
            sums.setdefault(key, []).append(run.process_seconds)
    return {key: sum(values) / len(values) for key, values in sums.items()}


def _duration(seconds: float) -> str:
    if seconds < 120:
        return f"{seconds:.0f} s"
    return f"{seconds / 60:.0f} min" if seconds < 7200 else f"{seconds / 3600:.1f} h"
