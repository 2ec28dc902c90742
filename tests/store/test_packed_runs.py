"""Packed runs give back the rows that they were packed from, and stand beside results under the same rules."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from stores import played, suite

from equipoise.harness.archive.add import complete_repeats
from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.registry import load_space
from equipoise.harness.core.suite import Suite
from equipoise.harness.store import packed_checks
from equipoise.harness.store.combined import CombinedStore
from equipoise.harness.store.description import description_of
from equipoise.harness.store.entry import Entry
from equipoise.harness.store.numbering import Numbering
from equipoise.harness.store.overview import opened
from equipoise.harness.store.packed_runs import CHECKSUMS, file_of, packed_runs, read_packed
from equipoise.harness.store.proposal_codes import NEEDED, STREAMS
from equipoise.harness.store.run_store import RunStore
from equipoise.reports.load import load

METHODS = (
    {"name": "local_search"},
    {"name": "asng"},
    {"name": "random_search"},
    {"name": "plugins_for_tests:AlwaysInvalid", "label": "invalid"},
)
TASKS = ("nasbench201/cifar10", "nasbench_graph/cora")
BUDGETS = {"queries": [10, 25]}


def packed(folder: Path, entry: Path, change: Callable[[dict[str, Any]], None] = lambda _: None) -> Entry:
    """Packs all that a folder has."""
    store, chosen = opened(folder)
    repeats = complete_repeats(store, chosen)
    entry.mkdir()
    (entry / "runs.parquet").write_bytes(file_of(packed_runs(store, chosen, repeats), store.path))
    description = description_of(store, repeats, "field", "1", ["A. Nonymous"], "")
    change(description)
    (entry / "entry.json").write_text(json.dumps(description))
    return Entry(entry)


@pytest.fixture(scope="module")
def source(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("source") / "field", suite(METHODS, TASKS, budget=BUDGETS, repeats=2))


@pytest.fixture(scope="module")
def former() -> Entry:
    """An entry that a former version packed."""
    return Entry(Path(__file__).parents[1] / "golden" / "entry-format-1")


@pytest.fixture(scope="module")
def entry(source: Path, tmp_path_factory: pytest.TempPathFactory) -> Entry:
    return packed(source, tmp_path_factory.mktemp("packed") / "field")


def test_rows_are_those_of_the_source(source: Path, entry: Entry) -> None:
    store = RunStore(source)
    assert set(store.frame()["status"]) == {"ok", "duplicate", "invalid"}  # else it shows little
    pd.testing.assert_frame_equal(entry.frame(), store.frame(), check_exact=True)
    assert {k: v.code for k, v in entry.summaries().items()} == {k: v.code for k, v in store.summaries().items()}
    for run_id, rows in entry.rows_of([next(iter(store.summaries()))]):
        ((_, there),) = store.rows_of([run_id])
        assert rows["architecture"].tolist() == there["architecture"].tolist()


def test_nothing_is_stored_that_tables_and_longer_runs_tell(entry: Entry) -> None:
    table = pq.read_table(entry.path / "runs.parquet")
    assert "validation_error" not in table.column_names
    assert "number_3" not in table.column_names
    shared = table.filter(table["parents"].is_null()).to_pandas()
    assert set(shared["method"]) >= {"local_search"}
    assert set(shared["budget"]) == {10.0}


def test_what_the_tables_do_not_tell_is_stored(tmp_path: Path) -> None:
    noisy = played(tmp_path / "noisy", suite(METHODS[:1], ("nasbench201/cifar10",), repeats=2, noise="single"))
    entry = packed(noisy, tmp_path / "entry")
    assert len(entry.departures("validation_error")) == 2
    pd.testing.assert_frame_equal(entry.frame(), RunStore(noisy).frame(), check_exact=True)


@pytest.mark.parametrize("tasks", [TASKS, TASKS[1:]])
@pytest.mark.parametrize("others", [(), METHODS[2:3]])
def test_runs_that_ended_before_their_first_query_are_packed(tmp_path: Path, tasks, others) -> None:
    methods = ({"name": "plugins_for_tests:EndsOnGraphs", "label": "ends"}, *others)
    source = played(tmp_path / "field", suite(methods, tasks, budget=BUDGETS, repeats=2))
    entry, store = packed(source, tmp_path / "entry"), RunStore(source)
    said = [{run.run_id: (run.queries, run.ended) for run in each.summaries().values()} for each in (entry, store)]
    assert said[0] == said[1]
    assert (0, "no cells") in said[0].values()
    if len(store.frame()):
        pd.testing.assert_frame_equal(entry.frame(), store.frame(), check_exact=True)
    assert len(dict(entry.rows_of(said[0]))) == len(said[0])


def test_a_space_too_large_to_number_is_refused() -> None:
    with pytest.raises(StoreError, match="up to 2\\^32"):
        Numbering(load_space("darts")())


@pytest.mark.parametrize(
    ("file", "content", "said"),
    [
        ("runs.parquet", b"nothing", "damaged, or no file of packed runs"),
        ("entry.json", b"{", "damaged"),
        ("entry.json", b'{"format": 99}', "that this version reads"),
        ("entry.json", b'{"format": 1, "name": "x"}', "'version' is missing"),
    ],
)
def test_a_damaged_entry_is_one_line(entry: Entry, tmp_path: Path, file: str, content: bytes, said: str) -> None:
    for name in ("runs.parquet", "entry.json"):
        (tmp_path / name).write_bytes((entry.path / name).read_bytes())
    (tmp_path / file).write_bytes(content)
    with pytest.raises(StoreError, match=said) as caught:
        Entry(tmp_path).frame()
    assert "\n" not in str(caught.value)


def test_an_entry_of_format_1_is_read(former: Entry) -> None:
    frame = former.frame(["method", "task", "budget", "repeat", "architecture", "status"])
    assert len(frame) == 2 * 3 * 2 * (5 + 10)
    own = frame[(frame["method"] == "asng") & (frame["repeat"] == 2) & (frame["task"] == TASKS[1])]
    longer = own[own["budget"] == 10]["architecture"].tolist()
    assert longer[:2] == ["[0,1,1,1][skip,arma,fc,cheb]", "[0,0,2,0][graph,gcn,cheb,fc]"]
    assert own[own["budget"] == 5]["architecture"].tolist() == longer[:5]


def other(name: str, values: Callable[[list[Any]], list[Any]]) -> Callable[[pa.Table], pa.Table]:
    """Changes a column."""

    def change(table: pa.Table) -> pa.Table:
        column = table[name]
        changed = pa.array(values(column.to_pylist()), column.type.value_type if name == "method" else column.type)
        return table.set_column(table.column_names.index(name), name, changed)

    return change


def cut(runs: list[Any]) -> list[Any]:
    return [run and run[1:] for run in runs]


def beyond(runs: list[Any]) -> list[Any]:
    return [run and [2**32 - 1] * len(run) for run in runs]


def of_type(name: str, kind: pa.DataType, values: Callable[[list[Any]], list[Any]]) -> Callable[[pa.Table], pa.Table]:
    """Writes a column as another type, or with other values."""

    def change(table: pa.Table) -> pa.Table:
        changed = pa.array(values(table[name].to_pylist()), kind)
        return table.set_column(table.column_names.index(name), name, changed)

    return change


def parents_before_the_first(table: pa.Table) -> pa.Table:
    """Lets every proposal be an edit of the one before it, the first one included."""
    queries = table["queries"].to_pylist()
    for name in NEEDED:
        width = {"parents": b"\2", "edits": b"\1"}.get(name, b"")
        texts = pa.array([width * count for count in queries], pa.binary())
        table = table.set_column(table.column_names.index(name), name, texts)
    return table.drop_columns([name for name in STREAMS[3:] if name in table.column_names])


def with_a_stream(table: pa.Table) -> pa.Table:
    """Adds one that says nothing of any proposal."""
    return table.append_column("number_3", pa.array([b""] * len(table), pa.binary()))


def filled(value: Any) -> Callable[[list[Any]], list[Any]]:
    return lambda runs: [run and [value] * len(run) for run in runs]


def without_meaning(table: pa.Table) -> pa.Table:
    """Adds statuses that no row has."""
    return table.append_column(
        "status", pa.array([[-1] * n for n in table["queries"].to_pylist()], pa.list_(pa.int8()))
    )


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (
            of_type("proposals", pa.list_(pa.int64()), filled(-5)),
            "'proposals' of list<.*int64> is there twice, of",
        ),
        (of_type("proposals", pa.list_(pa.float64()), filled(float("nan"))), "'proposals' of list<.*double> is"),
        (of_type("proposals", pa.list_(pa.uint32()), filled(None)), "'proposals' .* has missing values"),
        (of_type("proposals", pa.int64(), lambda runs: [1 for _ in runs]), "'proposals' of int64 is"),
        (lambda table: table.append_column("fidelity", table["task"]), "'fidelity' of .* is"),
        (without_meaning, "a status that is none"),
        (lambda table: pa.concat_tables([table, table]), "there twice"),
        (other("repeat", lambda values: [value + 99 for value in values]), "does not ask for"),
        (other("method", lambda values: ["another" for _ in values]), "does not ask for"),
        (other("proposals", cut), "proposals are not as many"),
        (other("proposals", beyond), "beyond the last one"),
        (other("proposals", lambda values: [None for _ in values]), "too few proposals"),
    ],
)
def test_strange_lists_of_format_1_are_refused_in_one_line(
    former: Entry, tmp_path: Path, change: Callable[[pa.Table], pa.Table], said: str
) -> None:
    refused(former, tmp_path, change, said)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        (lambda table: table.append_column("fidelity", table["task"]), "'fidelity' of .* is"),
        (lambda table: pa.concat_tables([table, table]), "there twice"),
        (other("repeat", lambda values: [value + 99 for value in values]), "does not ask for"),
        (lambda table: table.drop_columns(["parents"]), "no column 'parents'"),
        (
            lambda table: table.replace_schema_metadata({}),
            "numbers of the architectures of nasbench201",
        ),
        (lambda table: table.replace_schema_metadata({CHECKSUMS: b"{"}), "use the one that packed it"),
        (other("parents", lambda values: [text and text[1:] for text in values]), "parents are not as many"),
        (other("parents", lambda values: [text and text * 99 for text in values]), "more codes of proposals than"),
        (other("parents", lambda values: [text and b"\1" + text[1:] for text in values]), "edits are not as many"),
        (other("parents", lambda values: [None for _ in values]), "too few proposals"),
        (other("number_1", lambda values: [text and text[1:] for text in values]), "number_1 are not as many"),
        (other("number_1", lambda values: [text and b"\xff" * len(text) for text in values]), "beyond the last one"),
        (with_a_stream, "number_3 are not as many"),
        (other("edits", lambda values: [text and b"\xff" * len(text) for text in values]), "an option beyond the last"),
        (parents_before_the_first, "an edit of a proposal before the first"),
        (
            of_type("parents", pa.list_(pa.uint8()), lambda values: [text and list(text) for text in values]),
            "'parents' of",
        ),
    ],
)
def test_strange_rows_are_refused_in_one_line(
    entry: Entry, tmp_path: Path, change: Callable[[pa.Table], pa.Table], said: str
) -> None:
    refused(entry, tmp_path, change, said)


def refused(entry: Entry, tmp_path: Path, change: Callable[[pa.Table], pa.Table], said: str) -> None:
    """Asserts that an entry with other runs is refused in one line."""
    (tmp_path / "entry.json").write_bytes((entry.path / "entry.json").read_bytes())
    pq.write_table(change(pq.read_table(entry.path / "runs.parquet")), tmp_path / "runs.parquet")
    with pytest.raises(StoreError, match=said) as caught:
        Entry(tmp_path).frame()
    assert "\n" not in str(caught.value)


def test_a_file_that_unfolds_to_too_much_is_refused_before_it_is_read(
    former: Entry, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A million equal proposals are a file of a few kilobytes."""
    monkeypatch.setattr(packed_checks, "MOST_VALUES", 999_999)
    monkeypatch.setattr(pq.ParquetFile, "read", pytest.fail)
    table = pq.read_table(former.path / "runs.parquet").slice(0, 1)
    many = pa.ListArray.from_arrays(pa.array([0, 10**6], pa.int32()), pa.array(np.zeros(10**6, np.uint32)))
    path = tmp_path / "runs.parquet"
    pq.write_table(table.set_column(table.column_names.index("proposals"), "proposals", many), path)
    assert path.stat().st_size < 10_000
    with pytest.raises(StoreError, match="1,000,010 values; packed runs have up to 999,999"):
        read_packed(path)


