"""A disk that is full or read-only, and commands that want the same folder: one line, nothing lost."""

import ctypes
import os
import resource
import shutil
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest

from equipoise.harness.store.run_store import RunStore

TESTS = Path(__file__).resolve().parents[1]
ENVIRONMENT = {**os.environ, "PYTHONPATH": os.pathsep.join([str(TESTS), *sys.path])}
SUITE = """
name = "disk"
[budget]
queries = 45
[protocol]
repeats = 4
seed = 1
[[tasks]]
name = "nasbench201/cifar10"
[[tasks]]
name = "plugins_for_tests:SlowTask/plain"
[[methods]]
name = "random_search"
settings = {replacement = true}
"""
VALUES = ["task", "method", "repeat", "query", "architecture", "validation_error", "charge", "status"]


def rows(folder: Path) -> pd.DataFrame:
    frame = RunStore(folder).frame(VALUES).astype(dict.fromkeys(("task", "method", "architecture", "status"), str))
    return frame.sort_values(VALUES[:4], ignore_index=True)


def command(folder: Path, out: str = "out", *more: str) -> list[str]:
    (folder / "suite.toml").write_text(SUITE)
    return [sys.executable, "-m", "equipoise", "run", "suite.toml", "--workers", "2", "--out", out, *more]


def run(folder: Path, out: str = "out", *more: str, **options) -> subprocess.CompletedProcess[str]:
    given = {"cwd": folder, "env": ENVIRONMENT, "capture_output": True, "text": True, **options}
    return subprocess.run(command(folder, out, *more), check=False, **given)


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory: pytest.TempPathFactory) -> pd.DataFrame:
    folder = tmp_path_factory.mktemp("undisturbed")
    assert run(folder).returncode == 0
    return rows(folder / "out")


@pytest.mark.faults
@pytest.mark.parametrize("size", [100, 4_500])
def test_files_that_may_not_grow_are_one_line_and_the_rest_goes_on_later(
    tmp_path: Path, undisturbed: pd.DataFrame, size: int
) -> None:
    """The system refuses every byte beyond a size, first of the manifest, then of journals and run files."""
    ran = run(tmp_path, preexec_fn=lambda: resource.setrlimit(resource.RLIMIT_FSIZE, (size, size)))
    assert ran.returncode in (1, 2), ran.stderr
    assert "cannot be written (File too large)" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert run(tmp_path).returncode == 0
    pd.testing.assert_frame_equal(rows(tmp_path / "out"), undisturbed)
    assert RunStore(tmp_path / "out").failures() == []


FULL = """
mount -t tmpfs -o size={size}k tmpfs small || exit 99
"$@" ; echo "first $?"
mount -o remount,size=50m small
"$@" ; echo "second $?"
cp -r small/out kept
"""


@pytest.mark.faults
@pytest.mark.parametrize("size", [4, 64])
def test_a_disk_that_is_full_is_one_line_and_the_rest_goes_on_later(
    tmp_path: Path, undisturbed: pd.DataFrame, size: int
) -> None:
    (tmp_path / "small").mkdir()
    line = ["unshare", "--mount", "sh", "-c", FULL.format(size=size), "sh", *command(tmp_path, "small/out")]
    if shutil.which("unshare") is None:
        pytest.skip("no unshare here")
    ran = subprocess.run(line, cwd=tmp_path, env=ENVIRONMENT, capture_output=True, text=True, check=False)
    if ran.returncode == 99 or "unshare" in ran.stderr:
        pytest.skip("no right to mount here")
    assert "Traceback" not in ran.stderr
    assert "(No space left on device)" in ran.stderr
    assert ran.stdout in ("first 1\nsecond 0\n", "first 2\nsecond 0\n"), ran.stderr
    pd.testing.assert_frame_equal(rows(tmp_path / "kept"), undisturbed)


def without_rights() -> None:
    """Takes from root, and from what it starts, the right to write where the mode of a folder forbids it."""
    ctypes.CDLL(None).prctl(24, 1, 0, 0, 0)  # PR_CAPBSET_DROP, CAP_DAC_OVERRIDE


@pytest.mark.faults
@pytest.mark.parametrize("place", ["out", "out/runs", "out/journal"])
def test_a_folder_that_is_read_only_is_one_line(tmp_path: Path, undisturbed: pd.DataFrame, place: str) -> None:
    folder = tmp_path / place
    folder.mkdir(parents=True)
    folder.chmod(0o555)
    ran = run(tmp_path, preexec_fn=without_rights)
    folder.chmod(0o755)
    assert ran.returncode in (1, 2)
    assert "cannot be written (Permission denied)" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert len(ran.stderr.strip().splitlines()) == 1
    assert run(tmp_path).returncode == 0
    pd.testing.assert_frame_equal(rows(tmp_path / "out"), undisturbed)


@pytest.mark.faults
def test_of_two_commands_one_runs_and_the_other_says_so(tmp_path: Path, undisturbed: pd.DataFrame) -> None:
    options = {"cwd": tmp_path, "env": ENVIRONMENT, "stderr": subprocess.PIPE, "text": True}
    line = command(tmp_path)
    both = [subprocess.Popen(line, **options) for _ in range(2)]
    said = [process.communicate()[1] for process in both]
    refused, ran = sorted(zip((process.returncode for process in both), said, strict=True), reverse=True)
    assert (refused[0], ran[0]) == (2, 0), said
    assert "another run is writing there; wait for it, or choose another --out" in refused[1]
    assert len(refused[1].splitlines()) == 1
    pd.testing.assert_frame_equal(rows(tmp_path / "out"), undisturbed)
