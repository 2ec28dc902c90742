"""Damage to the files of a store: every byte of them is covered, and the file is named."""

import json
import os
from contextlib import suppress
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from made import MadeSpace
from made_manifest import BARE
from made_runs import made_run
from stores import played, suite

from equipoise.harness.core.errors import StoreError
from equipoise.harness.store.overview import overview_of
from equipoise.harness.store.run_file_reader import check_rows, summaries_of
from equipoise.harness.store.run_store import RunStore

FUZZ = settings(max_examples=150, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])


def old_part(store: RunStore) -> Path:
    """A run file as it was named before the names stated a digest."""
    part = store.write([made_run()], MadeSpace())
    return part.rename(part.with_name(f"{part.stem[:-17]}.parquet"))


def test_no_changed_byte_of_a_run_file_is_read(tmp_path: Path) -> None:
    part = RunStore(tmp_path).write([made_run()], MadeSpace())
    whole, rng = part.read_bytes(), np.random.default_rng(0)
    for number, place in enumerate(rng.integers(0, len(whole), 250).tolist()):
        content = bytearray(whole)
        content[place] ^= 1 << int(rng.integers(8))
        part.write_bytes(content)
        os.utime(part, ns=(0, number))  # another state of the file, whatever the clock shows
        with pytest.raises(StoreError, match=part.name):
            RunStore(tmp_path).summaries()
        with pytest.raises(StoreError, match=part.name):
            RunStore(tmp_path).frame()
    (said,) = RunStore(tmp_path).drop_damaged()
    assert part.name in said
    assert part.with_suffix(".damaged").exists()


def test_a_changed_byte_of_an_older_run_file_is_no_traceback(tmp_path: Path) -> None:
    part = old_part(RunStore(tmp_path))
    check_rows(part)
    whole, rng = part.read_bytes(), np.random.default_rng(0)
    refused = 0
    for number, place in enumerate(rng.integers(0, len(whole), 250).tolist()):
        content = bytearray(whole)
        content[place] ^= 1 << int(rng.integers(8))
        part.write_bytes(content)
        os.utime(part, ns=(0, number))  # another state of the file, whatever the clock shows
        try:
            check_rows(part)
            summaries_of(part)
        except StoreError as error:
            refused += part.name in str(error)
    assert refused > 50


@pytest.mark.parametrize(("key", "value"), [("method", "other"), ("task", "other"), ("repeat", 7), ("queries", 9)])
def test_summaries_that_are_not_of_the_rows_are_refused(tmp_path: Path, key: str, value: object) -> None:
    part = old_part(RunStore(tmp_path))
    entries = [{**summaries_of(part)[0], key: value}]
    pq.write_table(pq.read_table(part).replace_schema_metadata({"equipoise": json.dumps(entries)}), part)
    with pytest.raises(StoreError, match="are not those of its rows"):
        check_rows(part)


trees = st.recursive(
    st.none() | st.integers() | st.text(max_size=3),
    lambda inner: st.lists(inner) | st.dictionaries(st.sampled_from(["run_id", "task"]), inner),
    max_leaves=5,
)


@FUZZ
@given(entries=trees)
def test_any_summaries_are_read_or_refused(tmp_path: Path, entries: object) -> None:
    part = tmp_path / "runs" / "x.parquet"
    if not part.exists():
        old_part(RunStore(tmp_path)).rename(part)
    pq.write_table(pq.read_table(part).replace_schema_metadata({"equipoise": json.dumps(entries)}), part)
    if entries:
        with pytest.raises(StoreError, match=r"x\.parquet"):
            RunStore(tmp_path).summaries()


def test_no_changed_byte_of_a_manifest_is_read(tmp_path: Path) -> None:
    chosen = suite(methods=({"name": "random_search"},), tasks=("nasbench201/cifar10",))
    played(tmp_path, chosen)
    path = tmp_path / "manifest.json"
    before, rng = path.read_bytes(), np.random.default_rng(0)
    content = RunStore(tmp_path).manifest()
    for place in rng.integers(0, len(before), 200).tolist():
        changed = bytearray(before)
        changed[place] ^= 1 << int(rng.integers(7))
        path.write_bytes(changed)
        with suppress(StoreError):
            assert RunStore(tmp_path).manifest() == content  # white space


@pytest.mark.parametrize("value", [None, 7, "text", [], {}, [7], {"a": 7}])
def test_a_manifest_that_lacks_or_garbles_a_key_is_named(tmp_path: Path, value: object) -> None:
    chosen = suite(methods=({"name": "random_search"},), tasks=("nasbench201/cifar10",))
    played(tmp_path, chosen)
    path = tmp_path / "manifest.json"
    content = json.loads(path.read_text())
    del content["checksum"]
    for key in ("suite", *BARE):
        path.write_text(json.dumps({name: entry for name, entry in content.items() if name != key}))
        with pytest.raises(StoreError, match=r"manifest\.json"):
            overview_of(tmp_path)
        path.write_text(json.dumps({**content, key: value}))
        with suppress(StoreError):
            str(overview_of(tmp_path))
            RunStore(tmp_path).frame()
    path.write_text(json.dumps(content))
    assert "random_search" in str(overview_of(tmp_path))  # a manifest of before the checksums


def test_only_scratch_files_of_the_store_are_removed(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    part = store.write([made_run()], MadeSpace())
    own = [tmp_path / ".manifest.json.123", part.with_name(f".{part.name}.123")]
    foreign = [tmp_path / ".notes.20240101", tmp_path / "runs" / ".x.parquet.1", tmp_path / ".manifest.json.bak"]
    for path in (*own, *foreign):
        path.write_text("")
    (tmp_path / "runs" / ".folder.7").mkdir()
    part.with_name(f".{part.name}.7").mkdir()
    assert store.drop_damaged() == []
    assert not any(path.exists() for path in own)
    assert all(path.exists() for path in foreign)
    assert (tmp_path / "runs" / ".folder.7").is_dir()