@pytest.mark.parametrize(
    ("place", "value"),
    [
        (("sessions", 0, "versions"), None),
        (("sessions", 0, "machine", "processor"), 5),
        (("started",), None),
        (("tasks", TASKS[0]), []),
        (("tasks", TASKS[0], "digest"), 5),
        (("suite", "methods", 0, "label"), None),
        (("methods", "asng"), None),
        (("methods", "asng", "family"), "none of them"),
    ],
)
def test_a_strange_description_is_refused_in_one_line(
    entry: Entry, tmp_path: Path, place: tuple[str | int, ...], value: object
) -> None:
    description = json.loads((entry.path / "entry.json").read_text())
    part = description["manifest"]
    for key in place[:-1]:
        part = part[key]
    part[place[-1]] = value
    (tmp_path / "entry.json").write_text(json.dumps(description))
    with pytest.raises(StoreError, match=r"damaged \(manifest: '.*' is missing or of the wrong kind\)"):
        Entry(tmp_path)


def test_a_suite_that_cannot_be_listed_is_refused(entry: Entry, tmp_path: Path) -> None:
    description = json.loads((entry.path / "entry.json").read_text())
    description["manifest"]["suite"]["methods"][0]["repeats"] = 10**9
    (tmp_path / "entry.json").write_text(json.dumps(description))
    with pytest.raises(StoreError, match=r"its suite asks for 4,000,000,[0-9]+ runs; entries have up to 1,048,576"):
        Entry(tmp_path)


