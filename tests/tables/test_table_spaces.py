"""Tables over spaces of the user's and over declared spaces with conditions."""

import json
import os
from dataclasses import replace
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from made_tables import HEADER, Row, write

from equipoise.harness.conformance import SPACE_CHECKS, failures_of
from equipoise.harness.core.errors import DataError, PluginError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Observation, Problem
from equipoise.harness.core.registry import load_method, load_space, load_task, space_name
from equipoise.harness.core.space import Decision, SearchSpace
from equipoise.harness.spaces._declared import declared
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.surrogate.fit import fit_surrogate
from equipoise.harness.surrogate.surrogate import Surrogate
from equipoise.harness.tables.table import open_table
from equipoise.harness.tables.writer import TableWriter

OPTIMISERS = declared(
    "optimisers",
    [
        Decision("optimiser", ("sgd", "adam")),
        Decision("momentum", ("0", "0.9")),
        Decision("nesterov", ("no", "yes")),
        Decision("beta", ("0.9", "0.99")),
    ],
    {"momentum": {"optimiser": ["sgd"]}, "nesterov": {"momentum": ["0.9"]}, "beta": {"optimiser": ["adam"]}},
)
PLAIN = replace(HEADER, fidelities=(), seeds=(), test=None, cost=None)

SPACE_FILE = '''"""Depth and width, never both large."""

import numpy as np

from equipoise.harness.core.space import Architecture, Decision, LabelledDag, SearchSpace


class DepthWidth(SearchSpace):
    """Depth and width, never both at their largest."""

    name = "depth_width"
    source = "the tests"
    decisions = (Decision("depth", ("2", "4")), Decision("width", ("8", "16", "32")))

    def __init__(self, least: int = 0) -> None:
        self.least = least

    @property
    def parameters(self) -> tuple[object, ...]:
        return (self.least,) if self.least else ()

    def legal(self, prefix: Architecture) -> np.ndarray:
        if not prefix:
            return np.ones(2, dtype=bool)
        return np.array([n >= self.least and (n < 2 or prefix[0] == 0) for n in range(3)])

    def graph(self, prefix: Architecture) -> LabelledDag:
        return LabelledDag(("input", "output"), ((0, 1),), ("",))
'''


@pytest.fixture(autouse=True)
def cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache"


@pytest.fixture
def space_path(tmp_path: Path) -> Path:
    path = tmp_path / "depth_width.py"
    path.write_text(SPACE_FILE)
    return path


def rows_of(space: SearchSpace) -> list[Row]:
    return [
        {"architecture": space.format(cell), "validation_error": 0.1 + 0.01 * number}
        for number, cell in enumerate(space.enumerate())
    ]


# Declared spaces with conditions.


@pytest.mark.parametrize("name", ["a.csv", "a.csv.gz", "a.parquet"])
def test_a_table_over_conditional_decisions(tmp_path: Path, name: str) -> None:
    task = load_task(f"table:{write(tmp_path / name, rows_of(OPTIMISERS), replace(PLAIN, space=OPTIMISERS))}")
    assert task.space == OPTIMISERS
    assert [task.expected(cell) for cell in task.space.enumerate()] == pytest.approx([0.1, 0.11, 0.12, 0.13, 0.14])
    assert [failed for failed in failures_of(f"table:{tmp_path / name}") if failed[1] is not None] == []


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_cell_of_a_decision_that_does_not_matter_is_empty(tmp_path: Path, name: str) -> None:
    path, header = tmp_path / name, replace(PLAIN, space=OPTIMISERS)
    split = [
        {**dict(zip([d.name for d in OPTIMISERS.decisions], str(row["architecture"]).split(","), strict=True)), **row}
        for row in rows_of(OPTIMISERS)
    ]
    for row in split:
        del row["architecture"]
    if path.suffix == ".csv":
        write(path, split, header)
    else:
        import pyarrow as pa

        columns = {key: [row[key] or None for row in split] for key in split[0]}
        pq.write_table(pa.table(columns).replace_schema_metadata({"equipoise": header.to_json()}), path)
    assert open_table(path).columns["mean"][0] == pytest.approx([0.1, 0.11, 0.12, 0.13, 0.14])


