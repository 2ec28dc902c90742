"""The manifest: what is added to it, and what it refuses."""

from typing import Any

import pytest
from stores import suite

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.suite import Suite
from equipoise.harness.store.manifest import manifest_of, merged

BOTH = ({"name": "random_search"}, {"name": "local_search"})
TASKS = ("nasbench201/cifar10",)


def asked(focus: str, *methods: dict[str, Any]) -> dict[str, Any]:
    content = {**suite(methods or BOTH, TASKS).to_dict(), "focus": focus}
    return manifest_of(Suite.from_dict(content), [], [])


def test_a_focus_stays_while_other_methods_are_run_and_goes_with_the_suite_that_names_it() -> None:
    stored = asked("local_search")
    kept = merged(stored, asked("", BOTH[0]))
    assert Suite.from_dict(kept["suite"]).focus == "local_search"
    assert Suite.from_dict(merged(stored, asked("random_search", BOTH[0]))["suite"]).focus == "random_search"
    assert Suite.from_dict(merged(stored, asked(""))["suite"]).focus == ""
    assert "focus" not in merged(asked(""), asked(""))["suite"]
    stored["suite"]["methods"].pop()  # as an older version left it, which nothing could read
    assert "focus" not in merged(stored, asked("", BOTH[0]))["suite"]


def test_what_makes_no_suite_together_is_refused_before_it_is_written() -> None:
    first, second = ({**method, "factors": {name: "x"}} for method, name in zip(BOTH, ("graph", "size"), strict=True))
    with pytest.raises(StoreError, match=r"make no suite: .*factors must have the same names.*; choose another --out"):
        merged(asked("", first), asked("", second))
    assert len(merged(asked("", first), asked("", {**second, "factors": {"graph": "y"}}))["suite"]["methods"]) == 2
