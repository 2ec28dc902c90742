"""From a suite file to the runs it asks for."""

import hashlib
import json
import re
from collections.abc import Callable, Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, fields, replace
from fnmatch import fnmatch
from functools import cached_property
from itertools import pairwise
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np

from equipoise.harness.core.errors import SettingError, SuiteError, nearest, one_line
from equipoise.harness.core.html_facts import html_facts
from equipoise.harness.core.isomorphism import Isomorphism
from equipoise.harness.core.ledger import Budget, Duplicates, Invalid
from equipoise.harness.core.method import Family
from equipoise.harness.core.objectives import Constraint, checked_objectives, measured_objectives
from equipoise.harness.core.registry import benchmark_names, benchmarks, suites_folder, task_names
from equipoise.harness.core.task import Noise

__all__ = ["NO_RULES", "MethodEntry", "Protocol", "RunSpec", "Suite", "located"]


NO_RULES = ("repeats", "seconds_per_run", "memory_per_run")
"""Of the protocol: what decides nothing in the rows of a finished run."""

_MEMORY = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?(MB|GB)")

MOST_LABEL = 200
"""Characters of what the report calls a method."""

Seeds = Literal["all", "split"]


@dataclass(frozen=True)
class Protocol:
    """The rules that hold for every method of a suite.

    Attributes:
        repeats: Runs of each method on each task.
        seed: Root of all randomness.
        duplicates: Whether proposing the same again costs.
        invalid: Whether an invalid proposal costs and is told the worst error, or is free and asked again.
        noise: Whether a query shows the mean of the stored training seeds or one drawn at random.
        initial: Whether methods start on their own, or from the same random architectures in each repeat.
        initial_size: How many those are.
        seeds: Whether the search sees all stored training seeds, or one is held out in each repeat, which then judges:
            seed (repeat - 1) mod S of the S that every architecture of the task has (`Protocol.held_out`).
        isomorphism: Whether isomorphism of architectures is used by whoever does (``own``), hidden from all methods
            (``none``), or open to all (``all``): then each proposal is replaced by the representative of its class, and
            a class that the run has evaluated is answered from memory without charge.
        seconds_per_run: Wall time after which a run is stopped and recorded as failed; None for any.
        memory_per_run: Memory of a run and its children, likewise: a number with ``MB`` or ``GB``, of 10^6 or 10^9
            bytes. Neither limit decides the rows of a run that keeps it, so neither is part of what a run is.
    """

    repeats: int
    seed: int
    duplicates: Duplicates = "charge"
    invalid: Invalid = "penalise"
    noise: Noise = "mean"
    initial: Literal["own", "shared"] = "own"
    initial_size: int = 10
    seeds: Seeds = "all"
    isomorphism: Isomorphism = "own"
    seconds_per_run: float | None = None
    memory_per_run: str | None = None

    @property
    def memory_bytes(self) -> int | None:
        """The limit of memory in bytes."""
        if self.memory_per_run is None:
            return None
        match = _MEMORY.fullmatch(self.memory_per_run)
        assert match is not None  # `_protocol` refuses others
        return int(float(match[1]) * {"MB": 1e6, "GB": 1e9}[match[2]])

    def rules(self) -> dict[str, Any]:
        """All of it for a file or a hash. Rules that came later are absent at their default, so that ids stay."""
        later = {"seeds": "all", "isomorphism": "own", "seconds_per_run": None, "memory_per_run": None}
        return {key: value for key, value in vars(self).items() if later.get(key) != value}

    def held_out(self, seeds: int, repeat: int) -> int | None:
        """The number of the training seed that is held out of a repeat; None if none is.

        Args:
            seeds: Those that every architecture of the task has.
            repeat: From 1.
        """
        return (repeat - 1) % seeds if self.seeds == "split" else None


@dataclass(frozen=True)
class MethodEntry:
    """One method of a suite.

    Attributes:
        name: As `equipoise.harness.core.registry.load_method` takes it.
        label: Its name in the rows and the report, unique in the suite; by default `name`, of a file its stem.
        settings: Where it departs from its defaults.
        repeats: Its own number of repeats, for a costly method.
        family: Overrides the class's family.
        isomorphism: Overrides the rule of the protocol, for suites that compare the rules themselves.
        factors: Its level of each factor, for suites that are a factorial design.
    """

    name: str
    label: str
    settings: Mapping[str, Any]
    repeats: int | None = None
    family: Family | None = None
    isomorphism: Isomorphism | None = None
    factors: Mapping[str, str] | None = None


