"""From a name to a class. The file name is the name: nothing is registered anywhere.

- ``tpe`` is the method in ``methods/tpe.py`` (or the package ``methods/tpe/``);
- ``nasbench201/cifar10`` is data set ``cifar10`` of the benchmark in ``harness/benchmarks/nasbench201.py``; a hyphen
  in a benchmark's name is an underscore in that of its file;
- ``table:FILE`` is the task that ``harness/benchmarks/table.py`` makes of a file: a colon where data sets are files;
- ``package.module:Class`` is a class of a third party (``package.module:Class/dataset`` for a task);
- a path that ends in ``.py`` is the one class in that file (``path.py/dataset`` for a task).

A file or class that offers tasks is a `Benchmark`, or a simple `Task` class, of which a benchmark is made here.
"""

import importlib
import importlib.util
import inspect
import pkgutil
from collections.abc import Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from types import ModuleType
from typing import Any

from equipoise.harness.core.errors import PluginError, SuiteError, nearest, one_line
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.local_classes import address_of, local_class
from equipoise.harness.core.method import Method, Problem
from equipoise.harness.core.modules import imported, module_of_file, only_class, own_classes
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.core.task import Benchmark, Noise, OneTaskBenchmark, Task

__all__ = [
    "benchmark_names",
    "benchmarks",
    "load_benchmark",
    "load_method",
    "load_own",
    "load_space",
    "load_task",
    "locate_task",
    "method_name",
    "method_names",
    "missing_packages",
    "missing_requirements",
    "problem_of",
    "space_name",
    "space_names",
    "spaces",
    "suites_folder",
    "task_names",
]

MOST_CHARACTERS = 240
"""Of a name between two slashes; file systems allow 255 bytes."""

ROOT = Path(__file__).resolve().parents[2]


def suites_folder() -> Path:
    """The folder of the suites that come with Equipoise."""
    return ROOT / "suites"


def method_names() -> list[str]:
    """The methods in ``methods/``."""
    return _names(ROOT / "methods")


def benchmark_names() -> list[str]:
    """The benchmarks in ``harness/benchmarks/``."""
    return _names(ROOT / "harness" / "benchmarks")


def benchmarks() -> Iterator[Benchmark]:
    """The benchmarks in ``harness/benchmarks/``."""
    for name in benchmark_names():
        yield _benchmark_in(importlib.import_module(f"equipoise.harness.benchmarks.{name}"))


def space_names() -> list[str]:
    """The spaces in ``harness/spaces/``."""
    return _names(ROOT / "harness" / "spaces")


def spaces() -> Iterator[type[SearchSpace]]:
    """The space class of every file in ``harness/spaces/``."""
    for name in space_names():
        yield only_class(importlib.import_module(f"equipoise.harness.spaces.{name}"), SearchSpace)


def load_method(name: str) -> type[Method]:
    """Finds a method, also by a former name (a file of ``methods/_former``).

    Raises:
        PluginError: There is none of that name, or its file does not load.
    """
    _refuse_no_name(name)
    foreign: type[Method] | None = _foreign(name, Method)
    if foreign is not None:
        return foreign
    if name not in method_names():
        if name not in _names(ROOT / "methods" / "_former"):
            raise PluginError(f"no method '{name}'; {nearest(name, method_names())}")
        name = importlib.import_module(f"equipoise.methods._former.{name}").NOW
    found: type[Method] = only_class(imported(f"equipoise.methods.{name}", f"methods/{name}.py"), Method)
    return found


def method_name(cls: type[Method]) -> str:
    """The name by which `load_method` finds a class, in this process and in the workers of a suite."""
    package, _, module = cls.__module__.partition("equipoise.methods.")
    name = module.partition(".")[0]
    if not package and name in method_names() and load_method(name) is cls:
        return name
    return address_of(cls)


