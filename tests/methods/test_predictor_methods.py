"""The methods that train a neural predictor: their encodings, gradients, rounds and searches, in every space."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from harness.errors import SettingError
from harness.ledger import Budget, Ledger
from harness.method import Method, Observation, Problem, Query
from harness.plugins import load_method, load_task, problem_of, spaces
from harness.runner import Trajectory, play
from harness.space import SearchSpace
from harness.spaces.nasbench101 import NasBench101
from harness.spaces.nasbench201 import NasBench201
from methods._adam import Adam
from methods._ensemble import Ensemble
from methods._paths import PathReader, paths_of
from methods._rounds import mutants
from tests.made import MadeSpace, MadeTask

PREDICTORS = {"bananas": {"epochs": 3, "depth": 2, "candidates": 20}}
SPACES = [cls() for cls in spaces()]


def make(name: str, space: SearchSpace, queries: int = 30, seed: int = 0, **given: object) -> Method:
    problem = Problem(space, Budget(queries=queries))
    return load_method(name)(problem, np.random.default_rng(seed), **{**PREDICTORS[name], **given})


def answered(method: Method, queries: int) -> list[tuple[int, ...]]:
    """Proposals of a method that is told a made error."""
    asked = []
    for _ in range(queries):
        query = method.ask()
        asked.append(query.architecture)
        method.tell(Observation(query, 0.1 + sum(query.architecture) / 100, float("nan")))
    return asked


# The path encoding.


def test_paths_of_a_known_cell() -> None:
    space = NasBench201()
    cell = space.parse("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|")
    conv, skip, pool = "nor_conv_3x3", "skip_connect", "avg_pool_3x3"
    assert paths_of(space.graph(cell)) == {("input", pool), ("input", conv, skip, "nor_conv_1x1")}


def test_paths_where_operations_are_on_nodes() -> None:
    space = NasBench101()
    cell = space.parse("0101/0010/0001/0000:input,conv3x3-bn-relu,maxpool3x3,output")
    assert paths_of(space.graph(cell)) == {("input",), ("input", "conv3x3-bn-relu", "maxpool3x3")}


def test_the_published_truncations_are_kept() -> None:
    """naszilla keeps paths of at most two operations on NAS-Bench-201, and of three on NAS-Bench-101 (40 columns)."""
    rng = np.random.default_rng(0)
    assert PathReader(NasBench201(), None, rng).longest == 2
    reader = PathReader(NasBench101(), None, rng)
    assert reader.longest == 3
    assert reader.features(NasBench101().sample(rng, 300)).shape == (300, 1 + 3 + 9 + 27)


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_equal_paths_are_equal_rows(space: SearchSpace) -> None:
    rng = np.random.default_rng(0)
    reader, cells = PathReader(space, None, rng), space.sample(rng, 40)
    encoded = reader.features(cells)
    for left in range(40):
        for right in range(left):
            same = reader.paths(cells[left]) == reader.paths(cells[right])
            assert same == np.array_equal(encoded[left], encoded[right])
    assert reader.chains == (space.name in ("nasbench_macro", "nats_sss", "transnas_macro"))


# Training.


def test_the_gradient_of_the_ensemble_is_that_of_autograd() -> None:
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    model = Ensemble(3, 7, 4, 6, rng)
    for bias in model.biases:
        bias[:] = rng.normal(0.0, 0.3, bias.shape)
    inputs = rng.normal(size=(3, 5, 7)).astype(np.float32)
    targets = rng.normal(size=(3, 5, 1)).astype(np.float32)
    own = model.gradient(inputs, targets)
    leaves = [torch.tensor(part, requires_grad=True) for part in (*model.weights, *model.biases)]
    weights, biases = leaves[:5], leaves[5:]
    state = torch.tensor(inputs)
    for layer, (weight, bias) in enumerate(zip(weights, biases, strict=True)):
        state = state @ weight + bias
        state = torch.relu(state) if layer < 4 else state
    (state - torch.tensor(targets)).abs().mean(dim=1).sum().backward()
    assert own == pytest.approx(np.concatenate([leaf.grad.numpy().ravel() for leaf in leaves]), abs=1e-5)


@pytest.mark.parametrize("betas", [(0.9, 0.99), (0.0, 0.9)])
def test_adam_is_that_of_torch(betas: tuple[float, float]) -> None:
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")
    rng = np.random.default_rng(0)
    weights = rng.normal(size=8).astype(np.float32)
    leaf = torch.tensor(weights.copy(), requires_grad=True)
    own, other = Adam(weights, betas, 1e-7), torch.optim.Adam([leaf], lr=0.01, betas=betas, eps=1e-7)
    for _ in range(20):
        gradient = rng.normal(size=8).astype(np.float32)
        own.step(gradient, 0.01)
        leaf.grad = torch.tensor(gradient)
        other.step()
    assert weights == pytest.approx(leaf.detach().numpy(), rel=1e-4, abs=1e-6)


def test_the_ensemble_learns_and_its_members_differ() -> None:
    rng = np.random.default_rng(0)
    inputs = rng.integers(0, 2, size=(60, 12)).astype(np.float32)
    targets = (inputs @ np.arange(12.0) / 10).astype(np.float32)
    model = Ensemble(4, 12, 3, 20, rng)
    before = np.abs(model.predict(inputs) - targets).mean()
    model.fit(inputs, targets, epochs=60, batch=16, rate=0.01)
    predicted = model.predict(inputs)
    assert np.abs(predicted - targets).mean() < 0.2 * before
    assert predicted.std(axis=0).min() > 0


# Rounds.


@settings(max_examples=25, deadline=None)
@given(st.integers(0, 1000), st.integers(1, 40), st.integers(1, 3))
def test_mutants_are_new_distinct_and_near(seed: int, n: int, edits: int) -> None:
    space, rng = NasBench201(), np.random.default_rng(seed)
    parents = space.sample(rng, 3)
    taken = set(parents)
    found = mutants(space, rng, parents, taken, n, lambda: edits)
    assert len(set(found)) == len(found) < 2 * n + 1
    assert not taken & set(found)
    for child in found:
        assert min(sum(a != b for a, b in zip(child, parent, strict=True)) for parent in parents) <= edits


@pytest.mark.parametrize("name", PREDICTORS)
@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_every_space_is_searched_without_repeats(name: str, space: SearchSpace) -> None:
    asked = answered(make(name, space), 30)
    assert len(set(asked)) == 30
    assert all(space.contains(architecture) for architecture in asked)
    assert answered(make(name, space, 30), 30) == asked


@pytest.mark.parametrize("name", PREDICTORS)
def test_a_small_space_is_searched_to_its_end(name: str) -> None:
    problem = Problem(MadeSpace(), Budget(queries=40))
    method = load_method(name)(problem, np.random.default_rng(0), n_initial=3, batch=4, **PREDICTORS[name])
    trajectory = play(method, MadeTask("plain"), Ledger(problem.budget), lambda _: np.random.default_rng())
    assert sorted(trajectory.architecture) == list(MadeSpace().enumerate())


@pytest.mark.parametrize("name", PREDICTORS)
def test_foreign_repeated_and_invalid_observations_are_borne(name: str) -> None:
    method = make(name, MadeSpace(), 40, n_initial=2, batch=2)
    for architecture in ((0, 0, 0), (0, 0, 0), (0, 0, 1)):
        method.tell(Observation(Query(architecture), 0.5, 1.0))
    assert (0, 0, 0) not in answered(method, 8)


@pytest.mark.parametrize("name", PREDICTORS)
def test_errors_of_any_size_are_learned_from_without_a_warning(name: str) -> None:
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for error in (0.0, 1e6, 1e12):
            method = make(name, NasBench201())
            for number in range(24):
                method.tell(Observation(method.ask(), error * (1 + number / 10), float("nan")))


@pytest.mark.parametrize("name", PREDICTORS)
def test_predictors_beat_random_draws(name: str) -> None:
    task = load_task("nasbench_graph/proteins")
    cls, budget = load_method(name), Budget(queries=60)

    def searched(seed: int) -> Trajectory:
        method = cls(problem_of(cls, task, budget), np.random.default_rng(seed), **FAST[name])
        return play(method, task, Ledger(budget), lambda _: np.random.default_rng())

    reached = np.mean([min(searched(seed).validation_error) for seed in range(3)])
    rng = np.random.default_rng(0)
    random = np.mean([rng.choice(task.landscape(), 60, replace=False).min() for _ in range(300)])
    assert reached < random


FAST = {"bananas": {"epochs": 30, "depth": 3}}


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("bananas", {"n_initial": 0}),
        ("bananas", {"n_initial": 31}),
        ("bananas", {"batch": 0}),
        ("bananas", {"ensemble": 1}),
        ("bananas", {"epochs": 0}),
        ("bananas", {"longest": 0}),
        ("bananas", {"learning_rate": 0.0}),
        ("bananas", {"learning_rate": float("nan")}),
        ("bananas", {"mutation_rate": -1.0}),
        ("bananas", {"encoding": "tree"}),
        ("bananas", {"targets": "ranks"}),
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(name: str, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=rf"{name}: {next(iter(bad))} = .*accepted: "):
        make(name, NasBench201(), **bad)