@pytest.mark.parametrize(
    ("key", "name", "said"),
    [("tasks", "evil.py/x", "task 'evil.py/x'"), ("methods", "../evil.py", "method '../evil.py'")],
)
def test_reading_an_entry_loads_no_file_of_it(entry: Entry, tmp_path: Path, key: str, name: str, said: str) -> None:
    description = json.loads((entry.path / "entry.json").read_text())
    description["manifest"]["suite"][key][0]["name"] = name
    (tmp_path / "entry.json").write_text(json.dumps(description))
    with pytest.raises(StoreError, match=said):
        Entry(tmp_path)


def mine(folder: Path, change: Callable[[dict[str, Any]], None] = lambda _: None, **options: Any) -> RunStore:
    """Results of somebody's own method."""
    own = ({"name": "plugins_for_tests:Good", "label": "climber"},)
    chosen = suite(own, TASKS, budget=options.pop("budget", {"queries": 25}), **{"repeats": 2, "seed": 8, **options})
    return RunStore(played(folder, chosen, change))


def test_the_report_reads_both(entry: Entry, tmp_path: Path) -> None:
    own = mine(tmp_path / "own")
    combined = CombinedStore(own, [entry])
    assert [line for line in combined.remarks if "stored runs were made with" not in line] == []
    frame = combined.frame()
    assert set(frame["method"]) == {"climber", "local_search", "asng", "random_search", "invalid"}
    assert set(frame["budget"]) == {25.0}
    found = load(own.path, [entry])
    assert set(found.tasks[0].runs) == set(frame["method"])
    alone = load(entry_source(entry, tmp_path))
    for label in ("local_search", "asng"):
        assert (found.tasks[0].runs[label].regret[:, -1] == alone.tasks[0].runs[label].regret[:, -1]).all()


