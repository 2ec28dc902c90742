"""The section on several objectives: fronts of what was played, judged against the exact ones."""

import re
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
from stores import played

from equipoise.harness.core.objective_scale import scale_of
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.suite import Suite
from equipoise.reports.analysis import Analysis
from equipoise.reports.compose import compose
from equipoise.reports.document import Figure, Table
from equipoise.reports.drawing.look import looks
from equipoise.reports.drawing.style import Style
from equipoise.reports.figures.attainment_difference import differences
from equipoise.reports.figures.fronts import surface_in_units
from equipoise.reports.load import load
from equipoise.reports.sections.front_view import FrontView, within
from equipoise.reports.sections.hypervolume_frameworks import HypervolumeAnalysis, hypervolume_frameworks_section
from equipoise.reports.sections.objectives import objectives_detail_section, objectives_section
from equipoise.reports.statistics.hypervolume import hypervolume
from equipoise.reports.statistics.resampling import Estimate
from equipoise.reports.write import write

TASK = "nasbench201/fashion14"
CONTENT = {
    "name": "made",
    "budget": {"queries": 25},
    "protocol": {"repeats": 3, "seed": 7},
    "tasks": [{"name": TASK}],
    "methods": [{"name": "random_search"}, {"name": "regularized_evolution"}],
}


def store(folder: Path, **more: object) -> Path:
    return played(folder, Suite.from_dict({**CONTENT, **more}))


def tables(folder: Path) -> dict[str, Table]:
    results = load(folder)
    section, detail = (
        objectives_section(Analysis(results), looks(results.families)),
        objectives_detail_section(Analysis(results)),
    )
    assert section is not None
    blocks = (*section.blocks, *(detail.blocks if detail else ()))
    return {block.key: block for block in blocks if isinstance(block, Table)}


def test_volumes_and_constrained_errors_are_those_of_the_rows(tmp_path: Path) -> None:
    store(tmp_path, objectives=["validation_error", "parameters"], constraints=["flops <= 80000"])
    found = load(tmp_path).objectives
    assert found is not None
    (task,) = found.tasks
    scales = [scale_of(load_task(TASK), one) for one in ("validation_error", "parameters")]
    rows = pd.concat(pd.read_parquet(part) for part in (tmp_path / "runs").iterdir())
    for label, runs in task.runs.items():
        for place, repeat in enumerate(runs.numbers):
            run = rows[(rows["method"] == label) & (rows["repeat"] == repeat)].sort_values("query")
            columns = (run["validation_error"], run["objective:parameters"])
            points = np.stack([scale(each) for scale, each in zip(scales, columns, strict=True)], axis=1)
            for query in (1, 10, 25):
                assert runs.volumes[place, query - 1] == pytest.approx(hypervolume(points[:query]))
            kept = run["validation_error"][run["objective:flops"] <= 80000]
            assert runs.constrained[place] == kept.min()
            assert runs.igd_plus[place] > 0
            assert runs.epsilon[place] > 0
    assert task.front is not None
    assert len(task.front) == 13
    assert max(runs.volumes.max() for runs in task.runs.values()) < task.volume
    errors, flops = load_task(TASK).landscape(), load_task(TASK).objective_values("flops")
    assert task.optimum == errors[flops <= 80000].min()


def test_the_incumbent_under_constraints_is_chosen_by_what_was_observed(tmp_path: Path) -> None:
    noisy = {"repeats": 3, "seed": 7, "noise": "single"}
    store(tmp_path, objectives=["validation_error", "parameters"], constraints=["flops <= 80000"], protocol=noisy)
    found = load(tmp_path).objectives
    assert found is not None
    (task,) = found.tasks
    rows = pd.concat(pd.read_parquet(part) for part in (tmp_path / "runs").iterdir())
    known, better = load_task(TASK), 0
    for label, runs in task.runs.items():
        for place, repeat in enumerate(runs.numbers):
            run = rows[(rows["method"] == label) & (rows["repeat"] == repeat) & (rows["objective:flops"] <= 80000)]
            expected = run["architecture"].map(lambda text: known.expected(known.space.parse(text)))
            assert runs.constrained[place] == expected[run["validation_error"].argmin() == np.arange(len(run))].item()
            better += expected.min() < runs.constrained[place]
    assert better  # else it shows little


