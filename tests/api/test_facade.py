"""`import equipoise` itself: what it offers, what it loads, and what a type checker sees of it."""

import ast
import subprocess
import sys
from pathlib import Path

import pytest

import equipoise as eq

USER = """
import equipoise as eq

class Mine(eq.Method):
    family = "baseline"
    source = "me"

    def ask(self) -> eq.Query:
        return eq.Query(self.space.sample(self.rng, 1)[0])

    def tell(self, observation: eq.Observation) -> None:
        self.last: float = observation.validation_error

best: eq.Incumbent | None = eq.search(Mine, "nasbench201/cifar10", queries=10).incumbent
"""


def test_every_name_is_there_and_an_unknown_one_is_an_attribute_error() -> None:
    assert {name: getattr(eq, name) for name in eq.__all__}.keys() <= set(dir(eq))
    with pytest.raises(AttributeError, match="no attribute 'serch'"):
        eq.serch  # noqa: B018


def test_what_type_checkers_see_is_what_there_is() -> None:
    tree = ast.parse(Path(eq.__file__).read_text())
    imports = {
        name.asname: node.module for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) for name in node.names
    }
    assert {name: home for name, home in imports.items() if name in eq._HOME} == eq._HOME


def test_the_import_loads_nothing() -> None:
    code = "import sys, equipoise; print([n for n in ('numpy', 'pandas', 'typer', 'rich') if n in sys.modules])"
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert ran.stdout.strip() == "[]"


@pytest.mark.slow
@pytest.mark.parametrize(("old", "new", "complaint"), [("", "", ""), ("eq.Query(", "eq.Qury(", '"Qury"')])
def test_a_users_method_passes_a_strict_type_checker(tmp_path: Path, old: str, new: str, complaint: str) -> None:
    pytest.importorskip("mypy")
    (tmp_path / "mine.py").write_text(USER.replace(old, new) if old else USER)
    command = [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--ignore-missing-imports"]
    ran = subprocess.run([*command, "mine.py"], capture_output=True, text=True, cwd=tmp_path, check=False)
    assert (ran.returncode == 0) == (not complaint), ran.stdout
    assert complaint in ran.stdout
