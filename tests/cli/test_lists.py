"""Lists of names, on the command line and in Python."""

import subprocess
import sys

import pytest

import equipoise as eq
from equipoise.harness.cli import name_list
from equipoise.harness.cli.name_list import NameList, overview
from equipoise.harness.core.errors import DataError, PluginError
from equipoise.harness.core.registry import benchmarks, load_task, method_names, task_names


def test_columns_are_aligned_below_a_header() -> None:
    header, *lines = overview("methods", everything=True)[0].table().splitlines()
    assert header.split()[:2] == ["name", "family"]
    assert [line.split()[0] for line in lines] == method_names()
    for line in lines:
        assert line[header.index("family") - 1] == " " != line[header.index("family")]


def test_what_cannot_run_here_is_listed_only_on_demand(capsys: pytest.CaptureFixture[str]) -> None:
    every = [name for benchmark in benchmarks() for name in task_names(benchmark)]
    here, left = overview("tasks")
    assert list(here) == [name for name in every if load_task(name).skip() is None]
    everything, none = overview("tasks", everything=True)
    assert (list(everything), none) == (every, 0)
    assert len(here) + left == len(every)
    assert "cannot run here" not in here.table()
    assert "equipoise data fetch" in everything.table()


def test_a_task_that_cannot_be_read_does_not_hide_the_others(monkeypatch: pytest.MonkeyPatch) -> None:
    def damaged(task: object) -> None:
        raise DataError("cifar10.pkl: damaged")

    monkeypatch.setattr("equipoise.harness.benchmarks._trained_table.TrainedTableTask.skip", damaged)
    assert "nasbench201/cifar10" not in overview("tasks")[0]
    assert "cifar10.pkl: damaged" in overview("tasks", everything=True)[0].table()


def test_a_narrow_terminal_cuts_lines(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("COLUMNS", "40")
    lines = repr(eq.methods()).splitlines()
    assert max(map(len, lines)) == 40
    assert any(line.endswith("…") for line in lines)


def test_the_lists_of_python_are_sequences_of_names_and_frames() -> None:
    assert "random_search" in eq.methods()
    assert eq.tasks()[0] in [eq.tasks()[place] for place in range(2)]
    assert isinstance(eq.suites()[1:3], NameList)
    assert len(eq.suites()[1:3]) == 2
    frame = eq.suites().to_frame()
    assert list(frame.columns) == ["name", "tasks", "methods", "budget", "repeats"]
    assert frame.set_index("name").loc["quick"].tolist() == [13, 7, "50 queries", 20]
    html = eq.methods(everything=True)._repr_html_()
    assert html.count("<tr>") == len(method_names()) + 1
    with pytest.raises(PluginError, match="did you mean 'methods'"):
        overview("method")


def test_the_package_of_the_methods_lists_them_too() -> None:
    """`import equipoise.methods.tpe` puts the package where the function `equipoise.methods` was."""
    code = (
        "import equipoise as eq; before = list(eq.methods()); import equipoise.methods.tpe as tpe\n"
        "assert list(eq.methods()) == before; print(tpe.__name__, eq.methods.tpe is tpe)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout.split() == ["equipoise.methods.tpe", "True"], ran.stderr


def test_no_list_reads_data() -> None:
    """Whoever asks for names waits for no table; `speed/waiting.py` measures the rest."""
    assert set(name_list.KINDS) == {"methods", "tasks", "suites"}
    code = (
        "import sys\nfrom equipoise.harness.cli.name_list import KINDS, overview\n"
        "for kind in KINDS: overview(kind, everything=True)[0].table()\n"
        "print(sorted({'pandas', 'pyarrow', 'scipy', 'torch', 'rich'} & set(sys.modules)))"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert ran.stdout.strip() == "[]", ran.stdout + ran.stderr
