import json
import resource
import subprocess
import sys
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from made import MadeSpace
from made_runs import made_run

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.files import write_whole
from equipoise.harness.store.run_file import COLUMNS
from equipoise.harness.store.run_store import RunStore


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    runs = [made_run(repeat=repeat) for repeat in (2, 1)]
    store.write(runs, MadeSpace())
    frame = RunStore(tmp_path).frame()
    assert list(frame.columns) == list(COLUMNS)
    assert frame["repeat"].tolist() == [1, 1, 1, 2, 2, 2]
    assert frame["query"].tolist() == [1, 2, 3, 1, 2, 3]
    assert frame["architecture"].tolist() == ["a,a,a", "a,a,c", "a,a,a"] * 2
    assert frame["validation_error"].tolist() == [1.0, 1.1, 1.2, 2.0, 2.1, 2.2]
    assert frame["charge"].tolist() == [1.0, 2.0, 3.0] * 2
    assert frame["training_charge"].tolist() == [0.0, 1.0, 2.0] * 2
    assert frame["fidelity"].isna().tolist() == [False, True, False] * 2
    assert frame["cost_seconds"].isna().tolist() == [False, True, False] * 2
    assert RunStore(tmp_path).has(runs[0].spec)
    assert not RunStore(tmp_path).has(made_run(repeat=3).spec)


@pytest.mark.parametrize("kept", [0, 10, 1000])
def test_a_truncated_part_is_named_and_moved_aside(tmp_path: Path, kept: int) -> None:
    store = RunStore(tmp_path)
    store.write([made_run(repeat=1)], MadeSpace())
    part = store.write([made_run(repeat=2)], MadeSpace())
    part.write_bytes(part.read_bytes()[:kept])
    fresh = RunStore(tmp_path)
    with pytest.raises(StoreError, match=part.name):
        fresh.frame()
    (said,) = fresh.drop_damaged()
    assert part.name in said
    assert len(fresh.frame()) == 3
    assert part.with_suffix(".damaged").exists()


def test_a_flipped_byte_among_the_rows_is_noticed(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    part = store.write([made_run()], MadeSpace())
    content = bytearray(part.read_bytes())
    content[40] ^= 0xFF
    part.write_bytes(content)
    with pytest.raises(StoreError, match=part.name):
        RunStore(tmp_path).frame()
    assert part.name in RunStore(tmp_path).drop_damaged()[0]


def test_a_foreign_parquet_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "runs").mkdir()
    pd.DataFrame({"a": [1]}).to_parquet(tmp_path / "runs" / "x.parquet")
    with pytest.raises(StoreError, match=r"x\.parquet"):
        RunStore(tmp_path).summaries()


def test_an_empty_folder_and_a_damaged_manifest_are_named(tmp_path: Path) -> None:
    store = RunStore(tmp_path)
    assert store.manifest() is None
    assert store.failures() == []
    with pytest.raises(StoreError, match="no stored runs"):
        store.frame()
    for content in ("{", "{}", "[]", "7"):
        (tmp_path / "manifest.json").write_text(content)
        with pytest.raises(StoreError, match=r"manifest\.json"):
            store.manifest()


def test_a_file_is_written_whole_or_not_at_all_on_a_full_disk(tmp_path: Path) -> None:
    path = tmp_path / "a"
    write_whole(path, b"old")
    code = (
        "import resource, signal, sys; from pathlib import Path; from equipoise.harness.core.files import write_whole\n"
        "from equipoise.harness.core.errors import StoreError\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (1000, 1000))\n"
        f"try: write_whole(Path({str(path)!r}), b'x' * 5000)\n"
        "except StoreError as error: print(error); sys.exit(3)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", code], capture_output=True, text=True, cwd=Path(__file__).parents[2], check=False
    )
    assert ran.returncode == 3, ran.stderr
    assert "cannot be written" in ran.stdout
    assert path.read_bytes() == b"old"
    assert [file.name for file in tmp_path.iterdir()] == ["a"]
    assert resource.getrlimit(resource.RLIMIT_FSIZE)[0] == resource.RLIM_INFINITY


def test_a_folder_that_is_a_file_is_refused(tmp_path: Path) -> None:
    (tmp_path / "file").write_text("")
    with pytest.raises(StoreError, match="--out"):
        RunStore(tmp_path / "file").write([made_run()], MadeSpace())


def test_summaries_tell_of_early_ends(tmp_path: Path) -> None:
    run = made_run()
    run.trajectory.unspent, run.trajectory.ended = 2.0, "gave up"
    RunStore(tmp_path).write([run], MadeSpace())
    (summary,) = RunStore(tmp_path).summaries().values()
    assert (summary.queries, summary.unspent, summary.ended, summary.process_seconds) == (3, 2.0, "gave up", 0.25)
    assert np.isclose(summary.repeat, 1)
    json.dumps(vars(summary))
