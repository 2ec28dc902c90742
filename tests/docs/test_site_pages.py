"""The pages that the site derives from code."""

import re
import sys
from pathlib import Path
from xml.etree import ElementTree

import numpy as np
import pytest

from equipoise.harness.core.registry import benchmark_names, method_names, spaces

sys.path.insert(0, str(Path(__file__).resolve().parents[2] / "docs"))
from site_pages import pages, write_pages
from site_pages.cell_drawing import svg
from site_pages.command_page import commands
from site_pages.docstrings import read


@pytest.fixture(scope="module")
def derived() -> dict[str, str]:
    return pages()


def test_every_method_benchmark_and_space_has_a_page(derived: dict[str, str]) -> None:
    assert {f"methods/{name}" for name in method_names()} < derived.keys()
    assert {f"spaces/{cls.name}" for cls in spaces()} < derived.keys()
    written = {name.replace("-", "_") for name in derived if name.startswith("benchmarks/")}
    assert {f"benchmarks/{name}" for name in benchmark_names()} < written


def test_a_page_of_a_method_tells_each_setting_with_its_default(derived: dict[str, str]) -> None:
    for name in method_names():
        page = derived[f"methods/{name}"]
        assert "| source |" in page
        settings = re.findall(r"^\| `(\w+)` \| `[^|]*` \|(.*)\|$", page, re.MULTILINE)
        assert [setting for setting, meaning in settings if not meaning.strip()] == [], name


def test_a_page_of_a_benchmark_names_its_tasks(derived: dict[str, str]) -> None:
    assert "### `nasbench201/cifar10`" in derived["benchmarks/nasbench201"]
    assert "<svg" in derived["benchmarks/nasbench201"]


def test_the_page_of_commands_has_every_command(derived: dict[str, str]) -> None:
    for words, _ in commands():
        assert f"## `{' '.join(words)}`" in derived["command_line"]


def test_the_page_of_commands_shows_defaults_and_the_options_of_the_whole(derived: dict[str, str]) -> None:
    page = derived["command_line"]
    rows = [line for line in page.splitlines() if line.startswith("| `")]
    assert {len(re.findall(r"(?<!\\)\|", row)) for row in rows} == {4}
    assert [row for row in rows if "``" in row] == []
    assert next(row for row in rows if row.startswith("| `--port`")).endswith("| `0` |")
    assert next(row for row in rows if row.startswith("| `--power`")).endswith("| `0.8` |")
    assert next(row for row in rows if row.startswith("| `--terminal`")).endswith("|  |")
    before = page.partition("\n## ")[0]
    assert [
        name for name in ("--version", "--install-completion", "--show-completion") if f"| `{name}`" not in before
    ] == []


@pytest.mark.parametrize("cls", list(spaces()), ids=lambda cls: cls.name)
def test_a_drawing_shows_every_label_of_the_graph_once(cls: type) -> None:
    space = cls()
    for architecture in space.sample(np.random.default_rng(3), 5):
        graph = space.graph(architecture)
        drawn = [text.text for image in svg(graph) for text in ElementTree.fromstring(image).iter("text")]
        assert sorted(drawn) == sorted([*graph.node_labels, *filter(None, graph.edge_labels)])


def test_pages_that_say_the_same_are_not_written_again(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("site_pages.pages", lambda: {"methods/one": "text"})
    write_pages(tmp_path)
    before = (tmp_path / "methods/one.md").stat().st_mtime_ns
    write_pages(tmp_path)
    assert (tmp_path / "methods/one.md").stat().st_mtime_ns == before


def test_a_docstring_is_read_in_parts() -> None:
    def documented() -> None:
        """Does it.

        At length.

        Args:
            one: First,
                over two lines.
            two (int): Second.

        Raises:
            ValueError: Never.

        Source: a paper.
        """

    doc = read(documented)
    assert (doc.summary, doc.body.split("\n\n")) == ("Does it.", ["At length.", "Source: a paper."])
    assert doc.sections == {
        "Args": {"one": "First, over two lines.", "two": "Second."},
        "Raises": {"ValueError": "Never."},
    }
