"""The figure of the README is drawn from stored results alone."""

import importlib.util
import re
from pathlib import Path
from typing import Any

import pytest

import equipoise as eq

SCRIPT = Path(__file__).resolve().parents[2] / "docs" / "figures" / "readme.py"


@pytest.fixture(scope="module")
def script() -> Any:
    spec = importlib.util.spec_from_file_location("readme_figure", SCRIPT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def test_it_names_every_method_and_tells_the_repeats(
    script: Any, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    suite = {
        "name": "small",
        "budget": {"queries": 30},
        "protocol": {"repeats": 3, "seed": 1},
        "tasks": ["nasbench201/cifar10"],
        "methods": ["random_search", "local_search", {"name": "eda_gp", "repeats": 2}],
    }
    eq.run(suite, out=tmp_path / "small", workers=1, progress=False)
    capsys.readouterr()
    script.main(str(tmp_path / "small"), tmp_path / "figure.svg")
    assert "over 1 tasks" in (said := capsys.readouterr().out)
    assert "2 to 3 repeats" in said
    drawn = re.findall(r"<!-- (\w+) -->", (tmp_path / "figure.svg").read_text())
    assert {"random_search", "local_search", "eda_gp"} <= {*drawn}


def test_labels_are_moved_apart_in_their_order(script: Any) -> None:
    moved = script._apart({"a": 1.0, "b": 1.01, "c": 2.0})
    assert moved["b"] / moved["a"] == pytest.approx(script.CLOSEST, rel=1e-3)
    assert moved["a"] < moved["b"] < moved["c"] == 2.0
