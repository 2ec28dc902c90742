"""The adapter to NASLib, both ways, against a stand-in with the same interface (``tests/naslib_checkout``)."""

import math
import random
import sys
from collections.abc import Iterator
from importlib.util import find_spec
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest

from equipoise.harness.benchmarks.naslib import NasLibBenchmark, dataset_api
from equipoise.harness.conformance import TASK_CHECKS
from equipoise.harness.core.errors import DataError
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.space import Architecture
from equipoise.harness.core.task import Evaluation, Metric, Task, TaskInfo
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.spaces.nats_sss import NatsSss
from equipoise.harness.spaces.transnas_macro import TransNasMacro
from equipoise.harness.spaces.transnas_micro import TransNasMicro

absent = pytest.mark.skipif(find_spec("naslib") is not None, reason="NASLib is installed here")


@pytest.fixture
def naslib(monkeypatch: pytest.MonkeyPatch) -> Iterator[ModuleType]:
    monkeypatch.syspath_prepend(str(Path(__file__).resolve().parent.parent / "naslib_checkout"))
    import naslib.optimizers
    import naslib.search_spaces
    import naslib.utils

    yield naslib
    for name in [name for name in sys.modules if name.partition(".")[0] == "naslib"]:
        del sys.modules[name]


class Formula(Task):
    """Errors, test errors and seconds of any space, by a formula in which every decision counts."""

    info: TaskInfo
    space: Any

    def __init__(self, space: Any, dataset: str, metric: Metric | None = None, fidelities: Any = (12, 200)) -> None:
        self.space = space
        self.info = TaskInfo(
            name=f"formula/{dataset}",
            source="the tests",
            licence="none",
            metric=metric or Metric.accuracy(),
            data_digest="0" * 64,
            fidelities=fidelities,
        )
        super().__init__()

    def expected(self, architecture: Architecture) -> float:
        key = self.space.key(architecture)
        return math.fsum(option / (2.1 + place) ** 2 for place, option in enumerate(key)) % 0.9

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:
        cheap = fidelity not in (None, self.info.fidelities[-1])
        return Evaluation(self.expected(architecture) + 0.05 * cheap, 10.0 + sum(architecture))

    def reveal(self, architecture: Architecture) -> float:
        return self.expected(architecture) / 2 + 0.01


SSIM, LOSS = Metric("SSIM", "", 1.0, -1.0), Metric("negative loss", "", 0.0, -1.0)
PLAYED = [
    ("nasbench201-cifar10", Formula(NasBench201(), "cifar10")),
    ("nasbench201-ImageNet16-120", Formula(NasBench201(), "imagenet16-120")),
    ("transbench101_micro-jigsaw", Formula(TransNasMicro(), "jigsaw")),
    ("transbench101_micro-normal", Formula(TransNasMicro(), "normal", SSIM)),
    ("transbench101_macro-room_layout", Formula(TransNasMacro(), "room_layout", LOSS)),
]


@pytest.mark.parametrize(("name", "formula"), PLAYED, ids=[name for name, _ in PLAYED])
def test_what_was_exported_is_played_back(naslib: ModuleType, name: str, formula: Formula) -> None:
    space, _, dataset = name.partition("-")
    naslib.utils.ANSWERS[space, dataset] = dataset_api(formula)
    task = load_task(f"naslib/{name}")
    assert task.skip() is None
    rng = np.random.default_rng(0)
    for architecture in formula.space.sample(rng, 40):
        expected = formula.evaluate(architecture, None, rng)
        assert task.evaluate(architecture, None, rng)[:2] == pytest.approx(expected[:2])
        tested = None if space == "nasbench201" else pytest.approx(formula.reveal(architecture))
        assert task.reveal(architecture) == tested


def test_played_tasks_conform(naslib: ModuleType) -> None:
    formula = dict(PLAYED)["transbench101_macro-room_layout"]
    naslib.utils.ANSWERS["transbench101_macro", "room_layout"] = dataset_api(formula)
    task = load_task("naslib/transbench101_macro-room_layout")
    for check in TASK_CHECKS:
        check(task)
    assert task.optimum() == pytest.approx(min(map(formula.expected, formula.space.enumerate())))
    assert task.info.penalty == 1.0