@dataclass(frozen=True)
class RunSpec:
    """One method on one task with one repeat number: a value. The same spec gives the same rows, bit for bit."""

    task: str
    method: str
    label: str
    settings: str
    repeat: int
    budget: Budget
    protocol: Protocol
    folder: str = field(default="", compare=False)
    objectives: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()

    @property
    def task_address(self) -> str:
        """The task's name as the registry finds it: with the folder of the suite, if it is a path."""
        return located(self.task, self.folder)

    @property
    def method_address(self) -> str:
        """The method's name as the registry finds it: with the folder of the suite, if it is a path."""
        return located(self.method, self.folder)

    @cached_property
    def run_id(self) -> str:
        """Hash of all that decides the rows; the number of repeats does not."""
        rules = {key: value for key, value in self.protocol.rules().items() if key not in NO_RULES}
        content: list[Any] = [self.task, self.method, self.label, self.settings, self.repeat, vars(self.budget), rules]
        if self.objectives or self.constraints:  # absent otherwise, so that ids stay
            content.append({"objectives": self.objectives, "constraints": self.constraints})
        return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:20]

    def rng(self, stream: str) -> np.random.Generator:
        """The generator of one stream of randomness.

        Seeded over (suite seed, task, method label, repeat, stream). The stream ``shared`` leaves the method out.
        """
        method = "" if stream == "shared" else self.label
        return np.random.default_rng([self.protocol.seed, *map(_entropy, (self.task, method, stream)), self.repeat])

    def noise(self) -> Callable[[int], np.random.Generator]:
        """The generator for the noise of the n-th proposal, independent of what was proposed before."""
        if self.protocol.noise == "mean":
            unused = self.rng("noise")
            return lambda _: unused
        key = self.rng("noise").integers(2**63, size=2, dtype=np.uint64)
        return lambda n: np.random.Generator(np.random.Philox(key=key, counter=[0, 0, 0, n]))


