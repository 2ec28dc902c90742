"""The entries of a suite file: budgets, tasks and methods."""

from collections.abc import Mapping
from dataclasses import dataclass, fields
from fnmatch import fnmatch
from itertools import pairwise
from pathlib import Path
from typing import Any, get_args

from equipoise.harness.core.errors import SuiteError, nearest, one_line
from equipoise.harness.core.isomorphism import Isomorphism
from equipoise.harness.core.ledger import Budget, Invalid
from equipoise.harness.core.method import Family, Knowledge
from equipoise.harness.core.registry import benchmark_names, benchmarks, task_names
from equipoise.harness.core.scalarisation import Scalarisation
from equipoise.harness.core.suite_values import as_bool, as_positive, as_settings, as_table, check_keys, shown

__all__ = ["MethodEntry", "budgets_of", "method_of", "tasks_of"]

MOST_LABEL = 200
"""Characters of what the report calls a method."""


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
        continue_training: Likewise.
        invalid: Likewise.
        factors: Its level of each factor, for suites that are a factorial design.
        knowledge: Overrides what the class declares, for settings that use more or less than the defaults.
        scalarisation: How several objectives are told to it as one.
    """

    name: str
    label: str
    settings: Mapping[str, Any]
    repeats: int | None = None
    family: Family | None = None
    isomorphism: Isomorphism | None = None
    factors: Mapping[str, str] | None = None
    scalarisation: Scalarisation | None = None
    continue_training: bool | None = None
    invalid: Invalid | None = None
    knowledge: tuple[Knowledge, ...] | None = None

    def __post_init__(self) -> None:
        """Refuses a label that cannot stand in a table, also one that was added to."""
        if not self.label.strip() or not self.label.isprintable() or len(self.label) > MOST_LABEL:
            raise SuiteError(
                f"[[methods]] {one_line(self.name, 100)}: label = {shown(self.label)}; accepted: up to {MOST_LABEL} "
                "printable characters"
            )

    def to_dict(self) -> dict[str, Any]:
        """The table ``[[methods]]`` that reads back as this entry."""
        told = {**vars(self), "settings": dict(self.settings)}
        told["factors"] = dict(self.factors) if self.factors else None
        told["knowledge"] = list(self.knowledge) if self.knowledge else None
        told["scalarisation"] = self.scalarisation.to_dict() if self.scalarisation else None
        return {key: value for key, value in told.items() if value is not None}


def budgets_of(content: dict[str, Any]) -> tuple[Budget, ...]:
    """One budget, or one per number of a list, ascending.

    Raises:
        SuiteError: The table ``[budget]`` asks for something else.
    """
    check_keys(content, [f.name for f in fields(Budget)], "[budget]")
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


def tasks_of(entry: dict[str, Any]) -> list[str]:
    """The names of tasks that one table ``[[tasks]]`` asks for; a pattern may match several.

    Raises:
        SuiteError: It names none.
    """
    check_keys(entry, ("name",), "[[tasks]]")
    name = entry.get("name")
    if not isinstance(name, str):
        raise SuiteError(f"[[tasks]]: name = {name!r} is not a text")
    if "*" in name:
        matching = [task for benchmark in benchmarks() for task in task_names(benchmark) if fnmatch(task, name)]
        if not matching:
            head, _, _ = name.partition("/")
            raise SuiteError(f"pattern '{name}' matches no task; {nearest(head, benchmark_names())}")
        return matching
    return [name]


def method_of(entry: dict[str, Any], objectives: int = 0) -> MethodEntry:
    """The method that one table ``[[methods]]`` asks for.

    Args:
        entry: The table.
        objectives: Those of the suite; 0 for the validation error alone.

    Raises:
        SuiteError: A key is unknown, or its value is not accepted.
    """
    check_keys(entry, [f.name for f in fields(MethodEntry)], "[[methods]]")
    name = entry.get("name")
    if not isinstance(name, str):
        raise SuiteError(f"[[methods]]: name = {name!r} is not a text")
    where = f"[[methods]] {one_line(name, 100)}"
    settings = as_settings(as_table(entry.get("settings", {}), f"{where}: settings"), where)
    repeats = None if "repeats" not in entry else as_positive(entry["repeats"], f"{where}: repeats")
    family = entry.get("family")
    if family is not None and family not in get_args(Family):
        raise SuiteError(f"{where}: family = {family!r}; {nearest(str(family), get_args(Family))}")
    label = str(entry.get("label", Path(name).stem if name.endswith(".py") else name))
    isomorphism, invalid = entry.get("isomorphism"), entry.get("invalid")
    for rule, value, accepted in (
        ("isomorphism", isomorphism, get_args(Isomorphism)),
        ("invalid", invalid, get_args(Invalid)),
    ):
        if value is not None and value not in accepted:
            raise SuiteError(f"{where}: {rule} = {value!r}; {nearest(str(value), accepted)}")
    factors = as_table(entry.get("factors", {}), f"{where}: factors")
    for factor, level in factors.items():
        if not isinstance(level, str):
            raise SuiteError(f"{where}: factors: {factor} = {level!r} is not a text")
    scalarisation = None
    if "scalarisation" in entry:
        scalarisation = Scalarisation.parse(entry["scalarisation"], objectives, where)
    continued = entry.get("continue_training")
    if continued is not None:
        as_bool(continued, f"{where}: continue_training")
    knowledge = _knowledge(entry["knowledge"], where) if "knowledge" in entry else None
    return MethodEntry(
        name,
        label,
        settings,
        repeats,
        family,
        isomorphism,
        factors or None,
        scalarisation,
        continued,
        invalid,
        knowledge,
    )


def _knowledge(told: Any, where: str) -> tuple[Knowledge, ...]:
    accepted = get_args(Knowledge)
    if not isinstance(told, list) or not told:
        raise SuiteError(f"{where}: knowledge = {shown(told)}; accepted: a list of {', '.join(accepted)}")
    for name in told:
        if name not in accepted:
            raise SuiteError(f"{where}: knowledge names {name!r}; {nearest(str(name), accepted)}")
    return tuple(dict.fromkeys(told))
