"""Every code block of every page runs, or is checked where running it would take hours or a network."""

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest
from page_blocks import NOT_CODE, blocks, calls, script, wrong_call

import equipoise as eq
from equipoise.harness.core.suite import Suite

ROOT = Path(__file__).resolve().parents[2]
PAGES = [ROOT / "README.md", ROOT / "CONTRIBUTING.md", *sorted((ROOT / "docs").glob("*.md"))]
RUN = [
    pytest.param(page, id=page.stem, marks=() if page.stem == "README" else pytest.mark.slow)
    for page in PAGES
    if any(block.run or block.language == "python" for block in blocks(page))
]
METHOD = re.compile(r"^class \w+\(eq\.Method\):\n(?:(?: {4}.*)?\n)+", re.MULTILINE)
named = pytest.mark.parametrize("page", PAGES, ids=lambda page: page.stem)


@pytest.mark.parametrize("page", RUN)
def test_a_reader_who_does_what_the_page_says_meets_no_error(page: Path, tmp_path: Path) -> None:
    path = tmp_path / "page.py"
    path.write_text(script(page))
    ran = subprocess.run([sys.executable, path.name], cwd=tmp_path, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, f"{ran.stdout}\n{ran.stderr}"


@pytest.mark.slow
@pytest.mark.parametrize(
    "page", [page for page in PAGES if METHOD.search(page.read_text())], ids=lambda page: page.stem
)
def test_every_method_of_a_page_passes_the_checks(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    for number, definition in enumerate(METHOD.finditer(page.read_text())):
        path = tmp_path / f"method_{number}.py"
        path.write_text(f"import equipoise as eq\n\n\n{definition[0]}")
        checked = eq.check("method", path)
        assert not checked.failures, checked


@named
def test_every_block_is_of_a_language_that_is_checked(page: Path) -> None:
    accepted = NOT_CODE | {"python", "toml", "console"}
    assert {block.language for block in blocks(page) if not block.file} <= accepted


@named
def test_every_command_and_option_exists(page: Path) -> None:
    assert not [wrong for words in calls(page.read_text()) if (wrong := wrong_call(words, ROOT))]


def test_the_check_above_sees_a_command_and_an_option_that_do_not_exist() -> None:
    said = "`equipoise ruin suite.toml` `equipoise run suite.toml --wokers 3` `tox -e test`"
    assert len([wrong for words in calls(said) if (wrong := wrong_call(words, ROOT))]) == 3


@named
def test_every_suite_loads(page: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    found = blocks(page)
    for block in found:
        if block.file:
            Path(block.file).write_text(block.code)
    for block in found:
        if block.language == "toml" and "[[tasks]]" in block.code:
            assert Suite.from_dict(tomllib.loads(block.code)).methods


def test_every_suite_that_comes_with_the_package_is_described() -> None:
    page = (ROOT / "docs" / "suites_and_results.md").read_text()
    assert [path.stem for path in sorted((ROOT / "suites").glob("*.toml")) if f"`{path.stem}`" not in page] == []


@named
def test_every_relative_link_leads_to_a_file(page: Path) -> None:
    for link in re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", page.read_text()):
        target = (page.parent / link).resolve()
        assert target.exists() or "derived" in target.parts or target.parent == ROOT / "docs" / "examples", link
