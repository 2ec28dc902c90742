"""The figure of the methods: a value far behind the others does not squeeze them."""

import numpy as np
import pytest

from equipoise.reports.drawing.canvas import Label, Shape
from equipoise.reports.drawing.look import Look
from equipoise.reports.drawing.style import STYLES
from equipoise.reports.figures.progress import progress
from equipoise.reports.figures.ranking import far_behind, ranking
from equipoise.reports.statistics.resampling import Estimate


def estimates(*values: float) -> Estimate:
    value = np.array(values)
    return Estimate(value, value - 0.01, value + 0.01)


@pytest.mark.parametrize(
    ("values", "far"),
    [
        ((0.1, 0.2, 0.3, 0.8, 7.0), {4}),
        ((7.0, 0.1, 0.2, 0.3), {0}),
        ((0.1, 0.2, 0.3, 0.8, 2.0), set()),
        ((0.1, 9.0, 9.1, 9.2), set()),  # not three quarters of the methods
        ((0.0, 0.0, 0.0, 0.5), set()),
        ((0.1, np.nan, 0.2, 0.3, 5.0), {4}),
        ((1.0, 9.0), set()),
    ],
)
def test_a_method_is_far_behind_by_its_distance_from_the_next(values: tuple[float, ...], far: set[int]) -> None:
    assert far_behind(estimates(*values), range(len(values))) == far


def test_the_axis_is_that_of_the_others_and_an_arrow_has_the_number() -> None:
    labels = ("a", "b", "c", "d", "e")
    looks = {label: Look(f"#00000{place}", "o", ()) for place, label in enumerate(labels)}
    panels = [("validation regret", "points", estimates(0.1, 0.2, 0.3, 0.8, 7.05))]
    canvas = ranking(STYLES["report"], labels, range(5), panels, looks)
    assert [item.text for item in canvas.items if isinstance(item, Label) and item.colour == "#000004"] == ["e", "7.05"]
    (arrow,) = [item for item in canvas.items if isinstance(item, Shape) and item.fill == "#000004"]
    assert max(x for x, _ in arrow.parts[0]) <= canvas.width
    dots = [item for item in canvas.items if isinstance(item, Shape) and item.fill in ("#000000", "#000003")]
    first, last = (np.mean([x for x, _ in dot.parts[0]]) for dot in dots[:2])
    assert last - first > 0.5 * canvas.width


def test_ranks_of_single_runs_have_no_band() -> None:
    looks = {label: Look(f"#00000{place}", "o", ()) for place, label in enumerate("ab")}
    value = np.array([[1.0, 1.0, 1.0], [2.0, 2.0, 2.0]])
    for width, bands in ((np.inf, 0), (0.2, 2)):
        ranks = Estimate(value, value - width, value + width)
        canvas = progress(STYLES["report"], np.array([1.0, 3.0, 10.0]), ranks, value / 2, ("a", "b"), looks, "queries")
        areas = [item for item in canvas.items if isinstance(item, Shape) and item.fill in ("#000000", "#000001")]
        assert len([area for area in areas if area.opacity == 0.15]) == bands
