"""Fonts, PDF and SVG of the drawings: against fontTools, matplotlib and poppler."""

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from io import BytesIO
from pathlib import Path

import numpy as np
import pytest
from fontTools.pens.recordingPen import DecomposingRecordingPen
from fontTools.ttLib import TTFont
from matplotlib.ft2font import FT2Font, LoadFlags
from matplotlib.textpath import TextPath

from equipoise.reports.drawing.canvas import Canvas
from equipoise.reports.drawing.look import INK
from equipoise.reports.drawing.panel import Scale, log_ticks, round_ticks, short_number
from equipoise.reports.drawing.pdf import pdf
from equipoise.reports.drawing.style import STYLES
from equipoise.reports.drawing.svg import svg
from equipoise.reports.drawing.truetype import font

LETTERS = "NAS − HPO ±0.1 naïve µ→≤ Ünïcödé_x"
FONTS = ("DejaVuSans", "DejaVuSans-Bold", "STIXGeneral", "STIXGeneralBol")


def path_of(name: str) -> str:
    import matplotlib as mpl

    return str(Path(mpl.get_data_path()) / "fonts" / "ttf" / f"{name}.ttf")


@pytest.mark.parametrize("name", FONTS)
def test_widths_are_those_of_freetype(name: str) -> None:
    face = FT2Font(path_of(name))
    face.set_size(100, 72)
    expected = sum(
        face.load_char(ord(letter), flags=LoadFlags.NO_HINTING).linearHoriAdvance / 65536 for letter in LETTERS
    )
    assert font(name).width(LETTERS, 100) == pytest.approx(expected, rel=1e-4)


@pytest.mark.parametrize("name", FONTS)
def test_a_subset_has_the_outlines_of_the_font(name: str) -> None:
    whole = TTFont(path_of(name))
    subset = font(name).subset(LETTERS)
    small = TTFont(BytesIO(subset.data))
    assert len(subset.data) < 0.25 * Path(path_of(name)).stat().st_size
    characters, new, old = whole.getBestCmap(), small.getGlyphSet(), whole.getGlyphSet()
    order = small.getGlyphOrder()
    for letter, number in subset.glyphs.items():
        pens = DecomposingRecordingPen(new), DecomposingRecordingPen(old)
        new[order[number]].draw(pens[0])
        old[characters[ord(letter)]].draw(pens[1])
        assert pens[0].value == pens[1].value, letter
        assert subset.widths[number] == round(1000 * old[characters[ord(letter)]].width / whole["head"].unitsPerEm)


def drawn(style: str = "report") -> Canvas:
    canvas = Canvas(200, 100, STYLES[style])
    canvas.text(100, 50, LETTERS, 9, INK, "middle")
    canvas.text(10, 50, "turned", 9, INK, "middle", angle=90)
    canvas.text(10, 90, "letters that no font has: 漢\U0001f600", 9, INK)
    canvas.line([0, 50, np.nan, 60, 100], [0, 10, 10, 20, 30], INK, 1, (4, 2))
    canvas.band([0, 50, 100], [10, 20, np.nan], [20, 30, 40], "#0b5394", 0.2)
    return canvas


@pytest.mark.skipif(shutil.which("pdftotext") is None, reason="poppler is not installed")
@pytest.mark.parametrize("style", STYLES)
def test_text_of_a_pdf_can_be_read_and_its_fonts_are_embedded(tmp_path: Path, style: str) -> None:
    file = tmp_path / "drawn.pdf"
    file.write_bytes(pdf(drawn(style)))
    assert pdf(drawn(style)) == file.read_bytes()
    text = subprocess.run(["pdftotext", file, "-"], capture_output=True, text=True, check=True)
    assert not text.stderr  # poppler mends a damaged file, but says so
    assert LETTERS in text.stdout
    fonts = subprocess.run(["pdffonts", file], capture_output=True, text=True, check=True).stdout
    assert re.search(r"CID TrueType +Identity-H +yes yes yes", fonts)
    size = subprocess.run(["pdfinfo", file], capture_output=True, text=True, check=True).stdout
    assert "200 x 100 pts" in size


def test_svg_is_xml_with_its_text() -> None:
    root = ET.fromstring(svg(drawn()))
    texts = [element.text for element in root.iter("{http://www.w3.org/2000/svg}text")]
    assert LETTERS in texts
    paths = [element.get("d", "") for element in root.iter("{http://www.w3.org/2000/svg}path")]
    assert any(path.count("M") == 2 for path in paths)  # a line is interrupted where a value is missing


def test_scales_and_ticks() -> None:
    assert Scale(1, 100, 0, 10, log=True)([1, 10, 100]).tolist() == pytest.approx([0, 5, 10])
    assert Scale(5, 1, 0, 10)([5, 1]).tolist() == [0, 10]  # ranks: 1 is on top
    assert round_ticks(-0.42, 0.42, 6) == pytest.approx([-0.4, -0.2, 0, 0.2, 0.4])
    assert log_ticks(1, 50) == pytest.approx([1, 3, 10, 30])
    assert log_ticks(1, 1e6) == pytest.approx([1, 10, 100, 1e3, 1e4, 1e5, 1e6][::2])
    assert [short_number(v) for v in (0.0, -0.4, 1500, 2e6)] == ["0", "−0.4", "1.5k", "2M"]


def test_text_is_cut_where_there_is_no_room() -> None:
    style = STYLES["report"]
    shown = style.fitted("a_very_long_name_of_a_method", 60)
    assert shown.endswith("…")
    assert (
        style.text_width(shown) <= 60 < TextPath((0, 0), "a_very_long_name_of_a_method", size=8.5).get_extents().width
    )
