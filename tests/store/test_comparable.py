"""Which runs of an entry may stand beside those of a suite."""

from copy import deepcopy
from types import SimpleNamespace
from typing import Any

from stores import described, suite

from equipoise.harness.core.suite import Suite
from equipoise.harness.store.comparable import comparable

TASKS, TOLD = ("nasbench201/cifar10",), "nasbench201/cifar100"
METHODS = ({"name": "transfer_gp"}, {"name": "random_search"})


def manifest(digest: str | None) -> dict[str, Any]:
    content = described(suite(METHODS, TASKS, history=[TOLD]))
    content["methods"]["transfer_gp"]["history"] = {TASKS[0]: {TOLD: 100}}
    return {**content, "history": {TOLD: {"digest": digest} if digest else {}}}


def entry(content: dict[str, Any]) -> Any:
    return SimpleNamespace(name="theirs", suite=Suite.from_dict(content["suite"]), manifest=lambda: content)


def test_methods_that_learned_from_other_data_are_left_out() -> None:
    own = manifest("a" * 64)
    assert comparable(own, entry(deepcopy(own))).without == ()
    found = comparable(own, entry(manifest("b" * 64)))
    assert (found.tasks, found.without) == (TASKS, ("transfer_gp",))
    assert found.differences == (f"theirs is used in part: transfer_gp learned from other data of {TOLD}",)
    older = {key: value for key, value in own.items() if key != "history"}
    for other in (manifest(None), older):
        assert comparable(own, entry(other)).without == comparable(other, entry(own)).without == ()
