"""The import contracts: each fails on a copy of the packages in which one import runs upwards."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest

PLANTED = {
    "The harness is layered": ("harness/spaces/darts.py", "equipoise.harness.cli.main"),
    "Data and tables know nothing of runs": ("harness/data/cache.py", "equipoise.harness.store.run_store"),
    "The core is layered": ("harness/core/errors.py", "equipoise.harness.core.suite"),
    "The engine is layered": ("harness/engine/runner.py", "equipoise.harness.engine.session"),
    "The engine knows no method and no report": ("harness/engine/worker.py", "equipoise.methods.tpe"),
    "Methods and reports never meet": ("reports/load.py", "equipoise.methods.tpe"),
    "Only users import the Python API": ("methods/tpe.py", "equipoise.api.search"),
}


@pytest.fixture(scope="module")
def verdicts(tmp_path_factory: pytest.TempPathFactory) -> dict[str, tuple[str, str]]:
    """Each contract with its verdict on the packages as they are, and on those with all planted imports."""
    root, copy = Path(__file__).resolve().parent.parent, tmp_path_factory.mktemp("copy")
    ignored = shutil.ignore_patterns("__pycache__", "*.parquet", "harness", "methods", "reports", "suites")
    shutil.copytree(root / "equipoise", copy / "equipoise", ignore=ignored)
    for package in ("harness", "methods", "reports"):
        shutil.copytree(root / package, copy / "equipoise" / package, ignore=shutil.ignore_patterns("__pycache__"))
    shutil.copy(root / "pyproject.toml", copy)
    before = _verdicts(copy)
    for file, module in PLANTED.values():
        path = copy / "equipoise" / file
        path.write_text(f"{path.read_text(encoding='utf-8')}\nimport {module}\n", encoding="utf-8")
    after = _verdicts(copy)
    return {contract: (before[contract], after[contract]) for contract in before}


def _verdicts(folder: Path) -> dict[str, str]:
    told = subprocess.run(
        [
            sys.executable,
            "-c",
            "from importlinter.cli import lint_imports_command; lint_imports_command()",
            "--no-cache",
        ],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(folder), "COLUMNS": "200"},
        capture_output=True,
        text=True,
        check=False,
    ).stdout
    endings = (" KEPT", " BROKEN")
    lines = [line.strip() for line in told.splitlines() if line.rstrip().endswith(endings)]
    return {line.rpartition(" ")[0]: line.rpartition(" ")[2] for line in lines}


@pytest.mark.parametrize("contract", PLANTED)
def test_a_planted_import_breaks_the_contract(contract: str, verdicts: dict[str, tuple[str, str]]) -> None:
    assert verdicts[contract] == ("KEPT", "BROKEN")


def test_every_contract_has_a_planted_import(verdicts: dict[str, tuple[str, str]]) -> None:
    assert set(verdicts) == set(PLANTED)
