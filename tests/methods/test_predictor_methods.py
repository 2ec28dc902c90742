"""The methods that train a neural predictor: their encodings, gradients, rounds and searches, in every space."""

import warnings

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.registry import load_method, load_task, problem_of, spaces
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.engine.runner import run_trial
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.methods._shared.adam import Adam
from equipoise.methods._shared.ensemble import Ensemble
from equipoise.methods._shared.graph_isomorphism_network import LAYERS, TINY, Gin
from equipoise.methods._shared.operation_graphs import GraphReader, operations_of
from equipoise.methods._shared.predictor_rounds import mutants
from tests.made import MadeSpace, MadeTask

PREDICTORS = {
    "bananas": {"epochs": 3, "depth": 2, "candidates": 20},
    "npenas": {"epochs": 2, "minibatch": 32, "candidates": 20},
    "gates": {"n_initial": 10, "epochs": 2, "population": 4, "tournament": 2, "steps": 6},
}
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


# What bananas sees.


def test_the_published_truncations_are_kept() -> None:
    """naszilla keeps paths of at most two operations on NAS-Bench-201, and of three on NAS-Bench-101 (40 columns)."""
    for space, columns in ((NasBench201(), 4 + 16), (NasBench101(), 1 + 3 + 9 + 27)):
        cells = space.sample(np.random.default_rng(0), 20)
        seen = make("bananas", space)._encode(cells)
        assert seen.shape == (20, columns)
        assert np.array_equal(seen, space.encode(cells, "path")[:, :columns])
        assert make("bananas", space, longest=1)._encode(cells).shape[1] == {20: 4, 40: 1 + 3}[columns]
        assert np.array_equal(make("bananas", space, longest=9)._encode(cells), space.encode(cells, "path"))


def test_decisions_are_encoded_where_there_are_no_paths() -> None:
    cells = MadeSpace().sample(np.random.default_rng(0), 5)
    assert np.array_equal(make("bananas", MadeSpace())._encode(cells), MadeSpace().encode(cells, "one-hot"))


# Graphs of operations.


def test_labelled_edges_become_nodes() -> None:
    space = NasBench201()
    cell = space.parse("|nor_conv_3x3~0|+|none~0|skip_connect~1|+|avg_pool_3x3~0|none~1|nor_conv_1x1~2|")
    labels, edges = operations_of(space.graph(cell))
    named = {(labels[source], labels[target]) for source, target in edges}
    conv, skip, pool, last = "nor_conv_3x3", "skip_connect", "avg_pool_3x3", "nor_conv_1x1"
    assert sorted(labels) == sorted(["input", "output", conv, skip, pool, last])
    assert named == {("input", conv), (conv, skip), (skip, last), (last, "output"), ("input", pool), (pool, "output")}


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_graph_arrays_hold_the_graphs(space: SearchSpace) -> None:
    cells = space.sample(np.random.default_rng(0), 10)
    arrays = GraphReader(space).read(cells)
    for row, cell in enumerate(cells):
        labels, edges = operations_of(space.graph(cell))
        assert arrays.real[row].sum() == len(labels)
        own = {(int(source), int(target)) for target, source in np.argwhere(arrays.gather[row]) if source != target}
        assert own == set(edges)
        alike = arrays.labels[row] @ arrays.labels[row].T
        assert all((labels[a] == labels[b]) == bool(alike[a, b]) for a in range(len(labels)) for b in range(a))


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


@pytest.mark.parametrize("space", [NasBench101(), NasBench201()], ids=lambda space: space.name)
@pytest.mark.parametrize("uncertain", [False, True])
def test_the_gradient_of_the_graph_network_is_that_of_autograd(space: SearchSpace, uncertain: bool) -> None:
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    graphs, targets = GraphReader(space).read(space.sample(rng, 12)), rng.random(12).astype(np.float32)
    model = Gin(graphs.labels.shape[2], uncertain, rng)
    model.flat += rng.normal(0, 0.05, model.flat.shape).astype(np.float32)
    kept = (rng.random((12, 16)) > 0.1).astype(np.float32) / np.float32(0.9)
    own = model.gradient(graphs, targets, kept)
    parts = [torch.tensor(part, dtype=torch.float64, requires_grad=True) for part in model.parts]
    bend, real = (torch.nn.functional.celu if uncertain else torch.relu), torch.tensor(graphs.real) > 0
    gather, state = (torch.tensor(part, dtype=torch.float64) for part in (graphs.gather, graphs.labels))
    for layer in range(LAYERS):
        into, into_bias, out, out_bias, scale, shift = parts[6 * layer : 6 * layer + 6]
        inner = bend(torch.relu((gather @ state) @ into + into_bias) @ out + out_bias)
        normal = torch.nn.functional.batch_norm(inner[real], None, None, scale[0], shift, True, eps=TINY)
        state = torch.zeros_like(inner)
        state[real] = normal
    pooled, head = state.sum(dim=1) / real.sum(dim=1, keepdim=True), parts[6 * LAYERS :]
    mean = (bend(pooled @ head[0] + head[1]) * torch.tensor(kept)) @ head[2] + head[3]
    wanted = torch.tensor(100.0 * targets, dtype=torch.float64)[:, None]
    if uncertain:
        spread = torch.exp(bend(bend(pooled @ head[4] + head[5]) @ head[6] + head[7]) / 2)
        loss = -torch.distributions.Normal(mean, spread).log_prob(wanted).mean()
    else:
        loss = torch.nn.functional.mse_loss(100.0 * torch.sigmoid(mean), wanted)
    loss.backward()
    assert own == pytest.approx(np.concatenate([part.grad.numpy().ravel() for part in parts]), rel=1e-3, abs=0.2)