def test_every_part_is_shown_and_drawn(tmp_path: Path) -> None:
    store(tmp_path, objectives=["validation_error", "parameters"], constraints=["flops <= 80000"])
    found = tables(tmp_path)
    assert list(found) == [
        "objectives", "hypervolume", "constrained", "front-distance", "attainment-differences",
    ]  # fmt: skip
    assert [cell.text for cell in found["objectives"].rows[1]][1:] == [
        "parameters", "–", "smaller", "450", "7042", "13",
    ]  # fmt: skip
    digits = {len(cell.text.split()[0].partition(".")[2]) for row in found["hypervolume"].rows for cell in row[1:]}
    assert digits == {4}
    assert float(found["hypervolume"].rows[-1][1].value) > float(found["hypervolume"].rows[0][1].value)
    results = load(tmp_path)
    section = objectives_section(Analysis(results), looks(results.families))
    figures = [block for block in section.blocks if hasattr(block, "draw")]
    assert [figure.key for figure in figures] == ["hypervolume", "attainment"]
    for figure in figures:
        assert figure.draw(Style()).items
        assert len(figure.data()) > 20
    document = compose(results)
    assert "objectives" in [part.key for part in document.sections]
    assert "judges the error alone; parameters" in document.opening.blocks[0].text[0]


