"""The suite that remains after the checks: its labels, its focus, and that it reads back."""

from typing import Any

import pytest

from equipoise.harness.core.errors import SuiteError
from equipoise.harness.core.method import Method, Observation, Query, Requirements
from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.preflight import preflight

HISTORY = {"history": ["nasbench201/cifar100"], "history_size": 12}


class Proxied(Method):
    """Has a remark, and learns from other tasks."""

    family, source = "baseline", "test"
    knowledge = ("decisions", "legality", "labels of other tasks")

    @classmethod
    def requirements(cls, settings: Any) -> Requirements:
        return Requirements(remark="proxy: digits")

    def ask(self) -> Query:
        return Query(self.space.sample(self.rng, 1)[0])

    def tell(self, observation: Observation) -> None:
        pass


class Absent(Proxied):
    packages = (("no_such_package", "none"),)


def suite(*methods: dict[str, Any], focus: str = "", **protocol: Any) -> Suite:
    return Suite.from_dict(
        {
            "name": "s",
            "budget": {"queries": 4},
            "protocol": {"repeats": 1, "seed": 0, **protocol},
            "tasks": [{"name": "nasbench201/cifar10"}],
            "methods": list(methods),
            "focus": focus,
        }
    )


PROXIED = {"name": f"{__name__}:Proxied", "label": "p"}


def test_the_focus_follows_the_label_of_its_method() -> None:
    ready = preflight(suite(PROXIED, {"name": "random_search"}, focus="p", **HISTORY), skip_missing=False)
    assert ready.suite.focus == ready.asked.focus == "p (proxy: digits) (history 12)"
    assert Suite.from_dict(ready.suite.to_dict()) == ready.suite
    absent = preflight(suite({**PROXIED, "name": f"{__name__}:Absent"}, {"name": "random_search"}, focus="p"), True)
    assert absent.asked.focus == "p (proxy: digits)"
    assert absent.suite.focus == "", "its method is skipped"
    plain = preflight(suite(PROXIED, {"name": "random_search"}, focus="random_search"), skip_missing=False)
    assert plain.suite.focus == "random_search"


def test_labels_that_get_equal_or_too_long_are_refused() -> None:
    other = {"name": "random_search", "label": "p (proxy: digits)"}
    with pytest.raises(SuiteError, match="method 'p \\(proxy: digits\\)' is named twice"):
        preflight(suite(PROXIED, other), skip_missing=False)
    with pytest.raises(SuiteError, match="accepted: up to 200 printable characters"):
        preflight(suite({**PROXIED, "label": "p" * 195}), skip_missing=False)


@pytest.mark.parametrize("rules", [{}, HISTORY])
def test_a_suite_that_was_stored_keeps_its_labels(rules: dict[str, Any]) -> None:
    once = preflight(suite(PROXIED, {"name": "random_search"}, **rules), skip_missing=False).suite
    again = preflight(Suite.from_dict(once.to_dict()), skip_missing=False).suite
    assert [method.label for method in again.methods] == [method.label for method in once.methods]
    assert [run.run_id for run in again.runs()] == [run.run_id for run in once.runs()]


def test_a_limit_of_memory_is_refused_where_it_cannot_be_kept(monkeypatch: pytest.MonkeyPatch) -> None:
    limited = suite({"name": "random_search"}, memory_per_run="4GB")
    assert preflight(limited, False).suite.methods
    monkeypatch.setattr("equipoise.harness.engine.preflight.memory_is_told", lambda: False)
    with pytest.raises(SuiteError, match=r"memory_per_run = '4GB': this system does not tell .* leave it out"):
        preflight(limited, False)