def entry_source(entry: Entry, folder: Path) -> Path:
    """The same runs at the larger budget, run as a suite of their own."""
    return played(folder / "alone", suite(METHODS, TASKS, budget={"queries": 25}, repeats=2))


def other_data(manifest: dict[str, Any]) -> None:
    manifest["tasks"]["nasbench201/cifar10"]["digest"] = "0" * 64


@pytest.mark.parametrize(
    ("options", "change", "said"),
    [
        ({"duplicates": "free"}, lambda _: None, "field is not used: duplicates is free here and charge there"),
        ({"budget": {"queries": 20}}, lambda _: None, "it has runs of 10, 25 queries; set [budget] to one of these"),
        ({"budget": {"cost_seconds": 25}}, lambda _: None, "is not used: the budget is 25 cost seconds here"),
        ({"budget": {"queries": [20, 25]}}, lambda _: None, "field is used in part: the budget is 20, 25 queries"),
        ({}, other_data, "field is used in part: nasbench201/cifar10 was run on other data"),
        ({"initial": "shared"}, lambda _: None, "seed is 8 here and 7 there"),
    ],
)
def test_what_differs_is_said_in_one_line(
    entry: Entry, tmp_path: Path, options: dict[str, Any], change: Callable[[dict[str, Any]], None], said: str
) -> None:
    combined = CombinedStore(mine(tmp_path / "own", change, **options), [entry])
    assert [line for line in combined.remarks if said in line], combined.remarks
    assert ("local_search" in set(combined.frame()["method"])) == ("in part" in said)