def load_own(name: str) -> type[Method] | type[Task] | type[Benchmark] | type[SearchSpace] | None:
    """The class that a path or ``package.module:Class`` leads to, of whichever kind; None for another kind of name.

    Raises:
        PluginError: It leads to nothing of these, or its file does not load.
    """
    if not name.endswith(".py") and ":" not in name:
        return None
    if name.endswith(".py"):
        module_of_file(Path(name))  # an error of the file itself is reported first
    said: list[PluginError] = []
    for kind in (Method, SearchSpace, Benchmark, Task):
        try:
            found: type[Method] | type[Task] | type[Benchmark] | type[SearchSpace] = _foreign(name, kind)
        except PluginError as error:
            said.append(error)
        else:
            return found
    raise said[0]


def load_benchmark(name: str) -> Benchmark:
    """Finds a benchmark, for example ``nasbench201``, ``path.py`` or ``package.module:Class``.

    Raises:
        PluginError: There is none of that name, or its file does not load.
    """
    if name.endswith(".py"):
        return _benchmark_in(module_of_file(Path(name)))
    file = _file_of(name)
    if file not in benchmark_names():
        if ":" in name:
            return _benchmark_of(_foreign(name, (Benchmark, Task)))
        raise PluginError(f"no benchmark '{name}'; {nearest(name, benchmark_names())}")
    found = _benchmark_in(imported(f"equipoise.harness.benchmarks.{file}", f"harness/benchmarks/{file}.py"))
    if name != found.name:  # one task, one name: runs are stored under it
        raise PluginError(f"no benchmark '{name}'; {nearest(name, [found.name])}")
    return found


def load_task(name: str, noise: Noise = "mean", ignore_cache: bool = False) -> Task:
    """Makes a task; its data is not read yet.

    Args:
        name: ``benchmark/dataset``.
        noise: See `Task`.
        ignore_cache: Answer without the trained networks that earlier runs left on this machine.

    Raises:
        PluginError: There is none of that name, or its file does not load.
        SuiteError: The benchmark has no such data set, or cannot answer with that noise.
        DataError: The file of the task is there and damaged.
    """
    benchmark, dataset = locate_task(name)
    return benchmark.task(dataset, noise, ignore_cache)


def locate_task(name: str) -> tuple[Benchmark, str]:
    """The benchmark and the data set that the name of a task leads to.

    Raises:
        PluginError: There is none of that name, or its file does not load.
        SuiteError: The benchmark has no such data set.
    """
    _refuse_no_name(name)
    head, dataset = _split_task(name)
    if not dataset and head.endswith(".py"):
        raise PluginError(f"'{name}' names a file; a task also names a data set: {name}/DATASET")
    try:
        benchmark = load_benchmark(head)
    except PluginError as error:
        raise PluginError(f"task '{name}': {error}") from error
    if not dataset:
        offered = nearest("", task_names(benchmark))
        raise PluginError(f"'{name}' names a benchmark; a task also names a data set: {offered}")
    if dataset not in benchmark.datasets and not benchmark.open_ended:
        raise SuiteError(f"{benchmark.name} has no data set '{dataset}'; {nearest(dataset, benchmark.datasets)}")
    return benchmark, dataset


def load_space(name: str) -> type[SearchSpace]:
    """Finds a space: a name of ``harness/spaces``, a path to a Python file, or ``package.module:Class``.

    Raises:
        PluginError: There is none of that name, or its file does not load.
    """
    foreign: type[SearchSpace] | None = _foreign(name, SearchSpace)
    if foreign is not None:
        return foreign
    names = space_names()
    if name not in names:
        raise PluginError(f"no space '{name}'; {nearest(name, names)}")
    found: type[SearchSpace] = only_class(
        imported(f"equipoise.harness.spaces.{name}", f"harness/spaces/{name}.py"), SearchSpace
    )
    return found


def space_name(cls: type[SearchSpace]) -> str:
    """The name, path or address by which `load_space` finds a class."""
    package, _, module = cls.__module__.partition("equipoise.harness.spaces.")
    return address_of(cls) if package or module.startswith("_") else module