def test_three_objectives_have_no_attainment_and_an_expectation(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    store(tmp_path, objectives=["validation_error", "parameters", "flops"])
    found = tables(tmp_path)
    assert list(found) == ["objectives", "hypervolume", "front-distance"]
    exact = found["hypervolume"].rows[-2][1]
    assert re.fullmatch(r"0\.\d{4}", exact.text)
    for name, few in (("MOST_CELLS", 0), ("LATTICES", 4), ("DRAWS", 64)):
        monkeypatch.setattr(f"equipoise.reports.statistics.random_hypervolume.{name}", few)
    integrated = tables(tmp_path)["hypervolume"].rows[-2][1]
    assert re.fullmatch(r"0\.\d{4} ± 0\.0\d{3}", integrated.text)
    assert integrated.value == pytest.approx(exact.value, abs=0.05)


def test_the_frameworks_are_those_of_missing_hypervolume(tmp_path: Path) -> None:
    store(tmp_path, objectives=["validation_error", "parameters"])
    results = load(tmp_path)
    analysis = Analysis(results)
    assert results.objectives is not None
    (task,) = results.objectives.tasks
    missing = HypervolumeAnalysis(FrontView(analysis, results.objectives))
    for place, label in enumerate(results.labels):
        expected = 100 * (1 - task.runs[label].volumes[:, -1] / task.volume)
        np.testing.assert_allclose(missing.regrets[place, 0], expected)
    assert missing.unit == "% of the exact front's hypervolume"
    at_random = np.array(task.random.mean(25))
    np.testing.assert_allclose(missing.random, 100 * (1 - at_random / task.volume))
    np.testing.assert_allclose(
        missing.scores[0, 0], (task.runs[results.labels[0]].volumes[:, -1] - at_random) / (task.volume - at_random)
    )
    section = hypervolume_frameworks_section(analysis, looks(results.families))
    assert section is not None
    parts = [section, *section.parts]
    assert [part.key for part in parts] == [
        f"hypervolume-{key}" for key in ("frameworks", "ranks", "pairs", "posteriors", "scores")
    ]
    assert all(part.title.endswith("(hypervolume)") for part in parts)
    wilcoxon = next(block for block in parts[2].blocks if isinstance(block, Table))
    first, second = (row[place].value for row, place in zip(wilcoxon.rows, (2, 1), strict=True))
    assert first + second == pytest.approx(1)
    document = compose(results)
    parts = [each for part in document.appendix for each in (part, *part.parts)]
    for keys in ([part.key for part in parts], [b.key for part in parts for b in part.blocks if hasattr(b, "key")]):
        assert len(set(keys)) == len(keys)


def test_no_interval_exceeds_the_exact_front() -> None:
    means = Estimate(np.full((1, 2), 0.8), np.full((1, 2), 0.7), np.array([[0.9, np.inf]]))
    found = within(means, np.array([0.85, 0.85]))
    assert found.high.tolist() == [[0.85, np.inf]]
    assert within(means, 1.0).high.tolist() == [[0.9, np.inf]]


def test_the_figure_of_differences_shades_who_is_ahead(tmp_path: Path) -> None:
    store(tmp_path, objectives=["validation_error", "parameters"])
    results = load(tmp_path)
    section = objectives_detail_section(Analysis(results))
    (figure,) = (block for block in section.blocks if isinstance(block, Figure))
    assert figure.key == "attainment-difference"
    head, *rows = figure.data()
    assert head == ("task", "validation_error", "parameters", "difference")
    assert -1 <= min(row[3] for row in rows) < max(row[3] for row in rows) <= 1
    (task,) = results.objectives.tasks
    first, second = figure.title.split()[6], figure.title.split()[8]
    for row in rows[:: len(rows) // 20]:
        shares = []
        for label in (first, second):
            fronts = [surface_in_units(task, front) for front in task.runs[label].fronts]
            shares.append(np.mean([(front <= row[1:3]).all(axis=1).any() for front in fronts]))
        assert row[3] == pytest.approx(shares[0] - shares[1])
    assert figure.draw(Style()).items


def test_every_format_has_every_part(tmp_path: Path) -> None:
    store(tmp_path, objectives=["validation_error", "parameters"], constraints=["flops <= 80000"])
    paths = write(tmp_path)
    texts = {Path(path).suffix: Path(path).read_text() for path in paths}
    included = [*(tmp_path / "figures").glob("*.tex"), *(tmp_path / "tables").glob("*.tex")]
    texts[".tex"] += "".join(path.read_text() for path in included)
    for words in (
        "10, 50 and 90", "differ most by their attainment functions", "Regret under the constraints",
        "Friedman and Nemenyi (hypervolume)", "Distance to the exact front",
    ):  # fmt: skip
        assert all(words in re.sub(r"\s+", " ", text) for text in texts.values()), words
    assert texts.keys() == {".md", ".tex", ".html"}
    data = (tmp_path / "figures" / "attainment.csv").read_text().splitlines()
    assert {line.split(",")[2] for line in data[1:]} == {"0.1", "0.5", "0.9", "1"}


def test_a_scalarisation_is_stated(tmp_path: Path) -> None:
    from equipoise.harness.store.manifest import manifest_of

    chosen = Suite.from_dict({
        **CONTENT,
        "objectives": ["validation_error", "parameters"],
        "methods": [{"name": "random_search"}, {"name": "regularized_evolution", "scalarisation": {"weights": [1, 3]}}],
    })  # fmt: skip
    played(tmp_path, chosen, lambda told: told.update(methods=manifest_of(chosen, [], [])["methods"]))
    results = load(tmp_path)
    section = objectives_section(Analysis(results), looks(results.families))
    said = section.blocks[0].text[0]
    assert "scaled by their ranges so far: regularized_evolution (weights: 0.25 and 0.75)." in said


def test_constraints_alone_and_runs_that_keep_none(tmp_path: Path) -> None:
    store(tmp_path, constraints=["parameters <= 0"])
    found = tables(tmp_path)
    assert list(found) == ["constrained"]
    assert found["constrained"].rows[0][1].text == "0 %"
    assert found["constrained"].rows[1][1].text == "n/a (3 without)"


def test_a_suite_of_one_objective_has_no_such_section(tmp_path: Path) -> None:
    results = load(store(tmp_path))
    assert results.objectives is None
    assert objectives_section(Analysis(results), looks(results.families)) is None
    assert objectives_detail_section(Analysis(results)) is None


def test_the_panels_of_differences_hold_the_exact_front(tmp_path: Path) -> None:
    found = load(store(tmp_path, objectives=["validation_error", "parameters"])).objectives
    assert found is not None
    (task,) = found.tasks
    (difference,) = differences(found.tasks, "random_search", "regularized_evolution")
    assert task.front is not None
    front = surface_in_units(task, task.front)
    for place, edges in enumerate(difference.edges):
        assert edges[0] < front[:, place].min()
