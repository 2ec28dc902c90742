"""Runs a suite: locks its folder, writes the manifest, executes what is missing, and returns the outcome."""

import logging
import os
from collections.abc import Callable, Mapping, Sequence
from contextlib import AbstractContextManager, suppress
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from equipoise.harness.core.errors import StoreError, SuiteError, nearest
from equipoise.harness.core.method_code import code_of
from equipoise.harness.core.registry import load_method, load_task
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.executors import IN_PROCESS
from equipoise.harness.engine.gpus import visible_gpus
from equipoise.harness.engine.preflight import Preflight, preflight
from equipoise.harness.engine.scheduler import execute_all
from equipoise.harness.engine.shard import Shard
from equipoise.harness.engine.suite_run import Plan, Progress, SuiteRun, silent
from equipoise.harness.engine.walltime import Clock, stopping_in_time
from equipoise.harness.engine.worker import Outcome, forget_tasks
from equipoise.harness.store.code_versions import changed, set_aside
from equipoise.harness.store.compaction import Compaction
from equipoise.harness.store.locks import alone, as_shard, in_turn
from equipoise.harness.store.manifest import check_same_suite, finished, manifest_of, merged
from equipoise.harness.store.overview import complete
from equipoise.harness.store.run_store import RunStore
from equipoise.harness.store.task_data import check_same_data, data_of

__all__ = ["Plan", "Progress", "SuiteRun", "run_suite", "silent"]

LOG = logging.getLogger("equipoise")


def run_suite(
    suite: Suite,
    out: Path | str | None = None,
    *,
    workers: int | None = None,
    cluster: str = "local",
    cluster_config: Path | None = None,
    skip_missing: bool = False,
    redo: Sequence[str] = (),
    keep: bool = False,
    shard: Shard | None = None,
    seconds: float | None = None,
    command: Sequence[str] = (),
    progress: Progress = silent,
) -> SuiteRun:
    """Runs what is not stored yet. It prints nothing; what is skipped or not applicable is logged to ``equipoise``.

    Args:
        suite: The suite.
        out: The results folder; ``results/NAME`` if None.
        workers: Processes, or jobs of the cluster; if None, one per core, or per GPU where a task trains on one.
        cluster: ``in-process``, ``local``, ``slurm``, or the address of a Dask scheduler (``tcp://...``).
        cluster_config: A file of settings of a Dask cluster (`dask_settings.ClusterSettings`).
        skip_missing: Skip tasks and methods whose data or packages are missing here, instead of refusing.
        redo: Labels of methods whose stored runs are set aside and run again.
        keep: Keep the stored runs of methods whose code has changed since; new runs then stand beside old ones, which
            report, status and verify say.
        shard: Run this share of the suite alone; the others may run at the same time, into the same folder.
        seconds: Time from now until this process is ended from outside; it stops by itself before that.
        command: The command line, for the manifest; empty where Python called.
        progress: Opens a progress display.

    Raises:
        EquipoiseError: Something cannot run as written (nothing ran), or the folder cannot be used.
    """
    if workers is not None and workers < 1:
        raise SuiteError(f"workers = {workers!r} is not a positive whole number")
    if cluster in (IN_PROCESS, "local"):
        if cluster_config is not None:
            raise SuiteError(
                f"--cluster-config {cluster_config}: no cluster is used; give --cluster too, or leave it out"
            )
    else:
        suite = replace(suite, folder=suite.folder or str(Path.cwd()))  # of methods and tables that are given by path
    forget_tasks()
    store = RunStore(Path(out or Path("results") / suite.name).absolute())  # workers of a cluster stand elsewhere
    settings = _Settings(workers, cluster, cluster_config, skip_missing, tuple(redo), keep, tuple(command), progress)
    with stopping_in_time(seconds) as clock:
        try:
            ready, wanted, missing, total, stalled = _executed(suite, store, shard, clock, settings)
        except KeyboardInterrupt:
            if not clock.out:
                raise
            return _out_of_time(suite, store, shard)
    return SuiteRun(
        folder=store.path,
        suite=ready.suite,
        planned=len(wanted),
        stored=_stored(store.path, wanted, len(wanted) - len(missing) + total.done, total.done),
        executed=total.done,
        failures=tuple(total.failures),
        skipped=ready.skipped,
        not_applicable=ready.not_applicable,
        interrupted=total.interrupted,
        shard=shard,
        out_of_time=clock.out and total.interrupted,
        stalled=stalled,
    )