@pytest.mark.parametrize("options", [("null", "NA"), ("n/a", "cosine"), ("cosine", "nan")])
def test_an_option_may_be_a_word_for_nothing(tmp_path: Path, options: tuple[str, str]) -> None:
    decisions = [Decision("optimiser", ("sgd", "adam")), Decision("schedule", options)]
    for conditions, count in (({}, 4), ({"schedule": {"optimiser": ["sgd"]}}, 3)):
        space, stored = declared("made", decisions, conditions), 0.1 + 0.01 * np.arange(count)
        whole, header = rows_of(space), replace(PLAIN, space=space)
        split = [
            {**dict(zip(("optimiser", "schedule"), str(row["architecture"]).split(","), strict=True)), **row}
            for row in whole
        ]
        for row in split:
            del row["architecture"]
        for name, some in (("whole", whole), ("split", split)):
            table = open_table(write(tmp_path / f"{name}{count}.csv", some, header))
            assert table.columns["mean"][0] == pytest.approx(stored)
    one = declared("made", decisions[1:], {})
    table = open_table(write(tmp_path / "one.csv", rows_of(one), replace(PLAIN, space=one)))
    assert table.columns["mean"][0] == pytest.approx([0.1, 0.11])


@pytest.mark.parametrize("name", ["a.csv", "a.parquet"])
def test_a_row_without_an_architecture_is_one_line(tmp_path: Path, name: str) -> None:
    some = [{"architecture": "", "validation_error": 0.1}, *rows_of(OPTIMISERS)[1:]]
    with pytest.raises(DataError, match="a row has no architecture"):
        open_table(write(tmp_path / name, some, replace(PLAIN, space=OPTIMISERS)))


@pytest.mark.parametrize(
    ("text", "said"),
    [
        ("adam,0.9,,0.9", "leave a decision that does not matter empty: 'adam,,,0.9'"),
        ("sgd,,no,", "'' in 'sgd,,no,' is no option of 'momentum'"),
        ("sgd,0,,,", "has 5 parts, but the space has 4 decisions"),
    ],
)
def test_rows_that_fill_or_leave_the_wrong_cells_are_one_line(tmp_path: Path, text: str, said: str) -> None:
    some = [{"architecture": text, "validation_error": 0.1}, *rows_of(OPTIMISERS)[1:]]
    path = write(tmp_path / "a.csv", some, replace(PLAIN, space=OPTIMISERS))
    with pytest.raises(DataError) as raised:
        open_table(path)
    assert said in str(raised.value)
    assert "\n" not in str(raised.value)


@pytest.mark.parametrize("name", ["tpe", "optuna", "gp_bo", "smac", "random_search", "regularized_evolution"])
def test_methods_search_a_space_with_conditions(tmp_path: Path, name: str) -> None:
    """Proposals are architectures of the space: none is invalid, however deep the conditions are nested."""
    method = load_method(name)
    for package, _ in method.packages:
        pytest.importorskip(package)
    task = load_task(f"table:{write(tmp_path / 'a.csv', rows_of(OPTIMISERS), replace(PLAIN, space=OPTIMISERS))}")
    searching = method(Problem(task.space, Budget(queries=20)), np.random.default_rng(0))
    asked = set()
    for _ in range(5):
        query = searching.ask()
        assert task.space.contains(query.architecture)
        asked.add(query.architecture)
        evaluation = task.evaluate(query.architecture, None, np.random.default_rng(0))
        searching.tell(Observation(query, evaluation.validation_error, evaluation.cost_seconds))
    assert len(asked) > 1


# Spaces of the user's.


