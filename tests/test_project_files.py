"""Files that tools and services read: they agree with each other."""

import tomllib
from pathlib import Path

import yaml

ROOT = Path(__file__).resolve().parent.parent
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())


def test_the_citation_names_the_version_and_licence_of_the_package() -> None:
    citation = yaml.safe_load((ROOT / "CITATION.cff").read_text())
    assert citation["cff-version"] == "1.2.0"
    assert (citation["version"], citation["license"]) == (PROJECT["project"]["version"], PROJECT["project"]["license"])
    assert "Apache License" in (ROOT / "LICENSE").read_text()


def test_a_commit_needs_no_network() -> None:
    hooks = yaml.safe_load((ROOT / ".pre-commit-config.yaml").read_text())["repos"]
    assert [repo["repo"] for repo in hooks] == ["local"]
    assert {hook["language"] for repo in hooks for hook in repo["hooks"]} == {"system"}


def test_everything_that_the_source_distribution_names_is_there() -> None:
    named = PROJECT["tool"]["hatch"]["build"]["targets"]["sdist"]["only-include"]
    assert {"docs", "examples", "tests", "LICENSE", "CITATION.cff"} < {*named}
    assert [name for name in named if not (ROOT / name).exists()] == []


def test_ci_builds_the_site_and_measures_coverage() -> None:
    script = (ROOT / ".ci" / "run").read_text()
    assert all(f"run -e {environment}\n" in script for environment in ("lint,types", "docs", "coverage"))


def test_the_folders_of_the_fast_subset_are_there() -> None:
    from conftest import FAST

    assert [folder for folder in sorted(FAST) if not (ROOT / "tests" / folder).is_dir()] == []