@dataclass(frozen=True, repr=False)
class Suite:
    """A comparison: tasks, methods, budget and rules.

    Attributes:
        name: Names the results.
        budget: Spent by each run; the largest where there are several.
        protocol: The rules.
        tasks: Names of tasks.
        methods: The methods, in the order of the report.
        budgets: All of them, ascending: each repeat runs once per budget, and the method knows which it has.
        folder: Where the paths among these names begin: the folder of the suite's file; empty for the working
            directory. It does not enter the identity of a run.
        objectives: ``validation_error`` and further objectives of its tasks; empty for the validation error alone.
        constraints: Bounds on objectives, for example ``latency <= 5``.
    """

    name: str
    budget: Budget
    protocol: Protocol
    tasks: tuple[str, ...]
    methods: tuple[MethodEntry, ...]
    folder: str = field(default="", compare=False)
    budgets: tuple[Budget, ...] = ()
    objectives: tuple[str, ...] = ()
    constraints: tuple[str, ...] = ()

    def __post_init__(self) -> None:
        """Makes `budgets` end with `budget`; one that was replaced alone is the only one."""
        if self.budgets[-1:] != (self.budget,):
            object.__setattr__(self, "budgets", (self.budget,))

    @classmethod
    def load(cls, path: Path | str) -> "Suite":
        """Reads a suite file, or the suite of that name that comes with Equipoise.

        Raises:
            SuiteError: The file cannot be read, or holds something else than a suite; the message names the place.
        """
        import tomllib  # here, since a worker, which needs the values below, never reads a suite

        path = _find(path)
        try:
            content = tomllib.loads(path.read_text(encoding="utf-8"))
        except (OSError, UnicodeDecodeError) as error:
            raise SuiteError(f"{path}: cannot be read ({error})") from error
        except (ValueError, RecursionError) as error:  # nested too deeply, or a number of thousands of digits
            raise SuiteError(f"{path}: not valid TOML: {error}") from error
        try:
            return cls.from_dict({"folder": str(path.resolve().parent), **content})
        except (SuiteError, SettingError) as error:
            raise type(error)(f"{path}: {error}") from error

    @classmethod
    def from_dict(cls, content: Mapping[str, Any]) -> "Suite":
        """Makes a suite of the content of a suite file.

        Args:
            content: Its keys and tables; ``folder`` is where relative paths in it begin.

        Raises:
            SuiteError: A key is unknown, missing, or of the wrong kind.
        """
        accepted = ("name", "budget", "protocol", "tasks", "methods", "description", "folder")
        _known(content, (*accepted, "objectives", "constraints"), "suite")
        for required in ("name", "budget", "protocol", "tasks", "methods"):
            if required not in content:
                raise SuiteError(f"'{required}' is missing")
        name = content["name"]
        if not isinstance(name, str) or not re.fullmatch(r"[\w.-]{1,100}", name) or not name.strip("."):
            raise SuiteError(
                f"name = {_shown(name)} is no name of a folder; accepted: up to 100 letters, digits and any of -_."
            )
        budgets = _budgets(_table(content["budget"], "budget"))
        tasks = tuple(task for entry in _tables(content["tasks"], "tasks") for task in _tasks(entry))
        methods = tuple(_method(entry) for entry in _tables(content["methods"], "methods"))
        _once(tasks, "task", "name it once")
        _once([method.label for method in methods], "method", 'give each its own label = "..."')
        designs = {tuple(sorted(method.factors)): method.label for method in methods if method.factors}
        if len(designs) > 1:
            said = "; ".join(f"{', '.join(names)} ({label})" for names, label in designs.items())
            raise SuiteError(f"[[methods]]: factors must have the same names in all methods that have any; got {said}")
        protocol, folder = _protocol(_table(content["protocol"], "protocol")), content.get("folder", "")
        if not isinstance(folder, str):
            raise SuiteError(f"folder = {folder!r} is not a text")
        objectives = checked_objectives(content["objectives"]) if content.get("objectives") else ()
        constraints = tuple(
            str(Constraint.parse(text)) for text in _list(content.get("constraints", []), "constraints")
        )
        return cls(name, budgets[-1], protocol, tasks, methods, folder, budgets, objectives, constraints)

    def to_dict(self) -> dict[str, Any]:
        """The content of a suite file that reads back as this suite."""
        named = [*self.tasks, *(method.name for method in self.methods)]
        amounts = [getattr(budget, budget.unit) for budget in self.budgets]
        return {
            "name": self.name,
            **({"folder": self.folder} if any(self.address(name) != name for name in named) else {}),
            **({"objectives": list(self.objectives)} if self.objectives else {}),
            **({"constraints": list(self.constraints)} if self.constraints else {}),
            "budget": {self.budget.unit: amounts[0] if len(amounts) == 1 else amounts},
            "protocol": self.protocol.rules(),
            "tasks": [{"name": task} for task in self.tasks],
            "methods": [
                {key: value for key, value in asdict(method).items() if value is not None} for method in self.methods
            ],
        }

    def changed(
        self,
        only: tuple[str, ...] = (),
        repeats: int | None = None,
        queries: int | None = None,
        tasks: tuple[str, ...] = (),
    ) -> "Suite":
        """This suite with the command line's overrides.

        Args:
            only: Labels of methods; all if empty.
            repeats: Of every method.
            queries: Budget per run.
            tasks: Names of tasks, or patterns of them; all if empty.

        Raises:
            SuiteError: A label or a task is not in the suite, or a number is not positive.
        """
        for pattern in tasks:
            if not any(fnmatch(task, pattern) for task in self.tasks):
                raise SuiteError(f"--task {pattern}: the suite has no such task; {nearest(pattern, self.tasks)}")
        kept = tuple(task for task in self.tasks if not tasks or any(fnmatch(task, p) for p in tasks))
        labels = [method.label for method in self.methods]
        for label in only:
            if label not in labels:
                raise SuiteError(f"--only {label}: the suite has no such method; {nearest(label, labels)}")
        methods = tuple(method for method in self.methods if not only or method.label in only)
        protocol = self.protocol
        if repeats is not None:
            protocol = replace(protocol, repeats=_positive(repeats, "--repeats"))
            methods = tuple(replace(method, repeats=None) for method in methods)
        budgets = self.budgets if queries is None else (Budget(queries=queries),)
        return replace(self, tasks=kept, methods=methods, protocol=protocol, budget=budgets[-1], budgets=budgets)

    def __repr__(self) -> str:
        return (
            f"<Suite {self.name}: {len(self.methods)} methods on {len(self.tasks)} tasks, {self._budgets_text()} per "
            f"run, {self.protocol.repeats} repeats>"
        )

    def _repr_html_(self) -> str:
        labels = ", ".join(method.label for method in self.methods)
        facts = {"tasks": ", ".join(self.tasks), "methods": labels, "budget": f"{self._budgets_text()} per run"}
        rules = ", ".join(f"{name} = {value}" for name, value in self.protocol.rules().items())
        return html_facts(f"suite {self.name}", {**facts, "protocol": rules})

    def _budgets_text(self) -> str:
        return " or ".join(map(str, self.budgets))

    @property
    def measured(self) -> tuple[str, ...]:
        """The further objectives that its runs record: those it names, and those its constraints bound."""
        return measured_objectives(self.objectives, self.constraints)

    def address(self, name: str) -> str:
        """A name of this suite as the registry finds it: with the suite's folder, if it is a path."""
        return located(name, self.folder)

    def rules_of(self, method: MethodEntry) -> Protocol:
        """The rules under which a method runs: those of the protocol, except what its entry overrides."""
        changed = method.isomorphism
        return self.protocol if changed is None else replace(self.protocol, isomorphism=changed)

    def runs(self) -> Iterator[RunSpec]:
        """The runs, task by task and method by method."""
        for task in self.tasks:
            for method in self.methods:
                yield from self.runs_of(task, method)

    def runs_of(self, task: str, method: MethodEntry) -> Iterator[RunSpec]:
        """The repeats of one method on one task, budget by budget."""
        settings, protocol = json.dumps(method.settings, sort_keys=True), self.rules_of(method)
        for budget in self.budgets:
            for repeat in range(1, (method.repeats or self.protocol.repeats) + 1):
                yield RunSpec(
                    task,
                    method.name,
                    method.label,
                    settings,
                    repeat,
                    budget,
                    protocol,
                    self.folder,
                    self.objectives,
                    self.constraints,
                )


