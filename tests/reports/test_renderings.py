"""The three renderings: golden files, equal bytes, escaping, and what browsers and pdflatex make of them."""

import os
import re
import shutil
import subprocess
import sys
from html.parser import HTMLParser
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st
from markdown_it import MarkdownIt
from stores import METHODS, NASTY, played, suite

from equipoise.reports.document import Cell, Code, Column, Table
from equipoise.reports.render import html, latex, markdown
from equipoise.reports.write import write

GOLDEN = Path(__file__).resolve().parent.parent / "golden" / "report"
TEXT = st.text(
    st.characters(codec="utf-8", exclude_categories=("Cc", "Cs", "Zl", "Zp", "Zs", "Cf", "Co", "Cn")), max_size=30
)


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A small fixed store with its report."""
    made = played(tmp_path_factory.mktemp("store"), suite())
    write(made)
    return made


@pytest.fixture(scope="module")
def nasty(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A report whose labels hold what every format takes as markup."""
    methods = ({"name": "local_search", "label": NASTY}, {**METHODS[1], "label": "µ-Bayes→∞ naïve"}, METHODS[2])
    made = played(tmp_path_factory.mktemp("nasty"), suite(methods, tasks=("nasbench201/cifar10",)))
    write(made)
    return made


@pytest.mark.parametrize("name", ["report.md", "report.tex", "report.html", "tables/answer.tex", "tables/wilcoxon.tex"])
def test_golden(folder: Path, name: str) -> None:
    """Regenerate on purpose with EQUIPOISE_GOLDEN=write, and read the difference."""
    text = re.sub(r"<svg.*?</svg>", "<svg/>", (folder / name).read_text(), flags=re.DOTALL)
    text = re.sub(r"<style>.*?</style>|<script>.*?</script>", "", text, flags=re.DOTALL)
    golden = GOLDEN / name
    if os.environ.get("EQUIPOISE_GOLDEN") == "write":
        golden.parent.mkdir(parents=True, exist_ok=True)
        golden.write_text(text)
    assert text == golden.read_text()


def test_same_store_same_bytes(folder: Path, tmp_path: Path) -> None:
    """In another process, with another hash seed, another number of threads and another time zone."""
    shutil.copytree(folder / "runs", tmp_path / "runs")
    shutil.copy(folder / "manifest.json", tmp_path)
    environment = {**os.environ, "PYTHONHASHSEED": "4", "OMP_NUM_THREADS": "2", "TZ": "Asia/Tokyo", "LANG": "C"}
    environment["PYTHONPATH"] = os.pathsep.join(path for path in sys.path if path)
    command = [sys.executable, "-m", "equipoise", "report", str(tmp_path)]
    subprocess.run(command, env=environment, check=True, capture_output=True)
    written = sorted(p.relative_to(folder) for p in folder.rglob("*") if p.is_file())
    assert written == sorted(p.relative_to(tmp_path) for p in tmp_path.rglob("*") if p.is_file())
    assert {p.suffix for p in written} >= {".md", ".tex", ".html", ".svg", ".pdf"}
    for path in written:
        assert (folder / path).read_bytes() == (tmp_path / path).read_bytes(), path


# Markdown.


def reading(text: str) -> str:
    """What a reader sees of Markdown."""
    tokens = MarkdownIt("commonmark").enable("table").parse(text)
    return "".join(child.content for token in tokens for child in token.children or ())


@given(TEXT)
def test_markdown_is_read_as_it_was_meant(text: str) -> None:
    assert reading(f"x {markdown.plain(text)} x") == f"x {text} x"


@given(TEXT.filter(str.strip))
def test_markdown_cells_keep_their_text_and_their_place(text: str) -> None:
    row = f"| {markdown.cell(Cell(text, code=True))} | {markdown.cell(Cell(text, best=True))} | end |"
    cells = re.split(r"(?<!\\)\|", row)[1:-1]
    tokens = MarkdownIt("commonmark").enable("table").parse(f"| a | b | c |\n|---|---|---|\n{row}\n")
    assert len(cells) == 3
    assert [t.content for t in tokens if t.type == "inline"][-1] == "end"


