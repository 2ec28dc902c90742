"""The table of variance shares says where its intervals are rough, and where they miss their own share."""

import re
from pathlib import Path
from typing import Any

from stores import played, suite

from equipoise.reports.analysis import Analysis
from equipoise.reports.compose import compose
from equipoise.reports.document import Table
from equipoise.reports.load import load
from equipoise.reports.render import markdown
from equipoise.reports.sections.factorial import factorial_section

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


def test_few_repeats_and_intervals_that_miss_their_share_are_said(tmp_path: Path) -> None:
    """With seed 2, two intervals miss their share."""
    played(tmp_path, suite(METHODS, TASKS, {"queries": 8}, repeats=2, seed=2), factors)
    found, (few, missed) = shares(tmp_path)
    outside = [name for name, (value, low, high) in found.items() if not low <= value <= high]
    assert outside == ["proposal", "isomorphism"]
    assert few.startswith("A method has only 2 repeats on some task: with fewer than 8")
    assert missed.startswith(
        "Outside its own interval: proposal (validation regret) and isomorphism (validation regret)."
    )
    assert missed in markdown.render(compose(load(tmp_path)))


def test_enough_repeats_within_their_intervals_need_no_note(tmp_path: Path) -> None:
    played(tmp_path, suite(METHODS, TASKS[:1], {"queries": 4}, repeats=8), factors)
    found, notes = shares(tmp_path)
    assert all(low <= value <= high for value, low, high in found.values())
    assert notes == []