def test_a_space_is_found_by_path_and_by_address(space_path: Path) -> None:
    cls = load_space(str(space_path))
    assert cls.__name__ == "DepthWidth"
    assert load_space(space_name(cls)) is cls
    assert load_space("equipoise.harness.spaces.nasbench201:NasBench201") is NasBench201
    assert space_name(NasBench201) == "nasbench201"
    for check in SPACE_CHECKS:
        check(cls())
    with pytest.raises(PluginError, match=r"no file 'nowhere\.py'"):
        load_space("nowhere.py")
    with pytest.raises(PluginError, match="no class 'Nothing' derived from SearchSpace"):
        load_space("equipoise.harness.spaces.nasbench201:Nothing")


def test_a_table_names_its_space_relative_to_itself(
    tmp_path: Path, space_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "tables"
    header = replace(PLAIN, space=load_space(str(space_path))())
    with TableWriter(folder / "a.parquet", header) as table:
        for row in rows_of(header.space):
            table.add(str(row["architecture"]), validation_error=float(str(row["validation_error"])))
    written = json.loads(pq.read_schema(folder / "a.parquet").metadata[b"equipoise"])
    assert written["space"] == {"name": "../depth_width.py"}
    monkeypatch.chdir(folder)
    task = load_task("table:a.parquet")
    assert task.space.size == 5
    assert task.space.name == "depth_width"
    moved = tmp_path / "elsewhere"
    os.renames(folder, moved / "tables")
    os.renames(space_path, moved / "depth_width.py")
    monkeypatch.chdir(moved)
    again = load_task("table:tables/a.parquet")
    assert again.landscape() == pytest.approx([0.1, 0.11, 0.12, 0.13, 0.14])


def test_a_changed_space_file_is_another_table(tmp_path: Path, space_path: Path) -> None:
    header = replace(PLAIN, space=load_space(str(space_path))())
    path = write(tmp_path / "a.parquet", rows_of(header.space), header)
    before = load_task(f"table:{path}").info.data_digest
    assert load_task(f"table:{path}").info.data_digest == before
    space_path.write_text(SPACE_FILE.replace('"32"', '"64"'))
    task = load_task(f"table:{path}")
    assert task.info.data_digest != before
    with pytest.raises(DataError, match="'32' in '2,32' is no option of 'width'"):
        task.landscape()


def test_a_surrogate_of_a_space_of_the_user_s_moves_with_its_file(tmp_path: Path, space_path: Path) -> None:
    wide = ", ".join(f'"{width}"' for width in range(12))
    text = SPACE_FILE.replace('"8", "16", "32"', wide).replace('"2", "4"', wide).replace("range(3)", "range(12)")
    space_path.write_text(text.replace("np.ones(2,", "np.ones(12,").replace("prefix[0] == 0", "prefix[0] > 1"))
    space = load_space(str(space_path))()
    some = [{**row, "validation_error": 0.1 + number / 1000} for number, row in enumerate(rows_of(space))]
    header = replace(PLAIN, space=space, coverage="sample")
    fitted = fit_surrogate(write(tmp_path / "a.parquet", some[:115], header), "gp").save(tmp_path / "a.npz")
    moved = tmp_path / "elsewhere"
    os.renames(tmp_path / "a.npz", moved / "a.npz")
    os.renames(space_path, moved / space_path.name)
    task = load_task(f"surrogate:{moved / 'a.npz'}")
    assert task.space.size == space.size
    cells = [space.parse(str(row["architecture"])) for row in some[:5]]
    assert np.array_equal(Surrogate.load(moved / "a.npz").predict(cells).centre, fitted.predict(cells).centre)


def test_a_space_with_arguments_keeps_them(tmp_path: Path, space_path: Path) -> None:
    space = load_space(str(space_path))(1)
    path = write(tmp_path / "a.csv", rows_of(space), replace(PLAIN, space=space))
    found = load_task(f"table:{path}").space
    assert (found.size, found.parameters) == (3, (1,))
    text = "".join(line.removeprefix("# ") for line in path.read_text().splitlines(True) if line.startswith("#"))
    assert json.loads(text)["space"] == {"name": str(space_path), "parameters": [1]}
