"""From a suite file to the runs it asks for."""

import json
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import dataclass, field, replace
from difflib import get_close_matches
from fnmatch import fnmatch
from pathlib import Path
from typing import Any

from equipoise.harness.core.errors import SettingError, SuiteError, nearest, one_line
from equipoise.harness.core.html_facts import html_facts
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.objectives import Constraint, checked_objectives, measured_objectives
from equipoise.harness.core.protocol import Protocol, protocol_of
from equipoise.harness.core.registry import suites_folder
from equipoise.harness.core.run_spec import RunSpec, located
from equipoise.harness.core.suite_entries import MethodEntry, budgets_of, method_of, tasks_of
from equipoise.harness.core.suite_values import (
    as_folder_name,
    as_list,
    as_positive,
    as_table,
    as_tables,
    check_keys,
    check_unique,
    shown,
)
from equipoise.harness.core.wording import plural

__all__ = ["Suite"]


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
        focus: Label of the method that its report compares with each other one; empty for none, and where the method
            is none of these.

    Raises:
        SuiteError: Two methods have one label, or the budget does not go with the rules.
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
    focus: str = field(default="", compare=False)

    def __post_init__(self) -> None:
        """Makes `budgets` end with `budget`, of which one replaced alone is the only one, and checks what is left."""
        if self.budgets[-1:] != (self.budget,):
            object.__setattr__(self, "budgets", (self.budget,))
        labels = [method.label for method in self.methods]
        check_unique(labels, "method", 'give each its own label = "..."')
        if self.focus not in labels:
            object.__setattr__(self, "focus", "")
        continued = self.protocol.continue_training or any(method.continue_training for method in self.methods)
        if continued and self.budget.unit == "queries":
            raise SuiteError(
                "continue_training = true: a query costs one query however long it trains, and the budget is "
                f"{self.budget}; set [budget] epochs or cost_seconds, and leave --queries (queries=) out"
            )

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
        check_keys(content, (*accepted, "objectives", "constraints", "focus"), "suite")
        for required in ("name", "budget", "protocol", "tasks", "methods"):
            if required not in content:
                raise SuiteError(f"'{required}' is missing")
        name = as_folder_name(content["name"])
        budgets = budgets_of(as_table(content["budget"], "[budget]"))
        tasks = tuple(task for entry in as_tables(content["tasks"], "tasks") for task in tasks_of(entry))
        objectives = checked_objectives(content["objectives"]) if content.get("objectives") else ()
        methods = tuple(method_of(entry, len(objectives)) for entry in as_tables(content["methods"], "methods"))
        check_unique(tasks, "task", "name it once")
        designs = {tuple(sorted(method.factors)): method.label for method in methods if method.factors}
        if len(designs) > 1:
            said = "; ".join(f"{', '.join(names)} ({label})" for names, label in designs.items())
            raise SuiteError(f"[[methods]]: factors must have the same names in all methods that have any; got {said}")
        protocol, folder = protocol_of(as_table(content["protocol"], "[protocol]")), content.get("folder", "")
        if not isinstance(folder, str):
            raise SuiteError(f"folder = {folder!r} is not a text")
        constraints = tuple(
            str(Constraint.parse(text)) for text in as_list(content.get("constraints", []), "constraints")
        )
        focus, labels = content.get("focus", ""), [method.label for method in methods]
        if focus and focus not in labels:
            raise SuiteError(f"focus = {shown(focus)}: the suite has no such method; {nearest(str(focus), labels)}")
        return cls(name, budgets[-1], protocol, tasks, methods, folder, budgets, objectives, constraints, focus)

    def to_dict(self) -> dict[str, Any]:
        """The content of a suite file that reads back as this suite."""
        named = [*self.tasks, *self.protocol.history, *(method.name for method in self.methods)]
        amounts = [getattr(budget, budget.unit) for budget in self.budgets]
        return {
            "name": self.name,
            **({"folder": self.folder} if any(self.address(name) != name for name in named) else {}),
            **({"objectives": list(self.objectives)} if self.objectives else {}),
            **({"constraints": list(self.constraints)} if self.constraints else {}),
            **({"focus": self.focus} if self.focus else {}),
            "budget": {self.budget.unit: amounts[0] if len(amounts) == 1 else amounts},
            "protocol": self.protocol.rules(),
            "tasks": [{"name": task} for task in self.tasks],
            "methods": [method.to_dict() for method in self.methods],
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
            SuiteError: A label or a task is not in the suite, a number is not positive, or the rules need another
                budget than queries.
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
            protocol = replace(protocol, repeats=as_positive(repeats, "--repeats"))
            methods = tuple(replace(method, repeats=None) for method in methods)
        budgets = self.budgets if queries is None else (Budget(queries=queries),)
        return replace(self, tasks=kept, methods=methods, protocol=protocol, budget=budgets[-1], budgets=budgets)

    def __repr__(self) -> str:
        return (
            f"<Suite {self.name}: {plural(len(self.methods), 'method')} on {plural(len(self.tasks), 'task')}, "
            f"{self.budgets_text()} per run, {plural(self.protocol.repeats, 'repeat')}>"
        )

    def _repr_html_(self) -> str:
        labels = ", ".join(method.label for method in self.methods)
        facts = {"tasks": ", ".join(self.tasks), "methods": labels, "budget": f"{self.budgets_text()} per run"}
        rules = ", ".join(f"{name} = {value}" for name, value in self.protocol.rules().items())
        return html_facts(f"suite {self.name}", {**facts, "protocol": rules})

    def budgets_text(self) -> str:
        """All budgets in words: ``30 queries or 100 queries``."""
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
        named = {rule: getattr(method, rule) for rule in ("isomorphism", "continue_training", "invalid")}
        changed: dict[str, Any] = {rule: value for rule, value in named.items() if value is not None}
        return replace(self.protocol, **changed) if changed else self.protocol

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
                    method.scalarisation.to_json() if method.scalarisation else "",
                )


def _find(path: Path | str) -> Path:
    path = Path(path)
    shipped = suites_folder() / f"{path}.toml"
    with suppress(OSError):  # a name longer than the file system allows
        if not path.is_file() and path.suffix == "" and shipped.exists():
            return shipped
        if path.is_file():
            return path
    names, shown = [suite.stem for suite in suites_folder().glob("*.toml")], one_line(str(path), 100)
    beside: list[str] = []
    with suppress(OSError):
        beside = sorted(str(suite) for suite in path.parent.glob("*.toml"))
    if close := get_close_matches(str(path), beside, n=1):
        raise SuiteError(f"no suite file '{shown}'; did you mean '{close[0]}'?")
    raise SuiteError(f"no suite file '{shown}'; give a path, or {nearest(path.stem[:100], names)}")
