"""A suite watched from outside: what is stored, how fast, and what is left."""

from pathlib import Path

import pytest
from stores import described, played, suite

from equipoise.harness.core.errors import StoreError
from equipoise.harness.store.run_store import RunStore
from equipoise.harness.store.suite_watch import SuiteWatch


def test_rate_time_left_and_failures(tmp_path: Path) -> None:
    chosen = suite(({"name": "random_search"},), ("nasbench_graph/proteins",), {"queries": 5})
    RunStore(tmp_path).write_manifest(described(chosen))
    now = 0.0
    watch = SuiteWatch(tmp_path, lambda: now)
    first = watch.look()
    assert (first.stored, first.planned, first.rate, first.complete) == (0, 4, None, False)
    assert first.headline == "made: 0 of 4 runs stored"
    played(tmp_path, suite(({"name": "random_search"},), chosen.tasks, {"queries": 5}, repeats=1))
    RunStore(tmp_path).write_manifest(described(chosen))
    now = 30.0
    second = watch.look()
    assert (second.stored, second.rate, second.minutes_left) == (1, 2.0, 1.5)
    assert second.headline == "made: 1 of 4 runs stored, 2 runs per minute, about 2 min left"
    assert second.version != first.version
    assert watch.look().version == second.version
    failed = next(spec for spec in chosen.runs() if spec.repeat == 2)
    entry = {"run_id": failed.run_id, "task": failed.task, "method": failed.label, "repeat": 2}
    RunStore(tmp_path).record_failure({**entry, "error": "it broke", "traceback": "", "at": ""})
    third = watch.look()
    assert third.failures == ("random_search on nasbench_graph/proteins, repeat 2: it broke",)
    assert (third.failed, third.version != second.version) == (1, True)
    now = 1000.0
    assert SuiteWatch(tmp_path, lambda: now).look().rate is None
    played(tmp_path, chosen)
    assert watch.look().headline.endswith("; complete")


def test_the_rate_is_that_of_the_last_minutes(tmp_path: Path) -> None:
    chosen = suite(({"name": "random_search"},), ("nasbench_graph/proteins",), {"queries": 5})
    RunStore(tmp_path).write_manifest(described(chosen))
    times = iter([0.0, 60.0, 300.0, 600.0, 900.0])
    watch = SuiteWatch(tmp_path, lambda: next(times))
    watch.look()
    played(tmp_path, chosen)
    rates = [watch.look().rate for _ in range(4)]
    assert rates == [4.0, 0.8, None, None]  # nothing has come for minutes


def test_a_folder_without_results_is_refused(tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"no manifest\.json"):
        SuiteWatch(tmp_path).look()
