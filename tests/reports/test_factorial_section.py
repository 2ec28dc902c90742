"""The table of variance shares says where its intervals are rough, and where they miss their own share."""

import re
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from stores import played, suite

from equipoise.reports.analysis import Analysis
from equipoise.reports.compose import compose
from equipoise.reports.document import Paragraph, Table
from equipoise.reports.load import load
from equipoise.reports.render import markdown
from equipoise.reports.sections.factorial import factorial_section
from equipoise.reports.statistics.factorial import Shares, variance_shares
from equipoise.reports.statistics.resampling import Estimate

TASKS = ("nasbench201/cifar10", "nasbench201/cifar100")
METHODS = tuple(
    {
        "name": name,
        "label": f"{name} {rule}",
        "settings": settings,
        "isomorphism": rule,
        "factors": {"proposal": name, "isomorphism": rule},
    }
    for name, settings in (
        ("regularized_evolution", {"population": 5, "sample": 2}),
        ("local_search", {}),
        ("random_search", {}),
    )
    for rule in ("none", "all")
)


def factors(manifest: dict[str, Any]) -> None:
    for entry in manifest["suite"]["methods"]:
        manifest["methods"][entry["label"]]["factors"] = dict(entry["factors"])


def shares(folder: Path) -> tuple[dict[str, tuple[float, float, float]], list[str]]:
    """The shares with their intervals as shown, by name, and the notes."""
    section = factorial_section(Analysis(load(folder)))
    assert section is not None
    table = section.blocks[1]
    assert isinstance(table, Table)
    shown = {str(name.text): re.findall(r"\d+\.\d", str(cell.text)) for name, cell in table.rows}
    found = {name: (float(value), float(low), float(high)) for name, (value, low, high) in shown.items()}
    return found, ["".join(note) for note in table.notes]


def test_few_repeats_are_said(tmp_path: Path) -> None:
    played(tmp_path, suite(METHODS, TASKS, {"queries": 8}, repeats=2, seed=1), factors)
    _, (few,) = shares(tmp_path)
    assert few.startswith("A method has only 2 repeats on some task: with fewer than 8")
    assert few in markdown.render(compose(load(tmp_path)))


def test_intervals_that_miss_their_share_are_said(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    played(tmp_path, suite(METHODS, TASKS[:1], {"queries": 4}, repeats=8, seed=0), factors)

    def missing(values: Any, levels: Any) -> Shares:
        found = variance_shares(values, levels)
        return replace(found, main=Estimate(found.main.value, found.main.low, found.main.value / 2))

    monkeypatch.setattr("equipoise.reports.sections.factorial.variance_shares", missing)
    _, (missed,) = shares(tmp_path)
    assert missed.startswith(
        "Outside its own interval: proposal (validation regret) and isomorphism (validation regret)."
    )


def test_cells_that_differ_by_noise_alone_have_no_shares(tmp_path: Path) -> None:
    played(tmp_path, suite(METHODS, TASKS[:1], {"queries": 4}, repeats=8, seed=3), factors)
    section = factorial_section(Analysis(load(tmp_path)))
    assert section is not None
    assert isinstance(section.blocks[0], Paragraph)
    assert "and more than noise between them" in "".join(section.blocks[0].text)


def test_enough_repeats_within_their_intervals_need_no_note(tmp_path: Path) -> None:
    played(tmp_path, suite(METHODS, TASKS[:1], {"queries": 4}, repeats=8, seed=0), factors)
    found, notes = shares(tmp_path)
    assert all(low <= value <= high for value, low, high in found.values())
    assert notes == []
