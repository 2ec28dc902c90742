"""Numbers, verdicts and looks."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from equipoise.reports.drawing.look import PALETTE, PAPER, looks
from equipoise.reports.phrases import amount, decimals, interval, joined, number, percent, probability
from equipoise.reports.render.html import _lighter
from equipoise.reports.statistics.resampling import Estimate
from equipoise.reports.verdicts import judged, ratio_words, verdict_words


@given(st.floats(-1e6, 1e6), st.integers(0, 5))
def test_number_reads_back_and_has_no_negative_zero(value: float, digits: int) -> None:
    text = number(value, digits)
    read = float(text.replace("−", "-").replace(",", ""))
    assert read == pytest.approx(value, abs=0.5 * 10**-digits + 1e-9)
    assert "-" not in text
    assert read != 0 or not text.startswith("−")


def test_numbers_that_are_none() -> None:
    assert [number(math.nan), number(math.inf), number(-math.inf)] == ["n/a", "∞", "−∞"]
    assert interval(math.nan, 1.0) == ""
    assert interval(-math.inf, 0.5, 1) == "[−∞, 0.5]"
    assert [interval(low, math.inf) for low in (-math.inf, 0.0)] == ["[no interval]"] * 2


def test_small_shares_and_p_values_are_never_nought() -> None:
    assert [percent(v) for v in (0.0, 0.001, 0.5, 0.999, 1.0, math.nan)] == [
        "0 %",
        "< 1 %",
        "50 %",
        "> 99 %",
        "100 %",
        "n/a",
    ]
    assert [probability(v) for v in (1e-9, 0.00051, 0.0312, 0.25)] == ["< 0.0001", "0.0005", "0.031", "0.25"]
    assert [probability(v, "p") for v in (1e-9, 0.25)] == ["p < 0.0001", "p = 0.25"]


def test_amounts_and_lists() -> None:
    assert [amount(v) for v in (300.0, 1234567.0, 0.012345, 12.345, 2.5e9)] == [
        "300",
        "1,234,567",
        "0.0123",
        "12.3",
        "2.5e+09",
    ]
    assert [joined(words) for words in ([], ["a"], ["a", "b"], ["a", "b", "c"])] == ["", "a", "a and b", "a, b and c"]
    assert [decimals([v]) for v in (0.001, 0.2, 30, 500, 5000)] == [4, 3, 2, 1, 0]


@pytest.mark.parametrize(
    ("low", "high", "words"),
    [
        (-0.5, -0.2, "NAS better"),
        (0.2, 0.5, "HPO better"),
        (-0.09, -0.01, "NAS better, small"),
        (-0.05, 0.05, "equal in practice"),
        (-0.5, 0.05, "cannot tell"),
        (-np.inf, np.inf, "cannot tell"),
        (np.nan, np.nan, "cannot tell"),
    ],
)
def test_verdicts(low: float, high: float, words: str) -> None:
    assert verdict_words(Estimate(np.array(0.0), np.array(low), np.array(high)), 0.1) == words


@given(st.floats(-2, 2), st.floats(0, 2), st.floats(0, 1))
def test_a_verdict_mirrors_when_the_families_change_places(low: float, width: float, rope: float) -> None:
    swap = {"first": "second", "second": "first", "equal": "equal", "unclear": "unclear"}
    one, other = judged(low, low + width, rope), judged(-low - width, -low, rope)
    assert (swap[one.verdict], one.small) == (other.verdict, other.small)


def test_ratios_of_queries() -> None:
    assert ratio_words(math.log(2), math.log(1.5), math.log(30)) == "2.00× [1.50, 30.0]"
    assert ratio_words(0.0, -math.inf, math.inf) == "1.00× [no interval]"


def luminance(colour: str) -> float:
    parts = [int(colour[i : i + 2], 16) / 255 for i in (1, 3, 5)]
    linear = [p / 12.92 if p <= 0.04045 else ((p + 0.055) / 1.055) ** 2.4 for p in parts]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


def contrast(first: str, second: str) -> float:
    high, low = sorted((luminance(first), luminance(second)), reverse=True)
    return (high + 0.05) / (low + 0.05)


def test_looks_differ_without_colour_and_stand_off_light_and_dark_paper() -> None:
    families = {family: [f"{family} {i}" for i in range(len(palette))] for family, palette in PALETTE.items()}
    found = looks(families)
    for labels in families.values():
        assert len({(found[label].marker, str(found[label].dashes)) for label in labels}) == len(labels)
        assert len({found[label].colour for label in labels}) == len(labels)
    for palette in PALETTE.values():
        for colour in palette:
            assert contrast(colour, PAPER) > 1.6
            assert contrast(_lighter(colour), "#11151a") > 3


def test_a_look_does_not_hang_on_other_families() -> None:
    assert looks({"nas": ["a"], "hpo": ["b"]})["b"] == looks({"hpo": ["b"]})["b"]
