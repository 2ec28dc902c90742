"""The README is short, its method is a method, and its tables leave nothing out; its blocks run in `tests/docs`."""

import re
from pathlib import Path

from page_blocks import blocks

from equipoise.harness.conformance import failures_of
from equipoise.harness.core.registry import benchmark_names, load_method, method_names

README = Path(__file__).resolve().parent.parent / "README.md"
TEXT = README.read_text()
TITLES = {
    "nas": "made for architectures",
    "hpo": "general optimisers",
    "one-shot": "weight sharing",
    "baseline": "baseline",
}


def test_it_is_short() -> None:
    assert len(TEXT.splitlines()) <= 150


def test_the_two_commands_stand_in_it() -> None:
    assert "python -m pip install tox && tox -e quick" in TEXT
    assert "\ntox -e tests\n" in TEXT


def test_the_method_is_under_twenty_lines_and_conforms(tmp_path: Path) -> None:
    (block,) = [block for block in blocks(README) if block.file and block.file.endswith(".py")]
    path = tmp_path / str(block.file)
    path.write_text(block.code)
    assert len(block.code.splitlines()) < 20
    assert load_method(str(path)).__name__ == "PlainRandomSearch"
    assert [found for found in failures_of(str(path)) if found[1]] == []


def test_its_tables_name_every_method_and_benchmark() -> None:
    general = {"table", "surrogate", "naslib", "training"}  # of a file or a checkout of the user's; told in words
    rows = dict(re.findall(r"^\| ([a-z ]+) \| (.*) \|$", TEXT, re.MULTILINE))
    for family, title in TITLES.items():
        named = {*re.findall(r"`(\w+)`", rows[title])}
        assert named == {name for name in method_names() if load_method(name).family == family}
    written = TEXT.replace("-", "_")
    assert [name for name in benchmark_names() if name not in general and f"`{name}`" not in written] == []


def test_its_figure_is_there_and_small() -> None:
    figure = README.parent / "docs" / "figures" / "readme.svg"
    assert figure.stat().st_size < 200_000
    assert "](docs/figures/readme.svg)" in TEXT
