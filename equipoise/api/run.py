"""`equipoise.run` and `equipoise.load`: a whole suite from Python, and the results of one."""

import inspect
import warnings
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from equipoise.api.names import names
from equipoise.api.results import Results
from equipoise.harness.archive.find import REFERENCE
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.local_classes import address_of
from equipoise.harness.core.registry import load_benchmark, method_name
from equipoise.harness.core.suite import Suite
from equipoise.harness.core.task import Benchmark, Task
from equipoise.harness.engine.executors import IN_PROCESS
from equipoise.harness.engine.session import run_suite, silent
from equipoise.harness.engine.shard import Shard

__all__ = ["load", "run", "suite_of"]


def run(
    suite: str | Path | Suite | Mapping[str, Any],
    out: str | Path | None = None,
    workers: int | None = 1,
    *,
    only: str | Sequence[str] = (),
    tasks: str | Sequence[str] = (),
    repeats: int | None = None,
    queries: int | None = None,
    skip_missing: bool = False,
    redo: str | Sequence[str] = (),
    keep: bool = False,
    shard: str | None = None,
    seconds: float | None = None,
    cluster: str = "local",
    cluster_config: str | Path | None = None,
    progress: bool = True,
) -> Results:
    """Runs a suite, or what of it is not stored yet, and returns its results.

    It prints nothing. The same suite gives the same rows on any number of workers and after any interruption.

    With ``workers=1`` everything runs in this process, one thread each: classes of a notebook or script need nothing
    else, and a debugger works. A method that crashes the interpreter takes this process with it.
    With more, runs go to fresh processes that never run the calling script again: no ``if __name__ == "__main__"`` is
    needed, and classes that cannot be imported there (of a notebook, of the script) are sent by value with
    cloudpickle. What such a class uses of its own module travels with it; other modules are imported by name, from
    the same ``sys.path``.

        results = eq.run("quick")
        results = eq.run(
            {
                "name": "mine",
                "budget": {"queries": 100},
                "protocol": {"repeats": 10, "seed": 0},
                "tasks": ["nasbench201/cifar10"],
                "methods": ["random_search", MyMethod, {"name": "tpe", "label": "TPE"}],
            },
            workers=4,
        )

    Args:
        suite: A name (``equipoise.suites()``), the path of a suite file, a `Suite`, or a dictionary as in the example:
            the content of a suite file, where tasks and methods may also be bare names, paths and classes.
        out: The results folder; ``results/NAME`` if None. What is stored there already is not run again.
        workers: Processes; one per core if None.
        only: Labels of methods; all if empty.
        tasks: Names of tasks, or patterns; all if empty.
        repeats: Repeats of every method, instead of the suite's.
        queries: The budget of a run, instead of the suite's.
        skip_missing: Skip tasks and methods whose data or packages are missing here, instead of refusing the suite.
        redo: Labels of methods whose stored runs are set aside and run again.
        keep: Keep the stored runs of methods whose code has changed since.
        shard: Run this share of the suite alone, for example ``"3/20"`` for the third of twenty. The others may run at
            the same time, into the same folder; the results hold what is stored there by then.
        seconds: Time from now until this process is ended from outside, as by a batch system; it stops by itself before
            that. Only in the main thread of a process.
        cluster: ``local``, ``slurm``, or the address of a Dask scheduler (``tcp://...``).
        cluster_config: A TOML or YAML file of settings of a Dask cluster.
        progress: Show a bar in a terminal or a notebook, and elsewhere a line every 30 seconds on standard error.

    Raises:
        SuiteError: The suite cannot run as written, or there is no such shard; nothing ran.
        StoreError: The folder cannot be used, or holds the results of another suite.
        KeyboardInterrupt: The run was stopped; what had finished is stored, and the same call goes on from there.
        TimeoutError: It stopped because its `seconds` were nearly over, likewise.

    Warns:
        UserWarning: Some runs failed; see `Results.failures`.
    """
    from equipoise.harness.cli.progress import progress as display

    ran = run_suite(
        suite_of(suite).changed(names(only), repeats, queries, names(tasks)),
        out,
        workers=workers,
        cluster=IN_PROCESS if workers == 1 and cluster == "local" else cluster,
        cluster_config=None if cluster_config is None else Path(cluster_config),
        skip_missing=skip_missing,
        redo=names(redo),
        keep=keep,
        shard=None if shard is None else Shard.parse(shard, "shard ="),
        seconds=seconds,
        progress=display if progress else silent,
    )
    if ran.out_of_time:
        raise TimeoutError(str(ran))
    if ran.interrupted:
        raise KeyboardInterrupt(str(ran))
    if ran.failures:
        first = ran.failures[0]["error"]
        warnings.warn(f"{len(ran.failures)} runs failed, see .failures(); the first: {first}", stacklevel=2)
    return Results(ran.folder)


def load(
    folder: str | Path, *, with_reference: bool = False, beside: str | Path | Sequence[str | Path] = ()
) -> Results:
    """Opens the results of a suite that was run before, by `run` or by the command line.

    Args:
        folder: The results folder, for example ``results/quick``.
        with_reference: Put the reference runs that come with Equipoise beside them.
        beside: Further entries of archives, by name or folder.

    Raises:
        StoreError: It holds no results, or there is no such entry here.
    """
    return Results(folder, [*([REFERENCE] if with_reference else []), *names(beside)])


def suite_of(suite: str | Path | Suite | Mapping[str, Any]) -> Suite:
    """The suite that `run` is asked for.

    Raises:
        SuiteError: There is none of that name, or its content cannot run as written.
    """
    if isinstance(suite, Suite):
        return suite
    if not isinstance(suite, Mapping):
        return Suite.load(suite)
    content = {"name": "suite", **suite}
    if isinstance(budget := content.get("budget"), Budget):
        content["budget"] = {budget.unit: getattr(budget, budget.unit)}
    for key, tables in (("tasks", _tasks), ("methods", _methods)):
        if isinstance(content.get(key), Sequence) and not isinstance(content[key], str):
            content[key] = [table for entry in content[key] for table in tables(entry)]
    return Suite.from_dict(content)


def _tasks(entry: Any) -> list[Any]:
    """Tables of a suite file for what stands for tasks; anything else is left to the suite to refuse."""
    if isinstance(entry, Task):
        return [{"name": entry.name}]
    if inspect.isclass(entry) and issubclass(entry, Task | Benchmark):
        address = address_of(entry)
        return [{"name": f"{address}/{dataset}"} for dataset in load_benchmark(address).datasets]
    return [{"name": str(entry)} if isinstance(entry, str | Path) else entry]


def _methods(entry: Any) -> list[Any]:
    """A table of a suite file for what stands for a method; anything else is left to the suite to refuse."""
    if isinstance(entry, str | Path) or inspect.isclass(entry):
        entry = {"name": entry}
    if not isinstance(entry, Mapping) or not inspect.isclass(entry.get("name")):
        path = isinstance(entry, Mapping) and isinstance(entry.get("name"), Path)
        return [{**entry, "name": str(entry["name"])} if path else entry]
    cls = entry["name"]
    name = method_name(cls)
    label = name if ":" not in name and not name.endswith(".py") else cls.__name__
    return [{"label": label, **entry, "name": name}]
