"""The supernet of the DARTS space: it shares what stand-alone networks own, and is discretised as published."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'equipoise[torch]'")
import torch
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.registry import load_method, load_task, problem_of
from equipoise.harness.spaces.darts import OPERATIONS, Darts, cells_of
from equipoise.harness.training.architecture_gradient import first_order, unrolled
from equipoise.harness.training.darts import EMBEDDED, PUBLISHED, MacroArchitecture
from equipoise.harness.training.layers import initialise
from equipoise.harness.training.supernet import Choice, build_supernet, mixture, sampled
from equipoise.harness.training.supernet_darts import EDGES, DartsSupernet

SPACE = Darts()
TINY = MacroArchitecture(channels=2, cells=3, stem=1, auxiliary_head=False)


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def made(skeleton: MacroArchitecture, dtype: torch.dtype = torch.float32, **settings: bool) -> DartsSupernet:
    supernet = DartsSupernet(skeleton, 1, 10, **settings)
    initialise(supernet, [seeded(1)])
    return supernet.to(dtype)


def one_hot(choice: Choice) -> Choice:
    assert choice.path is not None
    hot = [torch.nn.functional.one_hot(torch.tensor(path), len(OPERATIONS) + 1).float() for path in choice.path]
    return Choice(tuple(hot), None)


@pytest.mark.parametrize("skeleton", [EMBEDDED, replace(PUBLISHED, channels=2, cells=6)])
def test_one_hot_weights_give_exactly_the_outputs_of_the_stand_alone_network(skeleton):
    """With pools as stand-alone networks have them, for every architecture."""
    supernet = made(skeleton, normalise_pools=False)
    x = torch.randn(3, 1, 14, 14, generator=seeded(0))
    for architecture in SPACE.sample(np.random.default_rng(0), 3):
        expected = supernet.standalone(architecture)(x)[0][:, 0]
        assert torch.equal(supernet(x, supernet.path(architecture)), expected)
        assert torch.equal(supernet(x, one_hot(supernet.path(architecture))), expected)


def test_only_pools_differ_from_the_stand_alone_network():
    supernet = made(TINY)
    x = torch.randn(3, 1, 14, 14, generator=seeded(0))
    architecture = SPACE.sample(np.random.default_rng(1), 1)[0]
    edges = [(source, option % 5 + 2) for cell in cells_of(architecture) for source, option in cell]
    for first, same in (
        (3, True),
        (OPERATIONS.index("max_pool_3x3"), False),
        (OPERATIONS.index("avg_pool_3x3"), False),
    ):
        architecture = SPACE.from_edges([(edges[0][0], first), *edges[1:]])
        expected = supernet.standalone(architecture)(x)[0][:, 0]
        assert torch.equal(supernet(x, supernet.path(architecture)), expected) == same


def test_a_path_computes_its_own_eight_edges_a_cell_and_no_other():
    supernet = made(TINY)
    (architecture,) = SPACE.sample(np.random.default_rng(2), 1)
    supernet(torch.randn(2, 1, 8, 8, generator=seeded(0)), supernet.path(architecture)).sum().backward()
    path = supernet.path(architecture).path
    assert path is not None
    assert [len(EDGES) - one.count(0) for one in path] == [8, 8]
    for cell in supernet.cells:
        for edge, operations in enumerate(cell.edges):
            for option, operation in enumerate(operations, 1):
                reached = {parameter.grad is not None for parameter in operation.parameters()}
                assert reached <= {path[cell.reduction][edge] == option}


def test_a_cell_mixes_by_its_own_kinds_weights():
    """The reduction cells' weights do not reach a normal cell, nor the other way round."""
    supernet = made(TINY, torch.float64)
    alphas = [a.double().detach().requires_grad_() for a in supernet.alphas(seeded(0))]
    x = torch.randn(2, 6, 8, 8, generator=seeded(0), dtype=torch.float64)
    normal = supernet.cells[0]  # of three cells, the second and third reduce
    assert [cell.reduction for cell in supernet.cells] == [False, True, True]
    weights = [row.unbind() for row in alphas[0].softmax(-1).unbind()]
    stem = x[:, : supernet.stem[0].out_channels]
    mixed = normal(stem, stem, weights, None)
    # By hand: every node is the sum over its edges of the weighted operations.
    nodes = [normal.first(stem), normal.second(stem)]
    for edge, (source, node) in enumerate(EDGES):
        value = sum(weights[edge][k + 1] * op(nodes[source]) for k, op in enumerate(normal.edges[edge]))
        nodes[node : node + 1] = [nodes[node] + value] if node < len(nodes) else [value]
    torch.testing.assert_close(mixed, torch.cat(nodes[2:], dim=1))