def task_names(benchmark: Benchmark) -> list[str]:
    """The tasks that a benchmark lists."""
    return [f"{benchmark.name}/{dataset}" for dataset in benchmark.datasets]


def missing_requirements(method: type[Method], task: Task, settings: Mapping[str, Any] = {}) -> str | None:
    """Tells why a method cannot search a task under these settings: a requirement that the task does not meet.

    None if it can.
    """
    required = method.requirements(settings)
    if required.fidelities and len(task.info.fidelities) < 2:
        return f"needs several fidelities; {task.name} has one"
    for name in required.resources:
        if task.resource(name) is None:
            return f"needs {name}: {task.missing(name)}"
    return None


def problem_of(method: type[Method], task: Task, budget: Budget, settings: Mapping[str, Any] = {}) -> Problem:
    """The part of a task that a method under these settings is shown."""
    resources = {name: task.resource(name) for name in method.requirements(settings).resources}
    return Problem(task.space, budget, task.info.fidelities, resources)


def missing_packages(method: type[Method]) -> str | None:
    """The reason why a method cannot run here: missing packages, and how to get them; None if it can run."""
    missing = [(package, extra) for package, extra in method.packages if importlib.util.find_spec(package) is None]
    if not missing:
        return None
    names = ", ".join(package for package, _ in missing)
    extras = ",".join(dict.fromkeys(extra for _, extra in missing))
    return f"needs {names}: pip install 'equipoise[{extras}]'"


def _refuse_no_name(name: str) -> None:
    """Raises a `PluginError` for what no file can be called."""
    if not name.isprintable() or max(map(len, name.split("/"))) > MOST_CHARACTERS:
        raise PluginError(
            f"'{one_line(name, 100)}' is no name; accepted are printable ones of {MOST_CHARACTERS} characters"
        )


def _names(folder: Path) -> list[str]:
    return list(_listed(folder, folder.stat().st_mtime_ns))


@lru_cache(maxsize=16)
def _listed(folder: Path, _: int) -> tuple[str, ...]:
    """The public modules of a folder, listed once for each state of it: every run of a worker asks for a name."""
    found = (module.name for module in pkgutil.iter_modules([str(folder)]))
    return tuple(sorted(name for name in found if not name.startswith("_")))


def _file_of(benchmark: str) -> str:
    return benchmark.replace("-", "_")


def _split_task(name: str) -> tuple[str, str]:
    """The benchmark and the data set; the latter is empty where none is named."""
    if ".py/" in name:
        head, _, dataset = name.rpartition(".py/")
        return f"{head}.py", dataset
    if name.endswith(".py"):
        return name, ""
    head, _, dataset = name.partition(":")
    if _file_of(head) not in benchmark_names():
        head, _, dataset = name.partition("/")
    return head, dataset


def _benchmark_in(module: ModuleType) -> Benchmark:
    """The benchmark that a module defines, or the one made of its only task class."""
    own = own_classes(module, Benchmark)
    return _benchmark_of(only_class(module, Benchmark if own else Task))


def _benchmark_of(cls: type[Benchmark] | type[Task]) -> Benchmark:
    return cls() if issubclass(cls, Benchmark) else OneTaskBenchmark(cls)


def _foreign(name: str, kind: Any) -> Any:
    if name.endswith(".py"):
        return only_class(module_of_file(Path(name)), kind)
    if ":" not in name:
        return None
    module_name, _, attribute = name.partition(":")
    if (local := local_class(name)) is not None and issubclass(local, kind):
        return local
    if module_name == "__main__":
        raise PluginError(f"'{name}' was defined in a notebook or script that is not running here; put it in a file")
    found = getattr(imported(module_name, module_name), attribute, None)
    if not (inspect.isclass(found) and issubclass(found, kind)):
        kinds = " or ".join(one.__name__ for one in (kind if isinstance(kind, tuple) else (kind,)))
        raise PluginError(f"'{name}': {module_name} has no class '{attribute}' derived from {kinds}")
    return found