@pytest.mark.parametrize("uncertain", [False, True])
def test_the_graph_network_learns(uncertain: bool) -> None:
    space, agreements = NasBench201(), []
    for seed in range(5):  # the processor's rounding decides about a single training: one of sixteen ends below 0.8
        rng = np.random.default_rng(seed)
        cells = space.sample(rng, 80)
        graphs = GraphReader(space).read(cells)
        errors = np.array([0.3 - cell.count(3) / 30 for cell in cells], dtype=np.float32)
        model = Gin(graphs.labels.shape[2], uncertain, rng)
        model.fit(graphs.take(slice(60)), errors[:60], epochs=60, batch=10, rate=0.005)
        mean, spread = model.predict(graphs.take(slice(60, None)))
        agreements.append(np.corrcoef(mean, errors[60:])[0, 1])
        assert (spread > 0).all() == uncertain
    assert np.median(agreements) > 0.8


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


def test_the_flow_ranker_learns_an_order() -> None:
    pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")
    from equipoise.methods._shared.flow_encoder import FlowRanker

    space, rng = NasBench201(), np.random.default_rng(0)
    cells = space.sample(rng, 90)
    errors = np.array([0.3 - cell.count(3) / 30 for cell in cells])
    model = FlowRanker(space, rng)
    model.fit(cells[:60], np.full(60, 0.1), 5)  # nothing to learn from ties
    model.fit(cells[:60], errors[:60], 50)
    assert np.corrcoef(model.score(cells[60:]), errors[60:])[0, 1] < -0.8


def test_padding_does_not_move_a_score() -> None:
    pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")
    from equipoise.methods._shared.flow_encoder import FlowRanker

    space, rng = NasBench101(), np.random.default_rng(0)
    cells = space.sample(rng, 40)
    model = FlowRanker(space, rng)
    alone = [float(model.score([cell])[0]) for cell in cells]
    assert model.score(cells) == pytest.approx(alone, abs=1e-5)


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
    method = load_method(name)(problem, np.random.default_rng(0), **{**PREDICTORS[name], "n_initial": 3, "batch": 4})
    trajectory = run_trial(method, MadeTask(), Ledger(problem.budget), lambda _: np.random.default_rng())
    assert sorted(trajectory.architecture) == list(MadeSpace().enumerate())


@pytest.mark.parametrize("name", PREDICTORS)
def test_a_budget_below_the_defaults_or_in_seconds_is_spent(name: str) -> None:
    settings_ = {key: value for key, value in PREDICTORS[name].items() if key != "n_initial"}  # not above the budget
    for budget in (Budget(queries=5), Budget(cost_seconds=12.0)):
        method = load_method(name)(Problem(MadeSpace(), budget), np.random.default_rng(0), **settings_)
        ledger = Ledger(budget)
        run_trial(method, MadeTask(), ledger, lambda _: np.random.default_rng())
        assert ledger.exhausted


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
def test_a_predictor_leads_the_search_to_better_architectures(name: str) -> None:
    task = load_task("nasbench_graph/proteins")
    cls, budget = load_method(name), Budget(queries=60)

    def led(seed: int) -> float:
        """The mean error of the second half of a run, minus that of the space, in standard deviations of the space."""
        method = cls(problem_of(cls, task, budget), np.random.default_rng(seed), **FAST[name])
        errors = run_trial(method, task, Ledger(budget), lambda _: np.random.default_rng()).validation_error
        landscape = task.landscape()
        return float((np.mean(errors[30:]) - landscape.mean()) / landscape.std())

    assert np.mean([led(seed) for seed in range(4)]) < -3 / np.sqrt(4 * 30)  # random draws: three standard errors


FAST = {
    "bananas": {"epochs": 30, "depth": 3},
    "npenas": {"epochs": 20, "minibatch": 32},
    "gates": {"epochs": 15, "steps": 30},
}


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
        ("npenas", {"variant": "gp"}),
        ("npenas", {"n_initial": 31}),
        ("npenas", {"batch": 0}),
        ("npenas", {"candidates": 0}),
        ("npenas", {"epochs": 0}),
        ("npenas", {"minibatch": 0}),
        ("npenas", {"learning_rate": 0.0}),
        ("gates", {"n_initial": 31}),
        ("gates", {"batch": 0}),
        ("gates", {"population": 0}),
        ("gates", {"tournament": 21}),
        ("gates", {"epochs": 0}),
        ("gates", {"steps": 0}),
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(name: str, bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=rf"{name}: {next(iter(bad))} = .*accepted: "):
        make(name, NasBench201(), **bad)
