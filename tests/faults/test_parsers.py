"""Every parser of what somebody else may have written: it reads, or it raises the project's own error."""

import bz2
import io
import json
import pickle
import tracemalloc
import zipfile
from contextlib import suppress
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from equipoise.harness.core.errors import DataError, EquipoiseError, SuiteError
from equipoise.harness.core.registry import load_method, load_task
from equipoise.harness.core.suite import Suite
from equipoise.harness.data.npz_arrays import load_npz
from equipoise.harness.data.official import nats_bench
from equipoise.harness.tables.header import FORMAT, TableHeader
from equipoise.harness.training.configuration import EMBEDDED
from equipoise.harness.training.npz import read_npz

HEADER: dict[str, Any] = {
    "format": FORMAT,
    "name": "made/one",
    "space": {"name": "made", "decisions": [{"name": "a", "options": ["x", "y"]}]},
    "metric": {"name": "accuracy", "unit": "%", "direction": "maximise", "offset": 100.0, "slope": -100.0},
    "source": "nobody",
    "licence": "none",
    "validation": "valid",
    "test": "test",
    "fidelities": [1, 2],
    "seeds": [0, 1],
    "missing": {"1": 3},
    "penalty": 1.0,
    "pitfalls": ["none"],
}
SUITE: dict[str, Any] = {
    "name": "made",
    "budget": {"queries": 10},
    "protocol": {"repeats": 2, "seed": 0, "duplicates": "charge", "noise": "mean", "initial": "own"},
    "tasks": [{"name": "nasbench201/cifar10"}],
    "methods": [{"name": "random_search", "label": "random", "settings": {}, "repeats": 2}],
}

deep: Any = 1
for _ in range(900):
    deep = [deep]
values = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.sampled_from([10**400, -(10**400), 2**63, 1e308, float("nan"), float("inf"), -1, 0, deep, {}, [], "", "\ud800"]),
    st.floats(),
    st.text(max_size=8),
    st.sampled_from(["x" * 5000, "../../x", "/tmp/x", "a\0b", "a\nb", "\x1b[31m"]),
    st.lists(st.integers() | st.text(max_size=3), max_size=3),
    st.dictionaries(st.text(max_size=5), st.integers(), max_size=2),
)


def nodes(tree: Any, path: tuple[Any, ...] = ()) -> list[tuple[Any, ...]]:
    """The places in a tree of JSON."""
    entries = tree.items() if isinstance(tree, dict) else enumerate(tree) if isinstance(tree, list) else ()
    return [path, *(place for key, value in entries for place in nodes(value, (*path, key)))]


def changed(tree: Any, path: tuple[Any, ...], value: Any) -> Any:
    """The tree with another value in one place."""
    if not path:
        return value
    copy = dict(tree) if isinstance(tree, dict) else list(tree)
    copy[path[0]] = changed(tree[path[0]], path[1:], value)
    return copy


