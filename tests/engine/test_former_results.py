"""Results of the former version (0.1.0 before own training had a column) are read, reported, verified and resumed.

`golden/results-0.1-former` was written by that version, with ``run former.toml --out results --workers 2``.
"""

import json
import shutil
from pathlib import Path

import pandas as pd
import pytest

from equipoise.harness.archive.add import add
from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.session import run_suite
from equipoise.harness.engine.verify import verify
from equipoise.harness.store.entry import Entry
from equipoise.harness.store.run_file import COLUMNS
from equipoise.harness.store.run_store import RunStore
from equipoise.reports.write import write

FORMER = Path(__file__).parents[1] / "golden" / "results-0.1-former"
SUITE = """
name = "former"
[budget]
queries = 30
[protocol]
repeats = {repeats}
seed = 15
[[tasks]]
name = "nasbench201/fashion14"
[[tasks]]
name = "nasbench_graph/cora"
[[methods]]
name = "random_search"
[[methods]]
name = "regularized_evolution"
settings = {{ population = 8, sample = 3 }}
[[methods]]
name = "rs_ws"
settings = {{ epochs = 3, most_images = 16, candidates = 20, judging_batches = 1 }}
"""


@pytest.fixture
def former(tmp_path: Path) -> Path:
    return Path(shutil.copytree(FORMER, tmp_path / "results"))


def test_its_rows_are_read_with_the_charge_of_own_training() -> None:
    frame = RunStore(FORMER).frame()
    assert list(frame.columns) == list(COLUMNS)
    assert len(frame) == 10 * 30
    own = frame[frame.method == "rs_ws"].groupby("repeat").training_charge
    assert (own.apply(lambda charge: (charge > 0).sum()) == 2).all()  # two searches of 20 candidates each
    assert own.sum().to_numpy() == pytest.approx([0.0114, 0.01125], abs=1e-4)
    assert (frame[frame.method != "rs_ws"].training_charge == 0).all()
    assert {summary.unspent for summary in RunStore(FORMER).summaries().values()} == {0.0}


def test_it_is_reported(former: Path) -> None:
    write(former, ("md",))
    text = (former / "report.md").read_text()
    assert "own training" in text
    assert "regularized_evolution" in text


def test_it_is_verified_bit_for_bit(former: Path) -> None:
    said: list[str] = []
    assert verify(former, 10, said.append) == 0, said
    assert said[-1] == "10 of 10 runs repeat bit for bit"


def test_its_budget_stays_where_others_were_added_since(former: Path) -> None:
    store = RunStore(former)
    manifest = store.manifest() or {}
    store.write_manifest({**manifest, "suite": {**manifest["suite"], "budget": {"queries": [30, 100]}}})
    assert {summary.budget for summary in RunStore(former).summaries().values()} == {30.0}
    assert set(RunStore(former).frame()["budget"]) == {30.0}


def test_it_is_packed(former: Path) -> None:
    assert len(add(former, former.parent / "archive", "former").methods) == 3
    packed, stored = Entry(former.parent / "archive" / "former").frame(), RunStore(former).frame()
    for column in ("task", "method", "budget", "repeat", "architecture", "validation_error", "training_charge"):
        assert packed[column].tolist() == stored[column].tolist()


def test_it_is_resumed(former: Path) -> None:
    before = {path: path.read_bytes() for path in (former / "runs").iterdir()}
    suite = former.parent / "former.toml"
    suite.write_text(SUITE.format(repeats=3))
    assert not run_suite(Suite.load(suite).changed(("random_search", "rs_ws")), former, workers=1).failures
    assert {path: path.read_bytes() for path in before} == before
    frame = RunStore(former).frame()
    assert len(frame) == 13 * 30
    assert not frame.training_charge.isna().any()
    new = pd.read_parquet([path for path in (former / "runs").iterdir() if path not in before])
    assert set(new.repeat) == {3}
    assert (new[new.method == "rs_ws"].training_charge > 0).any()
    manifest = json.loads((former / "manifest.json").read_text())
    assert manifest["methods"]["rs_ws"]["knowledge"] == ["decisions", "legality", "images"]
    assert "knowledge" not in manifest["methods"]["regularized_evolution"]  # what the former version wrote stays
    said: list[str] = []
    assert verify(former, 4, said.append) == 0, said
