"""Whether the runs of an entry can stand beside those of a suite, and what keeps the others from it."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from equipoise.harness.core.errors import PluginError
from equipoise.harness.core.method_code import code_of
from equipoise.harness.core.protocol import NO_RULES
from equipoise.harness.core.registry import load_method
from equipoise.harness.core.suite_entries import MethodEntry
from equipoise.harness.store.entry import Entry
from equipoise.harness.store.manifest import made_elsewhere
from equipoise.harness.store.task_data import data_of, history_of

__all__ = ["Comparable", "comparable", "flags"]


@dataclass(frozen=True)
class Comparable:
    """The part of an entry that was run under the rules of a suite.

    Attributes:
        tasks: Tasks of both, on the same data.
        budgets: Budgets of both.
        differences: What differs, one line each.
        without: Labels of the entry that were run under other rules than its suite, or learned from other data.
    """

    tasks: tuple[str, ...]
    budgets: tuple[float, ...]
    differences: tuple[str, ...]
    without: tuple[str, ...] = ()

    def __bool__(self) -> bool:
        return bool(self.tasks and self.budgets)


def comparable(manifest: Mapping[str, Any], entry: Entry) -> Comparable:
    """Compares budget, rules and data of a suite with those of an entry.

    The seed of the suite may differ, as long as methods start on their own: repeats are independent either way.

    Args:
        manifest: Of the results.
        entry: What may stand beside them.
    """
    own, other = manifest["suite"], entry.manifest()["suite"]
    if differences := _rules_that_differ(own, other):
        return Comparable((), (), (f"{entry.name} is not used: {'; '.join(differences)}",))
    said, shared = _budgets(own, other), set(_amounts(own)) & set(_amounts(other))
    budgets = sorted(shared) if _unit(own) == _unit(other) else []
    names = [task["name"] for task in own["tasks"]]
    held = {task["name"] for task in other["tasks"]}
    here, there = manifest["tasks"], entry.manifest()["tasks"]
    tasks = []
    for name in names:
        digests = [entries.get(name, {}).get("digest") for entries in (here, there)]
        if name not in held:
            continue
        if None not in digests and digests[0] != digests[1]:
            said.append(f"{name} was run on other data (SHA-256 {digests[1][:16]}, here {digests[0][:16]})")
        elif "skip" not in here.get(name, {}):
            tasks.append(name)
    if not tasks and not said:
        said.append(f"it has no runs on {', '.join(names[:3])}{' and others' if len(names) > 3 else ''}")
    suite = entry.suite
    ruled = tuple(method.label for method in suite.methods if suite.rules_of(method) != suite.protocol)
    if ruled:
        said.append(f"{', '.join(ruled)} ran under rules of their own")
    taught = _taught_otherwise(data_of(manifest), entry.manifest())
    if taught:
        said.append(f"{', '.join(taught)} learned from other data of {', '.join(dict.fromkeys(taught.values()))}")
    without = tuple(dict.fromkeys((*ruled, *taught)))
    use = "is not used" if not (tasks and budgets) else "is used in part"
    lines = tuple(f"{entry.name} {use}: {line}" for line in said)
    return Comparable(tuple(tasks), tuple(map(float, budgets)), lines, without)


def _taught_otherwise(here: Mapping[str, Any], other: Mapping[str, Any]) -> dict[str, str]:
    """The methods of an entry that were told evaluations of data that are others here, with the first such task."""
    there, found = data_of(other), dict[str, str]()
    for label, method in other["methods"].items():
        for name in history_of([method]):
            digests = {entries.get(name, {}).get("digest") for entries in (here, there)} - {None}
            if len(digests) > 1:
                found.setdefault(label, name)
    return found


def _rules_that_differ(own: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    said = []
    for key in ("objectives", "constraints"):
        if own.get(key):
            said.append(f"this suite has {key}, and it has none")
    rules, others = own["protocol"], other["protocol"]
    ignored = NO_RULES if "shared" in (rules.get("initial"), others.get("initial")) else (*NO_RULES, "seed")
    if rules.get("initial") == "own" == others.get("initial"):
        ignored = (*ignored, "initial_size")
    for key in {**rules, **others}:
        if key not in ignored and rules.get(key) != others.get(key):
            said.append(f"{key} is {rules.get(key, 'the default')} here and {others.get(key, 'the default')} there")
    return said


def _budgets(own: Mapping[str, Any], other: Mapping[str, Any]) -> list[str]:
    missing = [amount for amount in _amounts(own) if amount not in _amounts(other)]
    if list(own["budget"]) == list(other["budget"]) and not missing:
        return []
    words = [f"{', '.join(map(str, _amounts(suite)))} {_unit(suite)}" for suite in (own, other)]
    advice = "" if set(_amounts(own)) & set(_amounts(other)) else "; set [budget] to one of these, with another --out"
    return [f"the budget is {words[0]} here; it has runs of {words[1]}{advice}"]


def _unit(suite: Mapping[str, Any]) -> str:
    return str(next(iter(suite["budget"]))).replace("_", " ")


def _amounts(suite: Mapping[str, Any]) -> list[Any]:
    (amounts,) = suite["budget"].values()
    return list(amounts) if isinstance(amounts, list) else [amounts]


def flags(entry: Entry) -> list[str]:
    """Tells where runs of an entry were made by other code of methods, or other versions, than are here.

    The methods that come with Equipoise are compared; the code of others is not here.
    """
    said, codes = [], entry.description["codes"]
    held = {summary.method for summary in entry.summaries().values()}
    methods = [method for method in entry.suite.methods if method.label in held]
    other = [method.label for method in methods if _other_code(method, codes.get(method.label, ""))]
    if other:
        said.append(f"{entry.name}: runs of {', '.join(other)} were made by other code than is here")
    if (elsewhere := made_elsewhere(entry.manifest())) is not None:
        said.append(f"{entry.name}: {elsewhere}")
    return said


def _other_code(method: MethodEntry, code: str) -> bool:
    """Whether a method that comes with Equipoise has changed, or is gone."""
    if not code or ":" in method.name or method.name.endswith(".py"):
        return False
    try:
        return code_of(load_method(method.name), method.settings) != code
    except PluginError:
        return True