@dataclass(frozen=True)
class _Settings:
    """Arguments of `run_suite`."""

    workers: int | None
    cluster: str
    cluster_config: Path | None
    skip_missing: bool
    redo: tuple[str, ...]
    keep: bool
    command: tuple[str, ...]
    progress: Progress


def _executed(
    suite: Suite, store: RunStore, shard: Shard | None, clock: Clock, settings: _Settings
) -> tuple[Preflight, list[RunSpec], list[RunSpec], Outcome, int]:
    """Executes what is missing.

    Returns:
        The preflight, the runs asked for, those that were missing, their outcome, and the number of stalls in a row.

    Raises:
        KeyboardInterrupt: It was interrupted before the first run began.
    """
    ready = preflight(suite, settings.skip_missing)
    suite = ready.suite
    with _locked(store, shard) as lock:
        for line in store.drop_damaged(scratch=shard is None):
            LOG.warning("%s", line)
        wanted = _wanted(ready, shard)
        with in_turn(store.path):
            manifest = _manifest(store, suite, settings.command, ready.excluded())
            redo = [ready.labels.get(label, label) for label in settings.redo]
            _settle_changed_code(store, suite, wanted, redo, settings.keep)
            store.write_manifest(manifest)
        _heed(clock)
        missing = [spec for spec in wanted if not store.has(spec)]
        owned = {spec.run_id for spec in wanted}
        compaction = Compaction(store, owned.__contains__) if shard else Compaction(store)
        total, noted = Outcome(), _noted(store)
        try:
            with settings.progress(Plan(suite, store.path, len(wanted), len(wanted) - len(missing))) as report:
                count = min(settings.workers or _usual_workers(suite), max(1, len(missing)))
                told = _compacting(report, compaction)
                total = execute_all(missing, store, count, settings.cluster, told, settings.cluster_config)
            if not total.interrupted:
                compaction.finish()
                _end(store, shard)
        except KeyboardInterrupt:  # while it began or ended
            total.interrupted = True
        clock.stopped = True
        stalled = _stalls(lock, clock.out and not total.done and _noted(store) == noted)
    return ready, wanted, missing, total, stalled


def _heed(clock: Clock) -> None:
    """Interrupts where a library has swallowed the interrupt."""
    if clock.out:
        raise KeyboardInterrupt


def _locked(store: RunStore, shard: Shard | None) -> AbstractContextManager[Path]:
    return as_shard(store.path, shard.number, shard.of) if shard else alone(store.path)


def _out_of_time(suite: Suite, store: RunStore, shard: Shard | None) -> SuiteRun:
    """The outcome where time was over before the first run began: one that gained nothing."""
    with _locked(store, shard) as lock:
        stalled = _stalls(lock, in_vain=True)
    return SuiteRun(store.path, suite, 0, 0, 0, (), (), (), True, shard, out_of_time=True, stalled=stalled)


def _usual_workers(suite: Suite) -> int:
    """One worker per GPU where a task trains on one, else one per core."""
    if any(load_task(suite.address(name), suite.protocol.noise).device.startswith("cuda") for name in suite.tasks):
        return max(1, len(visible_gpus()))
    return os.cpu_count() or 1


