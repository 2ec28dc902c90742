"""The figure of posteriors, which a report of three tasks and more has."""

import pytest

from equipoise.reports.drawing.canvas import Label, Shape
from equipoise.reports.drawing.look import FAINT
from equipoise.reports.drawing.style import STYLES
from equipoise.reports.figures.posterior import FIRST, SECOND, posterior_bars

ROWS = (
    ("structural_gp", "a method with a name that is far too long for any column of a page", 0.7, 0.2, 0.1),
    ("tpe", "smac", 0.0, 0.04, 0.96),
    ("tpe", "random_search", 1.0, 0.0, 0.0),
)


@pytest.mark.parametrize("style", STYLES)
def test_a_bar_is_as_wide_as_its_probability(style: str) -> None:
    canvas = posterior_bars(STYLES[style], ROWS, 0.1, "points")
    boxes = [item for item in canvas.items if isinstance(item, Shape) and item.fill in (FIRST, FAINT, SECOND)]
    assert [box.fill for box in boxes] == [FIRST, FAINT, SECOND] * len(ROWS)
    extents = [[x for x, _ in box.parts[0]] for box in boxes]
    widths = [max(xs) - min(xs) for xs in extents]
    whole = sum(widths[:3])
    assert [width / whole for width in widths] == pytest.approx([share for row in ROWS for share in row[2:]])
    assert min(map(min, extents)) > 0
    assert max(map(max, extents)) < canvas.width


def test_shares_that_have_room_are_written_into_their_bars() -> None:
    canvas = posterior_bars(STYLES["report"], ROWS, 0.1, "points")
    written = [item.text for item in canvas.items if isinstance(item, Label)]
    assert [text for text in written if text.count(".") == 1 and len(text) == 4][:5] == [
        "0.70",
        "0.20",
        "0.10",
        "0.96",
        "1.00",
    ]
    assert "equivalent: within ±0.1 points" in written
    assert ROWS[0][1] not in written  # fitted to its column
    assert any(text.startswith("a method with") for text in written)
