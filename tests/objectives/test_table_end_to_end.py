"""A table of the user's with three objectives: from its file to the report."""

from pathlib import Path

import pytest
from objective_tables import table_with_objectives

import equipoise as eq


def test_three_objectives_of_a_table_are_searched_and_reported(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path / "cache"))
    table_with_objectives(tmp_path / "mine.parquet")
    results = eq.run(
        {
            "name": "three",
            "folder": str(tmp_path),
            "objectives": ["validation_error", "latency", "sparsity"],
            "constraints": ["sparsity >= 0.5"],
            "budget": {"queries": 4},
            "protocol": {"repeats": 2, "seed": 1},
            "tasks": [{"name": "table:mine.parquet"}],
            "methods": [{"name": "nsga2"}, {"name": "random_search"}],
        },
        out=tmp_path / "out",
    )
    assert {"objective:latency", "objective:sparsity"} <= set(results.frame().columns)
    results.report()
    text = (tmp_path / "out" / "report.md").read_text()
    line = next(line for line in text.splitlines() if "`sparsity`" in line)
    assert "larger" in line
    assert "Regret under the constraints" in text
    volumes = text[text.index("**Hypervolume at 4 queries**") :].splitlines()[4:8]
    assert [line.split("|")[1].strip() for line in volumes[2:]] == ["random search, expected", "exact front"]
    random, front = (float(line.split("|")[2]) for line in volumes[2:])
    assert 0 < random < front < 1
    assert "Mean ranks" in text
