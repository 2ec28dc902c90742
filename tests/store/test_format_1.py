"""Stores of the version before own training had a column are read, and told what their rows tell."""

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from made import MadeSpace, MadeTask
from made_manifest import BARE
from made_runs import made_run

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.protocol import Protocol
from equipoise.harness.core.run_spec import RunSpec
from equipoise.harness.core.task import Evaluation
from equipoise.harness.engine.runner import run_trial
from equipoise.harness.store.run_file import COLUMNS, Run
from equipoise.harness.store.run_store import RunStore


class Task:
    """Costs differ by architecture."""

    space = MadeSpace()
    info = MadeTask.info
    mean_cost_seconds = 20.0

    def evaluate(self, architecture, fidelity, rng):
        return Evaluation(0.1 * sum(architecture), 10.0 + sum(architecture))


class Script(Method):
    """Trains half a network before every other query; the third is invalid and the fourth a duplicate."""

    queries = ((0, 0, 2), (0, 0, 0), (0, 0, 1), (0, 0, 2))
    n = -1

    def ask(self) -> Query:
        self.n += 1
        return Query(self.queries[self.n % 4], training_cost=0.5 * (self.n % 2))

    def tell(self, observation: Observation) -> None:
        pass


def former(folder: Path, budget: Budget, protocol: Protocol) -> list[float]:
    """Writes one run as format 1 did: without two columns. Returns what ``training_charge`` would have held."""
    method = Script(Problem(Task.space, budget, Task.info.fidelities), np.random.default_rng(0))
    ledger = Ledger(budget, protocol.duplicates, protocol.invalid)
    trajectory = run_trial(method, Task(), ledger, lambda _: np.random.default_rng(0))
    store = RunStore(folder)
    spec = RunSpec("made/plain", "m", "m", "{}", 1, budget, protocol)
    path = store.write([Run(spec, trajectory, 0.0)], Task.space)
    table = pq.read_table(path).drop_columns(["training_charge", "budget"])
    summaries = json.loads(table.schema.metadata[b"equipoise"])
    for summary in summaries:
        summary["shortfall"] = summary.pop("unspent")
        del summary["budget"]
    path.unlink()
    former = path.with_name(f"{path.stem[:-17]}.parquet")  # whose name stated no digest
    pq.write_table(table.replace_schema_metadata({"equipoise": json.dumps(summaries)}), former)
    suite = {"budget": {budget.unit: budget.limit}, "protocol": vars(protocol), "tasks": [], "methods": []}
    store.write_manifest({**BARE, "format": 1, "suite": suite})
    return trajectory.training_charge


@pytest.mark.parametrize("duplicates", ["charge", "free"])
@pytest.mark.parametrize("invalid", ["penalise", "redraw"])
@pytest.mark.parametrize(
    "budget", [Budget(queries=9), Budget(epochs=40), Budget(cost_seconds=100.0)], ids=lambda b: b.unit
)
def test_the_charge_of_own_training_is_derived_where_the_row_tells_it(
    tmp_path: Path, budget: Budget, duplicates: str, invalid: str
) -> None:
    expected = former(tmp_path, budget, Protocol(1, 1, duplicates=duplicates, invalid=invalid))
    assert any(expected)
    frame = RunStore(tmp_path).frame()
    assert list(frame.columns) == list(COLUMNS)
    told = (frame["status"] != "invalid") | (budget.unit == "queries") | (invalid == "redraw")
    assert {"ok", "duplicate", "invalid"} == set(frame["status"])
    assert frame["training_charge"].isna().tolist() == (~told).tolist()
    assert frame["training_charge"][told].tolist() == pytest.approx(np.array(expected)[told].tolist(), abs=1e-9)
    only = RunStore(tmp_path).frame(columns=["training_charge"])
    assert only["training_charge"].equals(frame["training_charge"])


def test_as_stored_nothing_is_derived(tmp_path: Path) -> None:
    former(tmp_path, Budget(queries=9), Protocol(1, 1))
    assert RunStore(tmp_path).frame(as_stored=True)["training_charge"].isna().all()
    assert RunStore(tmp_path).frame(columns=["training_charge"], as_stored=True).isna().all().all()


def test_the_unspent_budget_is_read_under_its_former_name(tmp_path: Path) -> None:
    former(tmp_path, Budget(cost_seconds=100.0), Protocol(1, 1))
    (summary,) = RunStore(tmp_path).summaries().values()
    assert summary.unspent == 0.0


def test_without_a_manifest_nothing_is_derived(tmp_path: Path) -> None:
    former(tmp_path, Budget(queries=9), Protocol(1, 1))
    (tmp_path / "manifest.json").unlink()
    assert RunStore(tmp_path).frame()["training_charge"].isna().all()


def test_the_budget_is_the_only_one_of_the_suite(tmp_path: Path) -> None:
    former(tmp_path, Budget(queries=9), Protocol(1, 1))
    (summary,) = RunStore(tmp_path).summaries().values()
    assert summary.budget == 9.0
    assert set(RunStore(tmp_path).frame()["budget"]) == {9.0}


def test_a_run_of_today_under_the_name_of_a_former_one_is_not_read_as_its_end(tmp_path: Path) -> None:
    former(tmp_path, Budget(queries=9), Protocol(1, 1))
    run = made_run()
    RunStore(tmp_path).write(
        [replace(run, spec=replace(run.spec, settings='{"a": 1}', budget=Budget(queries=9)))], MadeSpace()
    )
    with pytest.raises(StoreError, match="repeat 1 of m on made/plain is stored twice"):
        RunStore(tmp_path).frame()