def test_markdown_names_figures_that_are_there(folder: Path) -> None:
    named = re.findall(r"\]\((figures/[^)]+)\)", (folder / "report.md").read_text())
    assert named
    assert all((folder / name).is_file() for name in named)


# LaTeX.


@given(TEXT)
def test_latex_leaves_nothing_special_unescaped(text: str) -> None:
    escaped = latex.plain(text)
    assert escaped.isascii() or all(ord(letter) < 0x180 for letter in escaped)
    bare = re.sub(r"\\ensuremath\{[^}]*\}|\\[a-zA-Z]+(\{\})?|\\[{}$&#%_,]|\{\}|\{[\[\]]\}", "", escaped)
    assert not re.search(r"[\\{}$&#%^<>|\"]", bare)


def test_latex_breaks_long_names_and_heads_and_needs_no_font_encoding() -> None:
    long = "hyperopt/tpe-with-priors_of_a_former_task_that_is_long"
    assert latex.cell(Cell(long, code=True)).count(r"\allowbreak{}") == 10
    assert latex.plain('arithmetic = "lean"') == r"arithmetic = \char34{}lean\char34{}"
    table = Table("t", "t", (Column("hyperopt/tpe-with-priors"),), ())
    assert latex.heads(table) == r"\shortstack[r]{hyperopt/tpe- \\ with-priors}"


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
@pytest.mark.parametrize("which", ["folder", "nasty"])
def test_latex_compiles_at_once(which: str, request: pytest.FixtureRequest, tmp_path: Path) -> None:
    made = request.getfixturevalue(which)
    for name in ("figures", "tables"):
        shutil.copytree(made / name, tmp_path / name)
    shutil.copy(made / "report.tex", tmp_path)
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"]
    done = subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, errors="replace", check=False)
    assert done.returncode == 0, done.stdout[-2000:]
    assert "Overfull \\hbox" not in re.sub(r"Overfull \\hbox \(\d\.\d+pt", "", done.stdout)


# HTML.


class Outline(HTMLParser):
    """Checks that tags nest and ids are unique, and remembers what is referred to."""

    VOID = frozenset({"meta", "wbr", "link", "br", "img", "input", "hr"})

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []
        self.ids: list[str] = []
        self.links: list[str] = []
        self.text: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in self.VOID:
            self.open.append(tag)
        self.handle_startendtag(tag, attrs)

    def handle_startendtag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name == "id":
                self.ids.append(value or "")
            if name in ("href", "src", "xlink:href", "action"):
                self.links.append(value or "")

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text.append(data)


@pytest.mark.parametrize("which", ["folder", "nasty"])
def test_html_is_one_well_formed_file(which: str, request: pytest.FixtureRequest) -> None:
    page = (request.getfixturevalue(which) / "report.html").read_text()
    outline = Outline()
    outline.feed(page)
    assert not outline.open
    assert len(outline.ids) == len(set(outline.ids))
    assert outline.links
    assert all(link.startswith("#") for link in outline.links)
    assert {link[1:] for link in outline.links} <= set(outline.ids)
    assert "@import" not in page
    assert not re.search(r"url\((?!#)", page)
    assert page.count("<svg ") == page.count("<title id=") == page.count("<desc id=")


@given(TEXT)
def test_html_is_read_as_it_was_meant(text: str) -> None:
    outline = Outline()
    outline.feed(f"<p>{html.inline((text, Code(text)))}</p>")
    assert "".join(outline.text) == text * 2


CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
needs_chromium = pytest.mark.skipif(CHROMIUM is None, reason="chromium is not installed")
PROBE = """<script>
document.querySelectorAll("details").forEach((part) => { part.open = true; });
const answer = document.querySelector("#figure-answer svg").getBoundingClientRect();
marked();
const boxes = [...document.querySelectorAll(".scroll")];
const cues = boxes.filter((box) => getComputedStyle(box, "::after").content.includes("scroll sideways"));
const wide = [...document.querySelectorAll("main *")].filter((e) => !e.closest(".scroll, svg, pre, figure.plot"))
  .filter((e) => e.getBoundingClientRect().right > innerWidth + 1).map((e) => e.outerHTML.slice(0, 80));
const table = document.querySelector("#table-overview table");
const before = [...table.tBodies[0].rows].map((row) => row.cells[0].textContent);
table.tHead.querySelector("tr.heads").cells[1].querySelector("button")?.click();
const values = [...table.tBodies[0].rows].map((row) => Number(row.cells[1].dataset.value));
document.body.dataset.probe = JSON.stringify({
  page: document.documentElement.scrollWidth, window: innerWidth, wide, values, rows: before.length,
  figure: answer.bottom, cues: cues.map((box) => boxes.indexOf(box)), overflowing:
    boxes.filter((box) => box.scrollWidth > box.clientWidth + 1).map((box) => boxes.indexOf(box)),
  first: document.querySelector("p.answer").getBoundingClientRect().bottom, height: innerHeight,
});
</script></body>"""


def browsed(page: Path, width: int, scratch: Path, *more: str) -> str:
    """The page as a browser holds it after its scripts have run."""
    command = [
        str(CHROMIUM), "--headless", "--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run",
        "--disable-background-networking", "--disable-component-update", "--disable-sync", "--hide-scrollbars",
        f"--user-data-dir={scratch / 'profile'}", f"--window-size={width},900", *more, page.as_uri(),
    ]  # fmt: skip
    return subprocess.run(command, capture_output=True, text=True, check=True, timeout=120).stdout


@needs_chromium
@pytest.mark.parametrize("width", [1280, 390])
def test_html_fits_the_window_and_sorts(folder: Path, tmp_path: Path, width: int) -> None:
    """A window cannot be narrower than 500 pixels, so the page stands in a frame of the width asked for."""
    page = tmp_path / "page.html"
    page.write_text((folder / "report.html").read_text().replace("</body>", PROBE))
    frame = tmp_path / "frame.html"
    frame.write_text(
        f'<iframe src="page.html" width="{width}" height="900"></iframe><script>onload = () => {{'
        'document.title = document.querySelector("iframe").contentDocument.body.dataset.probe; }</script>'
    )
    dom = browsed(frame, 1400, tmp_path, "--allow-file-access-from-files", "--dump-dom")
    import html as unescaper
    import json

    found = json.loads(unescaper.unescape(re.search(r"<title>(.*?)</title>", dom, re.DOTALL)[1]))  # type: ignore[index]
    assert found["window"] == width
    assert found["page"] <= width
    assert found["wide"] == []
    assert found["values"] == sorted(found["values"])
    assert found["overflowing"]
    assert found["cues"] == found["overflowing"]
    if width == 1280:
        assert found["first"] < found["figure"] < found["height"]


@needs_chromium
@pytest.mark.parametrize("dark", [False, True])
def test_html_works_without_scripts_and_in_the_dark(folder: Path, tmp_path: Path, dark: bool) -> None:
    from matplotlib.image import imread

    page, shot = tmp_path / "page.html", tmp_path / "page.png"
    policy = """<meta http-equiv="Content-Security-Policy" content="script-src 'none'">"""
    page.write_text((folder / "report.html").read_text().replace("<head>", f"<head>{policy}"))
    browsed(
        page, 1280, tmp_path, f"--screenshot={shot}", *(["--blink-settings=preferredColorScheme=0"] if dark else [])
    )
    pixels = imread(shot)[..., :3]
    assert pixels.std() > 0.05  # something is drawn
    assert (pixels[5, 5].mean() < 0.2) if dark else (pixels[5, 5].mean() > 0.9)
    assert "<button" not in browsed(page, 1280, tmp_path, "--dump-dom")