def test_answers_that_naslib_draws_are_pure_and_leave_the_global_generators_alone(naslib: ModuleType) -> None:
    task = load_task("naslib/nasbench101-cifar10")
    assert task.skip() is None
    plain, numpy_state = random.getstate(), np.random.get_state()[1].tolist()  # noqa: NPY002
    for check in TASK_CHECKS:
        check(task)
    assert random.getstate() == plain
    assert np.random.get_state()[1].tolist() == numpy_state  # noqa: NPY002
    cell = task.space.parse("011/001/000:input,maxpool3x3,output")
    seen = {round(task.evaluate(cell, None, np.random.default_rng(seed)).validation_error, 4) for seed in range(30)}
    assert seen == {0.85, 0.84, 0.83}  # three edges, three repeats
    assert task.optimum() is None


def test_data_that_naslib_does_not_find_is_the_reason_to_skip(naslib: ModuleType) -> None:
    reason = load_task("naslib/natsbenchsize-cifar100").skip()
    assert reason == (
        "NASLib does not answer for natsbenchsize on cifar100: AssertionError: Could not find the archive. Please "
        "download it"
    )


@absent
@pytest.mark.parametrize("dataset", NasLibBenchmark.datasets)
def test_without_naslib_a_task_says_how_to_get_it(dataset: str) -> None:
    task = load_task(f"naslib/{dataset}")
    assert task.skip() == ("needs NASLib: git clone https://github.com/automl/NASLib, and put the folder on PYTHONPATH")
    with pytest.raises(DataError, match="git clone"):
        task.evaluate(next(task.space.enumerate()), None, np.random.default_rng(0))


def test_naslib_evolution_runs_on_an_embedded_task(naslib: ModuleType) -> None:
    task = load_task("nasbench201/cifar100")
    np.random.seed(3)  # noqa: NPY002 - NASLib draws from the global generator
    optimizer = naslib.optimizers.RegularizedEvolution("cifar100", sample_size=5, population_size=15)
    optimizer.adapt_search_space(naslib.search_spaces.NasBench201SearchSpace(), dataset_api=dataset_api(task))
    for epoch in range(60):
        optimizer.new_epoch(epoch)
    accuracies = [model.accuracy for model in optimizer.history]
    assert max(accuracies[15:]) > max(accuracies[:15])
    training, validation, test, seconds = optimizer.train_statistics()
    assert math.isnan(training)
    assert validation == test == max(accuracies)
    names, edges = naslib.search_spaces.NasBench201SearchSpace.names, ((0, 1), (0, 2), (0, 3), (1, 2), (1, 3), (2, 3))
    best = max(optimizer.history, key=lambda model: model.accuracy).arch.op_indices
    ours = {edge: names[option] for edge, option in zip(edges, best, strict=True)}
    cell = task.space.parse(
        f"|{ours[0, 1]}~0|+|{ours[0, 2]}~0|{ours[1, 2]}~1|+|{ours[0, 3]}~0|{ours[1, 3]}~1|{ours[2, 3]}~2|"
    )
    assert task.info.metric.show(task.expected(cell)) == validation
    assert task.evaluate(cell, None, np.random.default_rng(0)).cost_seconds == seconds


def test_naslib_random_search_runs_on_nasbench101(naslib: ModuleType) -> None:
    formula = Formula(NasBench101(), "cifar10", fidelities=(4, 12, 36, 108))
    api, space = dataset_api(formula), naslib.search_spaces.NasBench101SearchSpace
    metric = naslib.search_spaces.core.query_metrics.Metric
    np.random.seed(0)  # noqa: NPY002
    for _ in range(10):
        model = space()
        model.sample_random_architecture(api)
        cell = formula.space.from_matrix(model.spec["matrix"], model.spec["ops"], prune=True)
        assert model.query(metric.VAL_ACCURACY, dataset_api=api) == pytest.approx(100 - 100 * formula.expected(cell))
        assert model.query(metric.TEST_ACCURACY, dataset_api=api) == pytest.approx(100 - 100 * formula.reveal(cell))
        model.spec["matrix"] = np.zeros((7, 7), dtype=int)
        assert model.query(metric.VAL_ACCURACY, dataset_api=api) == -1
    spec = api["api"].ModelSpec([[0, 1], [0, 0]], ["input", "output"])
    assert api["nb101_data"].query(spec, epochs=12)["validation_accuracy"] == pytest.approx(
        1 - formula.evaluate(spec.cell, 12, np.random.default_rng(0)).validation_error
    )
    with pytest.raises(DataError, match="no value after 5 epochs"):
        api["nb101_data"].query(spec, epochs=5)


