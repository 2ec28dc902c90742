"""The main part of the report: the answer, the methods, one method in focus, figures as data and in styles."""

import csv
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from stores import METHODS, played, suite

from equipoise.harness.core.errors import SuiteError
from equipoise.harness.core.suite import Suite
from equipoise.reports.analysis import Analysis
from equipoise.reports.compose import compose
from equipoise.reports.document import Figure, Table
from equipoise.reports.drawing.style import STYLES
from equipoise.reports.load import load
from equipoise.reports.render import markdown
from equipoise.reports.sections.answer import _answer, answer_section
from equipoise.reports.sections.answer_detail import _beyond, _row, answer_detail_section
from equipoise.reports.statistics.families import compare_families
from equipoise.reports.write import blocks, write


@pytest.fixture(scope="module")
def folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return played(tmp_path_factory.mktemp("store"), suite())


def origins(manifest: dict[str, Any]) -> None:
    for label, origin in (("local_search", "published"), ("climber", "library"), ("mine", "this project")):
        if label in manifest["methods"]:
            manifest["methods"][label]["origin"] = origin


def said(section: Any) -> str:
    return "".join("".join(block.text) for block in section.blocks if hasattr(block, "text"))


def test_equal_families_keep_the_sign_of_their_difference(folder: Path) -> None:
    analysis = Analysis(load(folder))
    assert analysis.comparison.question is not None
    effect = analysis.comparison.question.mean.overall
    assert effect.value < 0
    analysis.__dict__["ropes"] = (5.0, 10.0, 20.0)
    text = "".join(_answer(analysis))
    assert "equal in practice" in text
    assert f"the family means differ by {abs(float(effect.value)):.3f} points of " in text
    assert "regret in favour of NAS" in text
    assert f"interval [−{abs(float(effect.low)):.3f}, {float(effect.high):.3f}] of NAS minus HPO within ±10" in text


def test_the_confirmatory_contrast_and_the_labellings(tmp_path: Path) -> None:
    methods = (*METHODS, {"name": "random_search", "label": "mine", "family": "nas"})
    analysis = Analysis(load(played(tmp_path, suite(methods), origins)))
    assert analysis.comparison.confirmatory is not None
    assert analysis.comparison.labellings is not None
    assert analysis.comparison.confirmatory.methods == ((0,), (2,))
    assert analysis.comparison.labellings.fragile
    text = "".join(_answer(analysis))
    assert re.search(
        r"this is fragile: the sign holds under only \d+ % of the admissible ways[^.]*\.", text.split(" Published")[0]
    )
    assert "Published NAS methods against library optimisers, the confirmatory contrast:" in text
    detail = answer_detail_section(analysis)
    assert detail is not None
    assert "Over all 3 labellings" in said(detail)
    assert "Moving mine alone turns the sign." in said(detail)


def test_without_origins_no_labelling_is_claimed(folder: Path) -> None:
    analysis = Analysis(load(folder))
    assert analysis.comparison.labellings is None
    assert "fragile" not in said(answer_section(analysis))
    assert "not recorded in this store" in markdown.render(compose(analysis.results))


def test_a_posterior_needs_three_tasks(folder: Path) -> None:
    text = markdown.render(compose(load(folder)))
    assert "shares fewer than 3 tasks" in text
    table = text[text.index("Bayesian signed-rank test: posterior") :].split("\n\n")[1]
    assert table.count("n/a") == 3 * 6


def test_one_run_has_no_interval_and_the_report_says_so(tmp_path: Path) -> None:
    methods = (METHODS[0], {**METHODS[1], "repeats": 1}, METHODS[2])
    text = markdown.render(compose(load(played(tmp_path, suite(methods)))))
    assert "A single run has no interval, nor has a mean that includes it: `climber`." in text
    assert "no interval" in text
    assert "in favour of NAS on nasbench\\_graph/proteins at 40 queries, without an interval, as some" in text
    assert "[no interval] includes zero" not in text
    assert "−∞" not in text


def test_a_table_has_its_own_name(tmp_path: Path) -> None:
    def named(manifest: dict[str, Any]) -> None:
        for place, task in enumerate(manifest["tasks"]):
            manifest["tasks"][task]["title"] = f"mine/{place}"

    text = markdown.render(compose(load(played(tmp_path, suite(), named))))
    assert "### mine/0" in text
    assert "`mine/0 (nasbench201/cifar10)`" in text
    sources = text[text.index("Sources and known pitfalls") :]
    assert "- `mine/0`: " in sources
    assert "- `mine/1`: " in sources


def test_the_provenance_lists_every_command(tmp_path: Path) -> None:
    def twice(manifest: dict[str, Any]) -> None:
        session = {key: manifest.get(key) for key in ("versions", "machine")}
        manifest["sessions"] = [
            {**session, "command": ["run", "made", "--repeats", n], "started": f"2026-01-0{n}"} for n in ("2", "4")
        ]

    text = markdown.render(compose(load(played(tmp_path, suite(), twice))))
    assert "The 2 commands that made the runs" in text
    assert "equipoise run made --repeats 2    # 2026-01-02\nequipoise run made --repeats 4    # 2026-01-04\n" in text