FUZZ = settings(max_examples=300, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


@FUZZ
@given(place=st.sampled_from(nodes(HEADER)), value=values)
def test_headers_of_tables(place: tuple[Any, ...], value: Any) -> None:
    TableHeader.from_json(json.dumps(HEADER))
    with suppress(DataError):
        TableHeader.from_json(json.dumps(changed(HEADER, place, value)))


@FUZZ
@given(place=st.sampled_from(nodes(SUITE)), value=values)
def test_suites(place: tuple[Any, ...], value: Any) -> None:
    Suite.from_dict(SUITE)
    content = changed(SUITE, place, value)
    with suppress(EquipoiseError):
        suite = Suite.from_dict(content if isinstance(content, dict) else {})
        assert all(len(spec.run_id) == 20 for spec in islice(suite.runs(), 2))


@pytest.mark.parametrize(
    "text", ["a = " + "[" * 100_000, "a = " + "1" * 5000, "a = {b = " * 3000, "\ud800", "name = 'x'\nbudget = 1"]
)
def test_suite_files(tmp_path: Path, text: str) -> None:
    path = tmp_path / "a.toml"
    path.write_text(text, errors="surrogatepass")
    with pytest.raises(SuiteError, match=r"a\.toml"):
        Suite.load(path)


@pytest.mark.parametrize("name", ["x" * 5000, "a\0b", "x" * 5000 + ".toml"])
def test_names_of_suites(name: str) -> None:
    with pytest.raises(SuiteError, match="no suite file"):
        Suite.load(name)


@pytest.mark.parametrize("text", ["[" * 100_000, '{"a":' * 100_000, "1" * 5000, "nul"])
def test_json(tmp_path: Path, text: str) -> None:
    with pytest.raises(DataError, match="not JSON"):
        TableHeader.from_json(text)


def npz(shape: tuple[int, ...], content: bytes) -> bytes:
    """An archive with one array whose header says what it likes."""
    array = io.BytesIO()
    np.lib.format.write_array_header_1_0(array, {"descr": "|u1", "fortran_order": False, "shape": shape})
    sink = io.BytesIO()
    with zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("train_x.npy", array.getvalue() + content)
    return sink.getvalue()


@pytest.mark.parametrize("content", [npz((1 << 40,), b"abc"), npz((1 << 28,), bytes(1 << 28))], ids=["header", "bomb"])
def test_no_archive_of_arrays_takes_more_memory_than_its_size_allows(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.npz").write_bytes(content)
    tracemalloc.start()
    try:
        with pytest.raises(DataError, match="no readable image archive"):
            read_npz(tmp_path / "a.npz")
        assert tracemalloc.get_traced_memory()[1] < 32 << 20
    finally:
        tracemalloc.stop()


def sample_npz() -> bytes:
    sink = io.BytesIO()
    np.savez_compressed(sink, a=np.arange(40.0).reshape(5, 8), b=np.array(["x", "yz"]), c=np.asfortranarray(np.eye(3)))
    return sink.getvalue()


SAMPLE = sample_npz()


def test_arrays_are_read_as_numpy_does(tmp_path: Path) -> None:
    (tmp_path / "a.npz").write_bytes(SAMPLE)
    found = load_npz(tmp_path / "a.npz")
    with np.load(tmp_path / "a.npz") as archive:
        assert list(found) == archive.files
        for name in archive.files:
            np.testing.assert_array_equal(found[name], archive[name])


@FUZZ
@given(place=st.integers(0, len(SAMPLE) - 1), value=st.integers(0, 255), cut=st.integers(1, len(SAMPLE)))
def test_damaged_archives_of_arrays(tmp_path: Path, place: int, value: int, cut: int) -> None:
    content = bytearray(SAMPLE)
    content[place] = value
    (tmp_path / "a.npz").write_bytes(content[: max(cut, place)])
    with suppress(ValueError):
        load_npz(tmp_path / "a.npz")


@pytest.mark.parametrize("epochs", [999_999_999_999, 10**400])
def test_schedules_are_bounded(epochs: int) -> None:
    from dataclasses import replace

    with pytest.raises(EquipoiseError, match="epochs"):
        replace(EMBEDDED, epochs=epochs)


CELLS = ["|nor_conv_3x3~0|+|nor_conv_3x3~0|avg_pool_3x3~1|+|skip_connect~0|none~1|none~2|"]


@FUZZ
@given(
    meta=st.fixed_dictionaries({"meta_archs": values | st.just(CELLS), "evaluated_indexes": values}) | values,
    stored=values,
)
def test_archives_of_nats_bench(tmp_path: Path, meta: Any, stored: Any) -> None:
    for name, content in ((nats_bench.META, meta), ("000000.pickle.pbz2", stored)):
        (tmp_path / name).write_bytes(bz2.compress(pickle.dumps(content, 4), 1))
    with suppress(DataError):
        nats_bench.space_of(tmp_path)
    with suppress(DataError):
        list(nats_bench.records(tmp_path))


@pytest.mark.parametrize("name", ["x" * 5000, "x" * 5000 + ".py", "table:" + "x" * 5000 + ".csv", "a\0b.py/x", "a\0:B"])
def test_names_of_tasks_and_methods(name: str) -> None:
    with pytest.raises(EquipoiseError):
        load_method(name)
    with pytest.raises(EquipoiseError):
        load_task(name).evaluate((0,), None, np.random.default_rng(0))
