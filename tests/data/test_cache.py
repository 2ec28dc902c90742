import os
import pickle
import shutil
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from equipoise.harness.core.errors import DataError
from equipoise.harness.data import cache
from equipoise.harness.data.cache import open_columns
from equipoise.harness.data.package import package_file
from equipoise.harness.data.unpickle import NUMPY_SCALARS, read_pickle

VALUES = np.arange(12.0).reshape(3, 4)


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    return tmp_path


def build_counting(calls: list[int]):
    def build() -> dict[str, np.ndarray]:
        calls.append(1)
        return {"values": VALUES, "more": VALUES[0]}

    return build


def test_an_entry_is_built_once_and_memory_mapped(folder: Path) -> None:
    calls: list[int] = []
    for _ in range(3):
        columns = open_columns("a/b", "d" * 64, build_counting(calls))
        assert np.array_equal(columns["values"], VALUES)
        assert isinstance(columns["values"], np.memmap)
        assert not columns["values"].flags.writeable
    assert len(calls) == 1
    open_columns("a/b", "e" * 64, build_counting(calls))
    assert len(calls) == 2


@pytest.mark.parametrize("damage", ["truncate", "flip", "remove", "meta", "empty", "no files", "list", "other sum"])
def test_a_damaged_entry_is_built_anew(folder: Path, damage: str) -> None:
    calls: list[int] = []
    open_columns("a", "d" * 64, build_counting(calls))
    (entry,) = folder.iterdir()
    path = entry / "values.npy"
    if damage == "truncate":
        os.truncate(path, path.stat().st_size - 8)
    elif damage == "flip":
        content = bytearray(path.read_bytes())
        content[-1] ^= 255
        path.write_bytes(content)
    elif damage == "remove":
        path.unlink()
    elif damage == "meta":
        (entry / "meta.json").write_text("{")
    elif damage == "no files":
        (entry / "meta.json").write_text('{"files": {}}')
    elif damage == "list":
        (entry / "meta.json").write_text('{"files": []}')
    elif damage == "other sum":
        (entry / "meta.json").write_text((entry / "meta.json").read_text().replace("a", "b", 1))
    else:
        (entry / "meta.json").write_text("")
    columns = open_columns("a", "d" * 64, build_counting(calls))
    assert np.array_equal(columns["values"], VALUES)
    assert len(calls) == 2
    assert [path.name for path in folder.iterdir()] == [entry.name]


def test_no_byte_of_a_large_column_changes_unseen(folder: Path) -> None:
    large, calls = np.arange(400_000.0), list[int]()

    def build() -> dict[str, np.ndarray]:
        calls.append(1)
        return {"values": large}

    open_columns("a", "d" * 64, build)
    (entry,) = folder.iterdir()
    for times, place in enumerate(np.random.default_rng(0).integers(128, 3_200_000, 24).tolist(), 2):
        with (entry / "values.npy").open("r+b") as file:
            file.seek(place)
            byte = file.read(1)[0]
            file.seek(place)
            file.write(bytes([byte ^ 16]))
        assert np.array_equal(open_columns("a", "d" * 64, build)["values"], large)
        assert len(calls) == times


def test_a_large_column_is_read_whole_once_a_machine(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    open_columns("a", "d" * 64, lambda: {"values": np.arange(400_000.0)})
    monkeypatch.setattr(cache, "_sha256", lambda path: pytest.fail(f"{path} is read whole again"))
    open_columns("a", "d" * 64, lambda: pytest.fail("built again"))
    monkeypatch.setattr(cache, "_machine", lambda: "another")
    with pytest.raises(pytest.fail.Exception):
        open_columns("a", "d" * 64, lambda: pytest.fail("built again"))


def test_many_builders_at_once_end_with_one_entry(folder: Path) -> None:
    calls: list[int] = []
    with ThreadPoolExecutor(8) as pool:
        opened = list(pool.map(lambda _: open_columns("a", "d" * 64, build_counting(calls)), range(16)))
    assert all(np.array_equal(columns["values"], VALUES) for columns in opened)
    assert len(list(folder.iterdir())) == 1


def test_a_damaged_entry_is_replaced_while_others_tidy_up(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A process that ends a build removes what any process moved aside."""
    open_columns("a", "d" * 64, build_counting([]))
    (entry,) = folder.iterdir()
    (entry / "meta.json").write_text("{}")
    replace = os.replace

    def tidied(source: Path, target: Path) -> None:
        for damaged in folder.glob(".damaged-*"):
            shutil.rmtree(damaged)
        replace(source, target)

    monkeypatch.setattr(os, "replace", tidied)
    assert np.array_equal(open_columns("a", "d" * 64, build_counting([]))["values"], VALUES)
    assert [path.name for path in folder.iterdir()] == [entry.name]


def test_a_cache_that_cannot_be_written_says_so(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "file" / "cache"))
    with pytest.raises(DataError, match="EQUIPOISE_CACHE"):
        open_columns("a", "d" * 64, build_counting([]))


def test_numbers_and_containers_are_unpickled(tmp_path: Path) -> None:
    path = tmp_path / "a.pkl"
    content = {"a": [1, 2.5, "text"], "b": np.float64(3.5)}
    path.write_bytes(pickle.dumps(content))
    assert read_pickle(path, NUMPY_SCALARS) == content


@pytest.mark.parametrize("harm", [os.system, eval, np.load, print])
def test_a_pickle_that_wants_to_run_something_is_refused(tmp_path: Path, harm: object) -> None:
    class Bomb:
        def __reduce__(self) -> tuple[object, tuple[str]]:
            return harm, (f"touch {tmp_path}/harm",)

    path = tmp_path / "a.pkl"
    path.write_bytes(pickle.dumps({"a": Bomb()}))
    with pytest.raises(DataError, match="allow-list"):
        read_pickle(path, NUMPY_SCALARS)
    assert not (tmp_path / "harm").exists()


@pytest.mark.parametrize("content", [b"", b"<html>not found</html>", pickle.dumps([1] * 100)[:-5]])
def test_a_damaged_pickle_is_named(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "a.pkl"
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"a\.pkl"):
        read_pickle(path)


def test_another_file_in_a_package_is_refused() -> None:
    with pytest.raises(DataError, match="SHA-256"):
        package_file("numpy", "numpy", "__init__.py", "0" * 64)
    with pytest.raises(DataError, match="pip install nothing-like-this"):
        package_file("nothing_like_this", "nothing-like-this", "a", "0" * 64)
    with pytest.raises(DataError, match="cannot be read"):
        package_file("numpy", "numpy", "no/such/file", "0" * 64)