def test_widths_are_found_by_their_octal_number(naslib: ModuleType) -> None:
    formula = Formula(NatsSss(), "cifar100", fidelities=(1, 12, 90))
    api, metric = dataset_api(formula), naslib.search_spaces.core.query_metrics.Metric
    model = naslib.search_spaces.NATSBenchSizeSearchSpace()
    rng = np.random.default_rng(0)
    for network in formula.space.sample(rng, 20):
        model.set_spec([8 * (option + 1) for option in network])
        for hp in (1, 12, 90):
            error = formula.evaluate(network, hp, rng).validation_error
            answer = model.query(metric.VAL_ACCURACY, "cifar100", dataset_api=api, hp=hp)
            assert answer == pytest.approx(100 - 100 * error)
        tested = model.query(metric.TEST_ACCURACY, "cifar100", dataset_api=api)
        assert tested == pytest.approx(100 - 100 * formula.reveal(network))
    with pytest.raises(DataError, match="asked for cifar10 after 89 of 90"):
        model.query(metric.TEST_ACCURACY, "cifar10", dataset_api=api)


def test_curves_hold_what_is_stored_and_nothing_else(naslib: ModuleType) -> None:
    model = naslib.search_spaces.NasBench201SearchSpace()
    metric = naslib.search_spaces.core.query_metrics.Metric.VAL_ACCURACY
    model.set_spec([0, 1, 2, 3, 4, 0])
    sparse = dataset_api(Formula(NasBench201(), "cifar10"))
    full = model.query(metric, "cifar10", dataset_api=sparse)
    assert model.query(metric, "cifar10", epoch=199, dataset_api=sparse) == full
    assert model.query(metric, "cifar10", epoch=11, dataset_api=sparse) == pytest.approx(full - 5)
    with pytest.raises(DataError, match=r"no value after 13 epochs; it has \[12, 200\]"):
        model.query(metric, "cifar10", epoch=12, dataset_api=sparse)
    with pytest.raises(IndexError, match="epochs 0 to 199"):
        model.query(metric, "cifar10", epoch=200, dataset_api=sparse)
    dense = dataset_api(Formula(NasBench201(), "cifar10", fidelities=tuple(range(1, 9))))
    whole = model.query(metric, "cifar10", full_lc=True, dataset_api=dense)
    assert whole == [pytest.approx(full - 5)] * 7 + [pytest.approx(full)]
    assert model.query(metric, "cifar10", epoch=3, full_lc=True, dataset_api=dense) == whole[:3]


def test_what_naslib_cannot_hold_is_refused() -> None:
    with pytest.raises(DataError, match="no table interface for the space 'darts'"):
        dataset_api(Formula(Darts(), "cifar10"))
    with pytest.raises(DataError, match="knows no such data set"):
        dataset_api(Formula(NasBench201(), "fashion14"))
    table = dataset_api(Formula(NasBench201(), "cifar10"))["nb201_data"]
    assert len(table) == 15_625
    assert next(iter(table)) in table
    assert "|none~0|" not in table
    api = dataset_api(Formula(TransNasMicro(), "jigsaw"))["api"]
    with pytest.raises(DataError, match="asked for the data set 'normal'"):
        api.get_single_metric("64-41414-1_02_333", "normal", "valid_ssim")
    assert math.isnan(api.get_single_metric("64-41414-1_02_333", "jigsaw", "valid_loss"))