def test_focus_compares_with_each_other_method(folder: Path) -> None:
    document = compose(load(folder), "climber")
    (table,) = [block for block in blocks(document) if isinstance(block, Table) and block.key == "focus"]
    assert [row[0].text for row in table.rows] == ["local_search", "random_search"]
    for row in table.rows:
        assert sum(map(int, row[1].text.split(" / "))) == 2  # tasks
    analysis = Analysis(load(folder))
    expected = np.nanmean(analysis.means[1] - analysis.means[0])  # one task per space
    assert table.rows[0][2].value == pytest.approx(expected)
    with pytest.raises(SuiteError, match=r"--focus: no method 'climbr' with runs.*did you mean 'climber'"):
        compose(load(folder), "climbr")


def test_keys_of_blocks_are_unique(folder: Path) -> None:
    document = compose(load(folder), "climber")
    for kind in (Table, Figure):
        keys = [block.key for block in blocks(document) if isinstance(block, kind)]
        assert len(keys) == len(set(keys))


def test_every_figure_has_its_numbers_beside_it(folder: Path, tmp_path: Path) -> None:
    write(folder, ("md",), tmp_path, focus="climber")
    pictures = sorted(path.stem for path in (tmp_path / "figures").glob("*.svg"))
    assert pictures == sorted(path.stem for path in (tmp_path / "figures").glob("*.csv"))
    for path in (tmp_path / "figures").glob("*.csv"):
        head, *rows = csv.reader(path.read_text().splitlines())
        assert rows
        assert {len(row) for row in rows} == {len(head)}
        assert not {"nan", "None"} & {entry for row in rows for entry in row}
    (overall,) = [
        row for row in csv.reader((tmp_path / "figures" / "answer.csv").read_text().splitlines())
        if row[:2] == ["family mean", "overall"]
    ]  # fmt: skip
    question = Analysis(load(folder)).unsearched.comparison.question
    assert question is not None
    assert float(overall[2]) == pytest.approx(float(question.mean.overall.value), rel=1e-5)


@pytest.mark.parametrize("style", STYLES)
def test_figures_have_the_width_of_their_style(folder: Path, tmp_path: Path, style: str) -> None:
    write(folder, ("tex",), tmp_path, style)
    box = re.search(rb"/MediaBox \[0 0 ([\d.]+)", (tmp_path / "figures" / "methods.pdf").read_bytes())
    assert box is not None
    assert float(box[1]) == pytest.approx(STYLES[style].width, abs=0.01)


def test_an_unknown_style_is_refused(folder: Path, tmp_path: Path) -> None:
    with pytest.raises(SuiteError, match="--style: no style 'neurip'; did you mean 'neurips'"):
        write(folder, ("tex",), tmp_path, "neurip")


@pytest.mark.skipif(shutil.which("pdflatex") is None, reason="pdflatex is not installed")
def test_the_main_part_has_at_most_four_pages(folder: Path, tmp_path: Path) -> None:
    write(folder, ("tex",), tmp_path, focus="climber")
    command = ["pdflatex", "-interaction=nonstopmode", "-halt-on-error", "report.tex"]
    subprocess.run(command, cwd=tmp_path, capture_output=True, check=True)
    label = re.search(r"\\newlabel\{sec:answer-detail\}\{\{A\}\{(\d+)\}", (tmp_path / "report.aux").read_text())
    assert label is not None
    assert int(label[1]) <= 5


def test_the_suite_names_the_method_in_focus(tmp_path: Path) -> None:
    chosen = suite()
    content = {**chosen.to_dict(), "focus": "climber"}
    played(tmp_path, Suite.from_dict(content))
    keys = [block.key for block in blocks(compose(load(tmp_path))) if isinstance(block, Table)]
    assert "focus" in keys
    keys = [block.key for block in blocks(compose(load(tmp_path), "local_search")) if isinstance(block, Table)]
    assert "focus" in keys
    with pytest.raises(SuiteError, match=r"focus = 'climbr': the suite has no such method; did you mean 'climber'"):
        Suite.from_dict({**content, "focus": "climbr"})
    assert Suite.from_dict(content) == chosen  # another focus asks for no other runs


@pytest.mark.parametrize("spaces", [1, 2, 4, 5, 6])
def test_other_spaces_are_spoken_of_from_five_spaces_on(folder: Path, spaces: int) -> None:
    rng = np.random.default_rng(0)
    values = rng.normal(size=(2, spaces, 30)) + np.array([0.0, 50.0])[:, None, None]
    answer = compare_families(values, ["nas", "hpo"], [str(space) for space in range(spaces)], resamples=200)
    analysis = Analysis(load(folder))
    sentence, cell = "".join(_beyond(analysis, answer)), str(_row("mean", answer.mean, None, 0.1)[-1].text)
    assert ("In other search spaces the same is to be expected" in sentence) == (spaces >= 5)
    assert ("Nothing is said about other search spaces" in sentence) == (2 <= spaces < 5)
    assert ("NAS better" in cell) == (spaces >= 5), cell
