import subprocess
import sys
from pathlib import Path

import pytest
from typer.testing import CliRunner

from equipoise.harness.cli.array_job import ArrayJob, submit
from equipoise.harness.cli.main import app
from equipoise.harness.core.errors import SuiteError

SUITE = (
    'name = "made"\n[budget]\nqueries = 5\n[protocol]\nrepeats = 3\nseed = 1\n'
    '[[tasks]]\nname = "nasbench201/cifar10"\n[[methods]]\nname = "random_search"\n'
)


def test_the_script_says_what_was_asked_for(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "a suite.toml").write_text(SUITE)
    options = (
        "--time 2:00:00 --shards 2 --array-parallel 1 --partition cpu --account abc --gres gpu:1 --cpus 4 --memory 8G"
    )
    more = ["--directive", "exclusive", "--directive", "comment=a b", "--setup", "module load x", "--queries", "7"]
    ran = CliRunner().invoke(app, ["sbatch", "a suite.toml", "--out", "the out", *options.split(), *more])
    assert ran.exit_code == 0, ran.output
    script = tmp_path / "the out" / "slurm" / "array.sh"
    assert f"submit it:  sbatch {script}" in ran.output
    assert "equipoise status the out" in ran.output
    text = script.read_text()
    lines = text.splitlines()
    for line in ("requeue", "array=1-2%1", "time=2:00:00", "partition=cpu", "account=abc", "gres=gpu:1", "mem=8G"):
        assert f"#SBATCH --{line}" in lines
    for line in ("exclusive", "comment='a b'", "cpus-per-task=4", "signal=B:USR1@60", "open-mode=append"):
        assert f"#SBATCH --{line}" in lines
    assert "module load x" in lines
    (command,) = (line for line in lines if " -m equipoise run " in line)
    assert command.startswith(f"{sys.executable} -m equipoise run '{tmp_path}/a suite.toml' --out '{tmp_path}/the out'")
    assert (
        '--queries 7 --shard "$SLURM_ARRAY_TASK_ID/2" --workers "${SLURM_CPUS_PER_TASK:-1}" --time 2:00:00 &' in command
    )
    assert subprocess.run(["bash", "-n", str(script)], check=False).returncode == 0


def test_no_more_shards_than_runs_and_no_notice_for_a_short_job(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("made.toml").write_text(SUITE)
    ran = CliRunner().invoke(app, ["sbatch", "made.toml", "--time", "2"])
    assert "3 jobs of 2, into results/made" in ran.output
    text = Path("results/made/slurm/array.sh").read_text()
    assert "#SBATCH --array=1-3\n" in text
    assert "signal" not in text.split("export")[0]


def test_what_cannot_run_is_refused_before_it_waits(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("made.toml").write_text(SUITE.replace("random_search", "plugins_for_tests:Absent"))
    ran = CliRunner().invoke(app, ["sbatch", "made.toml", "--time", "5"])
    assert "cannot run here" in str(ran.exception)
    assert not Path("results").exists()


def test_a_line_that_cannot_stand_in_a_script_is_refused(tmp_path: Path) -> None:
    job = ArrayJob("quick", tmp_path, 3, "5", {"comment": "a\nrm -rf x"})
    with pytest.raises(SuiteError, match=r"--comment .* cannot stand in a line"):
        job.text()
    with pytest.raises(SuiteError, match="--time soon"):
        ArrayJob("quick", tmp_path, 3, "soon").text()


def test_without_sbatch_the_script_is_left_to_be_submitted(tmp_path: Path, monkeypatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    with pytest.raises(SuiteError, match=r"no sbatch on this machine; .* submit the script with: sbatch /x"):
        submit(Path("/x"))