def test_discretisation_follows_the_published_procedure():
    """Against the procedure as the paper words it, written out over a dictionary of named edges."""
    supernet = made(TINY)
    generator = seeded(4)
    for _ in range(20):
        weights = [torch.randn(14, 8, generator=generator).softmax(-1) for _ in range(2)]
        edges = []
        for kind in weights:
            named = dict(zip(EDGES, kind[:, 1:].tolist(), strict=True))
            for node in (2, 3, 4, 5):
                ranked = sorted((max(named[source, node]), source) for source in range(node))
                edges += [(source, named[source, node].index(top)) for top, source in ranked[-2:]]
        assert supernet.derive(weights, with_none=True) == SPACE.from_edges(edges)
        assert supernet.derive(weights, with_none=False) == SPACE.from_edges(edges)


def test_what_is_derived_from_one_hot_weights_is_the_architecture():
    supernet = made(TINY)
    for architecture in SPACE.sample(np.random.default_rng(5), 20):
        weights = one_hot(supernet.path(architecture)).weights
        assert weights is not None
        assert supernet.derive(weights, with_none=False) == architecture


def test_cells_without_inputs_are_zero_and_only_the_last_passes_gradients_on():
    supernet = made(TINY, torch.float64)
    alphas = [torch.zeros(14, 8, dtype=torch.float64) for _ in range(2)]
    for alpha in alphas:
        alpha[:, 0] = 100.0  # none is drawn everywhere
        alpha.requires_grad_()
    choice = sampled(alphas, 1.0, seeded(0))
    assert choice.path == ((0,) * 14,) * 2
    output = supernet(torch.randn(2, 1, 7, 7, generator=seeded(0), dtype=torch.float64), choice)
    assert torch.isfinite(output).all()
    normal, reduction = torch.autograd.grad(output.square().sum(), alphas, materialize_grads=True)
    assert not normal.any()  # nothing of a cell before reaches the last
    assert reduction.any()


def test_both_gradients_are_derivatives():
    """Against central differences in random directions of the architecture parameters of both kinds of cell.

    They are short, since the unrolled loss bends wherever a ReLU or a pool's maximum flips.
    """
    supernet, generator, rate = made(TINY, torch.float64), seeded(7), 0.3
    alphas = [
        torch.randn(a.shape, generator=generator, dtype=torch.float64).requires_grad_()
        for a in supernet.alphas(generator)
    ]
    training, validation = (
        (
            torch.randn(4, 1, 6, 6, generator=generator, dtype=torch.float64),
            torch.randint(10, (4,), generator=generator),
        )
        for _ in range(2)
    )
    weights = {name: weight.detach() for name, weight in supernet.named_parameters()}
    drift = {name: 0.1 * torch.randn(w.shape, generator=generator, dtype=torch.float64) for name, w in weights.items()}

    def loss(batch, own, at):
        return cross_entropy(functional_call(supernet, dict(own), (batch[0], mixture(at))), batch[1])

    def after_a_step(at):
        own = {name: weight.clone().requires_grad_() for name, weight in weights.items()}
        slopes = torch.autograd.grad(loss(training, own, at), list(own.values()))
        step = {n: own[n].detach() - rate * (drift[n] + g) for n, g in zip(own, slopes, strict=True)}
        return loss(validation, step, at).item()

    first = first_order(loss, weights, alphas, validation)
    exact = unrolled(loss, weights, alphas, training, validation, rate, drift, length=None)
    for _ in range(2):
        ways = [torch.randn(a.shape, generator=generator, dtype=torch.float64) for a in alphas]
        ends = [[(a + sign * 1e-7 * w).detach() for a, w in zip(alphas, ways, strict=True)] for sign in (1, -1)]
        for got, value in ((first, lambda at: loss(validation, weights, at).item()), (exact, after_a_step)):
            along = sum((g * w).sum() for g, w in zip(got, ways, strict=True))
            assert float(along) == pytest.approx((value(ends[0]) - value(ends[1])) / 2e-7, rel=1e-5, abs=1e-8)


@pytest.mark.parametrize("name", ["darts", "gdas", "rs_ws"])
def test_weight_sharing_searches_the_space(name):
    """It derives architectures of the space, is charged by its relative costs, and repeats with its seed."""
    task, cls = load_task("training/darts/fashion14"), load_method(name)
    given = {**cls.check_settings, "images": None, "most_images": 8, "epochs": 1}
    given |= {"candidates": 2} if name == "rs_ws" else {}
    problem = problem_of(cls, task, Budget(queries=10), given)
    first, again = (cls(problem, np.random.default_rng(3), **given) for _ in range(2))
    asked = [first.ask().architecture]
    assert all(task.space.contains(architecture) for architecture in asked)
    assert asked == [again.ask().architecture]
    relative_cost = build_supernet("darts", EMBEDDED, 1, 10).relative_cost
    images = {
        "darts": 2 * 4 * relative_cost["mixture"],
        "gdas": 2 * 4 * relative_cost["sampled"],
        "rs_ws": 4 * relative_cost["path"] + 2 * 2 * 4 * relative_cost["evaluation"],  # both candidates are finalists
    }
    assert first.training_equivalents == again.training_equivalents == pytest.approx(images[name] / (8 * 3000))