def _wanted(ready: Preflight, shard: Shard | None) -> list[RunSpec]:
    """The runs to be stored: those of the shard that can run here."""
    if shard is None:
        wanted = list(ready.suite.runs())
    else:
        tasks, labels = set(ready.suite.tasks), {entry.label for entry in ready.suite.methods}
        wanted = [spec for spec in shard.runs(ready.asked) if spec.task in tasks and spec.label in labels]
    pairs = {(entry.method, entry.task) for entry in ready.not_applicable}
    return [spec for spec in wanted if (spec.label, spec.task) not in pairs]


def _compacting(report: Callable[[Outcome], None], compaction: Compaction) -> Callable[[Outcome], None]:
    """Reports, and lets small files be merged now and then."""

    def told(outcome: Outcome) -> None:
        report(outcome)
        if outcome.done:
            compaction.part_added()

    return told


def _end(store: RunStore, shard: Shard | None) -> None:
    """Notes in the manifest that the suite has come to its end; of several shards, the last one does."""
    with in_turn(store.path):
        manifest = store.manifest()
        if manifest is not None and (shard is None or complete(store, manifest)):
            store.write_manifest(finished(manifest))


def _noted(store: RunStore) -> dict[str, tuple[int, int]]:
    """The state of the journals of runs in progress: another one means that an evaluation was noted.

    It is compared with itself and with no clock, which may be set back meanwhile.
    """
    found: dict[str, tuple[int, int]] = {}
    for journal in (store.path / "journal").glob("*.jsonl"):
        with suppress(FileNotFoundError):  # another shard has finished its run
            state = journal.stat()
            found[journal.name] = state.st_size, state.st_mtime_ns
    return found


def _stalls(lock: Path, in_vain: bool) -> int:
    """Counts in the lock file how many times in a row nothing was gained."""
    stalls = 0
    if in_vain:
        text = lock.read_text()
        stalls = 1 + (int(text) if text.isdigit() else 0)
    lock.write_text(str(stalls or ""))
    return stalls


def _manifest(
    store: RunStore, suite: Suite, command: Sequence[str], excluded: Sequence[Mapping[str, str]]
) -> dict[str, Any]:
    """The manifest of a suite, joined with that of what is stored.

    Raises:
        StoreError: The folder holds something else.
    """
    manifest, stored = manifest_of(suite, command, excluded), store.manifest()
    if stored is not None:
        check_same_suite(stored, suite, store.path)
        check_same_data(stored, data_of(manifest), store.path)
        return merged(stored, manifest)
    if store.path.exists() and store.parts():
        raise StoreError(f"{store.path} holds rows but no manifest.json; choose another --out")
    return manifest


def _settle_changed_code(
    store: RunStore, suite: Suite, wanted: Sequence[RunSpec], redo: Sequence[str], keep: bool
) -> None:
    """Sets aside what is to be run again; refuses to add runs to those of other code unless that is asked for.

    Raises:
        SuiteError: A method to redo is not in the suite.
        StoreError: The code of a method has changed.
    """
    labels = [entry.label for entry in suite.methods]
    for label in redo:
        if label not in labels:
            raise SuiteError(f"--redo {label}: the suite has no such method; {nearest(label, labels)}")
    if redo:
        set_aside(store, {spec.run_id for spec in wanted if spec.label in redo})
    codes = {entry.label: code_of(load_method(suite.address(entry.name)), entry.settings) for entry in suite.methods}
    found = changed(store, wanted, codes)
    if found and not keep:
        told = "; ".join(f"{label} ({count} runs)" for label, count in found.items())
        first = next(iter(found))
        raise StoreError(
            f"{store.path}: the code has changed since runs were stored of: {told}. Run them again with "
            f"--redo '{first}', or keep them with --keep (redo=, keep=True)"
        )


def _stored(folder: Path, wanted: Sequence[RunSpec], expected: int, executed: int) -> int:
    there = sum(map(RunStore(folder).has, wanted))
    if there < expected:
        raise StoreError(
            f"{folder}: {executed} runs were executed, but {there} of {len(wanted)} are stored here: the workers "
            "write to a folder that this machine does not see; give --out on a disk that they share"
        )
    return there
