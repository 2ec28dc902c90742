"""The shape of the house, as DESIGN draws it: who may import whom, and what is loaded only where it is used."""

import subprocess
import sys
from pathlib import Path

import pytest

HEAVY = {"torch", "smac", "hyperopt", "skopt", "optuna", "matplotlib", "pandas", "pyarrow", "scipy", "sklearn", "dgl"}


def loaded_by(statement: str) -> set[str]:
    """Top-level modules in a fresh interpreter after a statement."""
    code = f"import sys; {statement}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    return set(subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split())


@pytest.mark.parametrize(
    "statement",
    [
        "import equipoise.harness.cli.main",
        "import equipoise.harness.engine.worker",
        "from equipoise.harness.core.registry import load_method; load_method('random_search')",
        "from equipoise.harness.core.registry import load_task; load_task('nasbench201/cifar10')",
    ],
)
def test_heavy_packages_are_loaded_by_what_uses_them_alone(statement: str) -> None:
    assert not loaded_by(statement) & HEAVY


def test_the_check_above_sees_a_heavy_package() -> None:
    assert "pandas" in loaded_by("import pandas") & HEAVY


def test_no_module_outside_training_and_the_methods_imports_torch_with_itself(root: Path) -> None:
    importers = {
        path.relative_to(root).as_posix()
        for package in ("harness", "reports")
        for path in (root / package).rglob("*.py")
        if any(line.startswith(("import torch", "from torch")) for line in path.read_text().splitlines())
    }
    assert all(path.startswith("harness/training/") for path in importers), importers


def test_no_drawer_for_everything(root: Path) -> None:
    files = [path for package in ("harness", "methods", "reports", "speed") for path in (root / package).rglob("*.py")]
    assert not [path.name for path in files if path.stem.strip("_") in {"utils", "util", "helpers", "misc", "common"}]


def test_no_script_of_speed_hides_a_package_when_it_is_run_by_its_path(root: Path) -> None:
    assert not {path.stem for path in (root / "speed").glob("*.py")} & {"harness", "methods", "reports"}


def test_every_module_says_what_it_is_for(root: Path) -> None:
    import ast

    files = [path for package in ("harness", "methods", "reports", "speed") for path in (root / package).rglob("*.py")]
    assert not [str(path) for path in files if not ast.get_docstring(ast.parse(path.read_text()))]


def test_a_worker_on_an_embedded_task_reads_no_open_table() -> None:
    code = "import sys; from equipoise.harness.core.registry import load_task\n"
    code += "t = load_task('nasbench201/cifar10'); t.optimum()\n"
    code += "print([name for name in sys.modules if name.startswith('equipoise.harness.tables')])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"
