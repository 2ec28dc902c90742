"""The objects of the facade in a notebook: one line each, and a table."""

import pytest

import equipoise as eq
from equipoise.harness.core.registry import load_space, load_task


def test_budgets_and_suites_say_what_they_are() -> None:
    assert repr(eq.Budget(queries=50)) == "Budget(queries=50)"
    assert eval(repr(eq.Budget(cost_seconds=1e5)), {"Budget": eq.Budget}) == eq.Budget(cost_seconds=1e5)
    assert str(eq.Budget(cost_seconds=1e5)) == "100,000 cost seconds"
    suite = eq.Suite.load("quick")
    assert repr(suite) == "<Suite quick: 7 methods on 13 tasks, 50 queries per run, 20 repeats>"
    one = suite.changed(only=("random_search",), tasks=("nasbench201/cifar10",), repeats=1)
    assert repr(one) == "<Suite quick: 1 method on 1 task, 50 queries per run, 1 repeat>"
    html = suite._repr_html_()
    assert "nasbench_graph/cora" in html
    assert "seed = 20261124" in html


@pytest.mark.parametrize("name", ["nasbench201/cifar10", "nats_tss/cifar10"])
def test_tasks_show_their_data_sheet_even_without_data(name: str) -> None:
    task = load_task(name)
    assert repr(task) == f"<Task {name}, noise = 'mean'>"
    html = task._repr_html_()
    assert ('<th style="text-align:left">missing</th>' in html) == (task.skip() is not None)
    said = task.info.test_split or "n/a: the source has no separate test split"
    assert f'<th style="text-align:left">test</th><td style="text-align:left">{said}</td>' in html


def test_spaces_show_their_decisions() -> None:
    html = load_space("nasbench201")()._repr_html_()
    assert "15,625" in html
    assert html.count("nor_conv_3x3") == 6