@pytest.mark.parametrize("rule", [{"isomorphism": "all"}, {"invalid": "redraw"}])
def test_a_method_under_rules_of_its_own_is_left_out(tmp_path: Path, rule: dict[str, str]) -> None:
    methods = ({"name": "asng"}, {"name": "random_search", "label": "other", **rule})
    theirs = played(tmp_path / "theirs", suite(methods, TASKS, budget={"queries": 25}, repeats=2))
    combined = CombinedStore(mine(tmp_path / "own"), [packed(theirs, tmp_path / "entry")])
    assert "field is used in part: other ran under rules of their own" in combined.remarks
    assert set(combined.frame()["method"]) == {"climber", "asng"}


def test_runs_of_other_code_or_packages_are_flagged(source: Path, tmp_path: Path) -> None:
    def changed(description: dict[str, Any]) -> None:
        description["codes"]["asng"] = "0" * 16
        description["manifest"]["sessions"][0]["versions"]["numpy"] = "1.0"

    entry = packed(source, tmp_path / "entry", changed)
    remarks = CombinedStore(mine(tmp_path / "own"), [entry]).remarks
    assert any("runs of asng were made by other code than is here" in line for line in remarks)
    assert any("numpy 1.0 (here " in line for line in remarks)


def test_own_runs_of_a_label_replace_those_of_the_entry(entry: Entry, tmp_path: Path) -> None:
    again = played(tmp_path / "own", suite(METHODS[:1], TASKS, budget={"queries": 25}, repeats=1))
    combined = CombinedStore(RunStore(again), [entry])
    frame = combined.frame()
    assert set(frame[frame["method"] == "local_search"]["repeat"]) == {1}
    assert any("without local_search" in line for line in combined.remarks)


def test_repeats_that_some_task_lacks_are_not_packed(tmp_path: Path) -> None:
    first = suite(METHODS[:2], repeats=2)
    played(tmp_path, first)
    store = RunStore(tmp_path)
    part = next(p for p in store.parts() if store._entries(p)[0]["repeat"] == 2)
    label = store._entries(part)[0]["method"]
    part.unlink()
    chosen = complete_repeats(RunStore(tmp_path), Suite.from_dict((store.manifest() or {})["suite"]))
    assert chosen[label] == {1}
    assert sorted(map(len, chosen.values())) == [1, 2]


def test_an_entry_whose_methods_all_ran_here_adds_nothing(entry: Entry, tmp_path: Path) -> None:
    own = played(tmp_path / "own", suite(METHODS, TASKS, budget={"queries": 25}, repeats=2))
    combined = CombinedStore(RunStore(own), [entry])
    assert [line for line in combined.remarks if line.startswith("field adds nothing but")], combined.remarks
    assert len(combined.summaries()) == len(RunStore(own).summaries())
