"""The wheel and the sdist, installed where nothing of the checkout is, beside packages that are named like ours."""

import os
import re
import subprocess
import sys
import tarfile
import zipfile
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

USER = """
import equipoise as eq
import harness
import methods

class Mine(eq.Method):
    family = "baseline"
    source = methods.SOURCE
    knowledge = ("decisions", "legality")

    def ask(self) -> eq.Query:
        return eq.Query(self.space.sample(self.rng, harness.ONE)[0])

    def tell(self, observation: eq.Observation) -> None:
        self.last: float = observation.validation_error
"""
SCRIPT = """
import equipoise as eq
from mine import Mine

suite = {
    "name": "theirs",
    "budget": {"queries": 20},
    "protocol": {"repeats": 2, "seed": 0},
    "tasks": ["nasbench201/cifar10"],
    "methods": [Mine, "local_search"],
}
for workers in (1, 2):
    results = eq.run(suite, f"out{workers}", workers=workers, progress=False)
    assert set(results.frame()["method"]) == {"Mine", "local_search"}
results.report("report", formats=["md"])
print(eq.__file__, eq.harness.__file__)
"""


def run(*command: object, cwd: Path, **variables: str) -> str:
    """What a command prints, in an environment without this checkout."""
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    ran = subprocess.run(
        list(map(str, command)), capture_output=True, text=True, cwd=cwd, env={**environment, **variables}, check=False
    )
    assert ran.returncode == 0, ran.stdout + ran.stderr
    return ran.stdout


@pytest.fixture(scope="module")
def built(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the sdist and the wheel of the checkout."""
    root = Path(__file__).resolve().parents[1]
    if not (root / "pyproject.toml").exists() or not (root / "equipoise" / "harness").is_symlink():
        pytest.skip("not a checkout")
    pytest.importorskip("hatchling")
    folder = tmp_path_factory.mktemp("built")
    run(sys.executable, "-m", "hatchling", "build", "-d", folder, cwd=root)
    return folder


@pytest.fixture(scope="module", params=["wheel", "sdist"])
def installed(request: pytest.FixtureRequest, built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder of packages into which one of the two was installed without its dependencies."""
    (archive,) = built.glob("*.whl" if request.param == "wheel" else "*.tar.gz")
    target = tmp_path_factory.mktemp(request.param) / "site"
    options = ["--no-deps", "--no-build-isolation", "--no-index", "--quiet", "--target", target]
    run(sys.executable, "-m", "pip", "install", *options, archive, cwd=built)
    return target


@pytest.fixture
def project(tmp_path: Path) -> Path:
    """Somebody's project, with packages of the names that ours have on the first level of the checkout."""
    for name, text in {"harness": "ONE = 1\n", "methods": 'SOURCE = "theirs"\n', "reports": "", "suites": ""}.items():
        (tmp_path / name).mkdir()
        (tmp_path / name / "__init__.py").write_text(text)
    (tmp_path / "mine.py").write_text(USER)
    (tmp_path / "script.py").write_text(SCRIPT)
    return tmp_path


def test_archives_hold_one_package_and_no_link(built: Path) -> None:
    (wheel,), (sdist,) = built.glob("*.whl"), built.glob("*.tar.gz")
    names = zipfile.ZipFile(wheel).namelist()
    assert {name.split("/")[0] for name in names if ".dist-info/" not in name} == {"equipoise"}
    wanted = ("py.typed", "testing.py", "harness/cli/templates/method.txt", "suites/quick.toml", "methods/tpe.py")
    wanted += ("reports/explorer/page.html", "reports/explorer/theme.css", "reports/explorer/scripts/main.js")
    wanted += ("harness/archive/shipped/index.json", "harness/archive/shipped/reference/runs.parquet")
    assert {f"equipoise/{name}" for name in wanted} <= set(names)
    with tarfile.open(sdist) as archive:
        members = archive.getnames()
        assert not [member.name for member in archive if member.issym() or member.islnk()]
    assert not [name for name in members if re.match(r"[^/]+/equipoise/(harness|methods|reports|suites)/", name)]
    assert any(name.endswith("/harness/cli/templates/method.txt") for name in members)


def test_it_runs_beside_packages_of_the_same_names(installed: Path, project: Path) -> None:
    said = run(sys.executable, "script.py", cwd=project, PYTHONPATH=str(installed)).split()
    assert len(said) == 2
    assert all(path.startswith(str(installed / "equipoise")) for path in said)
    assert "theirs" in (project / "report" / "report.md").read_text()
    listed = run(
        sys.executable, "-m", "equipoise", "check", "method", "mine.py", cwd=project, PYTHONPATH=str(installed)
    )
    assert listed.splitlines()[-1] == "all checks passed"
    said = run(sys.executable, "-m", "equipoise", "new", "method", "fresh", cwd=project, PYTHONPATH=str(installed))
    assert said.startswith("fresh.py is written")


@pytest.mark.parametrize(("old", "new", "complaint"), [("", "", ""), ("eq.Query(", "eq.Qury(", '"Qury"')])
def test_a_users_method_is_typed_strictly_in_another_project(
    installed: Path, project: Path, old: str, new: str, complaint: str
) -> None:
    pytest.importorskip("mypy")
    text = USER.replace(old, new) if old else USER
    (project / "mine.py").write_text(text)
    command = [
        sys.executable,
        "-m",
        "mypy",
        "--strict",
        "--follow-imports=silent",
        "--ignore-missing-imports",
        "mine.py",
    ]
    environment = {name: value for name, value in os.environ.items() if name != "PYTHONPATH"}
    environment["MYPYPATH"] = str(installed)
    ran = subprocess.run(command, capture_output=True, text=True, cwd=project, env=environment, check=False)
    assert (ran.returncode == 0) == (not complaint), ran.stdout + ran.stderr
    assert complaint in ran.stdout