def located(name: str, folder: str) -> str:
    """A name of a suite, with the path in it, if there is one, taken from a folder.

    Paths are files of methods and tasks (``mine.py``, ``mine.py/dataset``) and of data (``table:mine.csv``).
    """
    if not folder:
        return name
    if name.endswith(".py") or ".py/" in name:
        return str(Path(folder) / name)
    head, colon, file = name.partition(":")
    if colon and head.replace("-", "_") in benchmark_names():
        return f"{head}:{Path(folder) / file}"
    return name


def _entropy(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


def _find(path: Path | str) -> Path:
    path = Path(path)
    shipped = suites_folder() / f"{path}.toml"
    with suppress(OSError):  # a name longer than the file system allows
        if not path.exists() and path.suffix == "" and shipped.exists():
            return shipped
        if path.is_file():
            return path
    names, shown = [suite.stem for suite in suites_folder().glob("*.toml")], one_line(str(path), 100)
    raise SuiteError(f"no suite file '{shown}'; give a path, or {nearest(path.stem[:100], names)}")


def _shown(value: object) -> str:
    return one_line(f"'{value}'" if isinstance(value, str) else repr(value), 100)


def _known(content: Mapping[str, Any], accepted: Any, where: str) -> None:
    for key in content:
        if key not in accepted:
            raise SuiteError(f"{where}: unknown key '{key}'; {nearest(key, accepted)}")


def _table(value: object, where: str) -> dict[str, Any]:
    if not isinstance(value, dict):
        raise SuiteError(f"{where} must be a table, [{where}]; got {value!r}")
    return value


def _tables(value: object, where: str) -> list[dict[str, Any]]:
    if not isinstance(value, list) or not value or not all(isinstance(entry, dict) for entry in value):
        raise SuiteError(f"{where} must be one or more tables, [[{where}]]; got {value!r}")
    return value


def _list(value: object, where: str) -> list[Any]:
    if not isinstance(value, list):
        raise SuiteError(f"{where} must be a list; got {_shown(value)}")
    return value


def _once(names: Any, what: str, advice: str) -> None:
    seen: set[str] = set()
    for name in names:
        if name in seen:
            raise SuiteError(f"{what} '{name}' is named twice; {advice}")
        seen.add(name)


def _positive(value: object, where: str) -> int:
    if isinstance(value, bool) or not isinstance(value, int) or value < 1:
        raise SuiteError(f"{where} = {value!r} is not a positive whole number")
    return value


def _budgets(content: dict[str, Any]) -> tuple[Budget, ...]:
    """One budget, or one per number of a list, ascending."""
    _known(content, [f.name for f in fields(Budget)], "[budget]")
    lists = {unit: amounts for unit, amounts in content.items() if isinstance(amounts, list)}
    if not lists:
        return (Budget(**content),)
    if len(content) > 1:
        raise SuiteError(f"[budget]: several budgets are a list of one unit; got {', '.join(content)}")
    ((unit, amounts),) = lists.items()
    budgets = tuple(Budget(**{unit: amount}) for amount in amounts)
    limits = [budget.limit for budget in budgets]
    if not limits or any(a >= b for a, b in pairwise(limits)):
        raise SuiteError(f"[budget]: {unit} = {amounts!r} is not a list of ascending numbers")
    return budgets


def _protocol(content: dict[str, Any]) -> Protocol:
    choices = {
        "duplicates": Duplicates,
        "invalid": Invalid,
        "noise": Noise,
        "initial": Literal["own", "shared"],
        "seeds": Seeds,
        "isomorphism": Isomorphism,
    }
    _known(content, [f.name for f in fields(Protocol)], "[protocol]")
    for required in ("repeats", "seed"):
        if required not in content:
            raise SuiteError(f"[protocol]: '{required}' is missing")
    for key, value in content.items():
        if key in choices:
            if value not in get_args(choices[key]):
                raise SuiteError(f"[protocol]: {key} = {value!r}; {nearest(str(value), get_args(choices[key]))}")
        elif key == "seconds_per_run":
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
                raise SuiteError(f"[protocol]: seconds_per_run = {value!r} is not a positive number of seconds")
        elif key == "memory_per_run":
            if not isinstance(value, str) or not _MEMORY.fullmatch(value) or not float(value[:-2]):
                raise SuiteError(f"[protocol]: memory_per_run = {_shown(value)}; write for example '4GB' or '500MB'")
        elif key == "seed":
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise SuiteError(f"[protocol]: seed = {value!r} is not a whole number from 0 on")
        else:
            _positive(value, f"[protocol]: {key}")
    return Protocol(**content)


def _tasks(entry: dict[str, Any]) -> list[str]:
    _known(entry, ("name",), "[[tasks]]")
    name = entry.get("name")
    if not isinstance(name, str):
        raise SuiteError(f"[[tasks]]: name = {name!r} is not a text")
    if "*" in name:
        matching = [task for benchmark in benchmarks() for task in task_names(benchmark) if fnmatch(task, name)]
        if not matching:
            raise SuiteError(f"[[tasks]]: '{name}' matches no task; benchmarks: {', '.join(benchmark_names())}")
        return matching
    return [name]


def _method(entry: dict[str, Any]) -> MethodEntry:
    _known(entry, [f.name for f in fields(MethodEntry)], "[[methods]]")
    name = entry.get("name")
    if not isinstance(name, str):
        raise SuiteError(f"[[methods]]: name = {name!r} is not a text")
    where = f"[[methods]] {one_line(name, 100)}"
    settings = _table(entry.get("settings", {}), f"{where}: settings")
    repeats = None if "repeats" not in entry else _positive(entry["repeats"], f"{where}: repeats")
    family = entry.get("family")
    if family is not None and family not in get_args(Family):
        raise SuiteError(f"{where}: family = {family!r}; {nearest(str(family), get_args(Family))}")
    label = str(entry.get("label", Path(name).stem if name.endswith(".py") else name))
    if not label.strip() or not label.isprintable() or len(label) > MOST_LABEL:
        raise SuiteError(f"{where}: label = {_shown(label)}; accepted: up to {MOST_LABEL} printable characters")
    isomorphism = entry.get("isomorphism")
    if isomorphism is not None and isomorphism not in get_args(Isomorphism):
        raise SuiteError(f"{where}: isomorphism = {isomorphism!r}; {nearest(str(isomorphism), get_args(Isomorphism))}")
    factors = _table(entry.get("factors", {}), f"{where}: factors")
    for factor, level in factors.items():
        if not isinstance(level, str):
            raise SuiteError(f"{where}: factors: {factor} = {level!r} is not a text")
    return MethodEntry(name, label, settings, repeats, family, isomorphism, factors or None)
