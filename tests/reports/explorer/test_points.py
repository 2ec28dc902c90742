"""Which architectures a page shows: all of a small space, and of a large one a sample that it owns up to."""

import numpy as np
import pytest

from equipoise.harness.core.errors import SuiteError
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.task import Evaluation, Metric, Task, TaskInfo
from equipoise.harness.spaces.darts import Darts
from equipoise.reports.explorer import points
from equipoise.reports.explorer.landscape import pack_space, shown_errors


class Known(Task):
    """A space that no table lists, whose errors can be asked for."""

    info = TaskInfo(name="known/darts", source="the tests", licence="", metric=Metric.accuracy(), data_digest="")
    space = Darts()

    def evaluate(self, architecture, fidelity, rng) -> Evaluation:
        return Evaluation(self.expected(architecture), 1.0)

    def expected(self, architecture) -> float:
        return 0.1 + sum(architecture) / 1000


class Unknown(Known):
    info = TaskInfo(name="unknown/darts", source="the tests", licence="", metric=Metric.accuracy(), data_digest="")

    def expected(self, architecture) -> None:  # type: ignore[override]
        return None


def test_a_small_space_is_shown_in_full_and_numbered_as_it_is_enumerated() -> None:
    task = load_task("nasbench_graph/proteins")
    found = points.points_of(task)
    assert (found.origin, len(found.architectures)) == ("", task.space.size)
    assert (found.errors == task.landscape()).all()
    assert [found.number(one) for one in found.architectures[::500]] == list(range(task.space.size))[::500]
    assert found.number((0,) * 3 + (4,) * 4) == -1  # only skips: not in the space


def test_a_large_table_is_sampled_with_its_optimum_and_what_was_proposed(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "MOST_POINTS", 100)
    task = load_task("nasbench201/cifar10")
    proposed = [(1, 2, 3, 4, 0, 1), (4, 4, 4, 4, 4, 4)]
    found = points.points_of(task, [(one, 0.5) for one in proposed])
    assert 100 <= len(found.architectures) <= 103
    assert "a uniform sample of 100 of 15,625 architectures" in found.origin
    assert found.errors.min() == task.optimum()
    assert all(found.errors[found.number(one)] == task.expected(one) for one in proposed)
    assert (found.of_rows(task.landscape()) == found.errors).all()


def test_a_space_without_a_table_is_sampled_where_errors_can_be_asked_for(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(points, "SAMPLED_POINTS", 50)
    one = Known.space.sample(np.random.default_rng(9), 1)[0]
    found = points.points_of(Known(), [(one, 0.9)])
    assert len(found.architectures) == 51
    assert found.errors[found.number(one)] == Known().expected(one)  # not what a run saw
    assert "a sample of a space of 1.08e+18 architectures" in found.origin
    described = pack_space(Known.space, found.architectures).description
    assert (described["stacked"], len(described["map"])) == (False, 2)


def test_a_task_that_trains_shows_what_was_proposed_or_says_why_it_cannot() -> None:
    one, two = Unknown.space.sample(np.random.default_rng(9), 2)
    found = points.points_of(Unknown(), [(one, 0.4), (two, 0.3)])
    assert found.errors.tolist() == [0.4, 0.3]
    assert found.origin.startswith("the 2 architectures that were proposed")
    with pytest.raises(SuiteError, match="landscape is unknown; explore a folder with runs on it"):
        points.points_of(Unknown())


def test_errors_are_shown_in_points_or_in_the_metric_that_is_minimised() -> None:
    errors = np.array([0.1])
    assert shown_errors(Metric.accuracy(), errors) == pytest.approx([10.0])
    assert shown_errors(Metric("perplexity", "", 1.0, 100.0), errors) == pytest.approx([11.0])
