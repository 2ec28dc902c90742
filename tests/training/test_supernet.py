"""Supernets: what they share is what stand-alone networks own, and their gradients are derivatives."""

from dataclasses import replace
from itertools import product

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'equipoise[torch]'")
import torch
from torch.func import functional_call
from torch.nn.functional import cross_entropy

from equipoise.harness.core.errors import PluginError
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.training.architecture_gradient import first_order, unrolled
from equipoise.harness.training.layers import initialise
from equipoise.harness.training.nasbench201 import EMBEDDED, PUBLISHED, Skeleton
from equipoise.harness.training.supernet import Choice, build_supernet, mixture, sampled

SPACE = NasBench201()
SKELETONS = [EMBEDDED, replace(PUBLISHED, channels=4, cells=2), replace(EMBEDDED, dead="shift", channels=4)]


def seeded(seed: int) -> torch.Generator:
    return torch.Generator().manual_seed(seed)


def made(space: str, skeleton, dtype=torch.float32):
    supernet = build_supernet(space, skeleton, 1, 10)
    initialise(supernet, [seeded(1)])
    return supernet.to(dtype)


def one_hot(supernet, architecture) -> Choice:
    (path,) = supernet.path(architecture).path
    weights = torch.zeros(len(path), len(supernet.operations))
    weights[range(len(path)), path] = 1.0
    return Choice((weights,), None)


@pytest.mark.parametrize("skeleton", SKELETONS)
def test_one_hot_weights_give_exactly_the_outputs_of_the_stand_alone_network(skeleton):
    supernet = made("nasbench201", skeleton)
    x = torch.randn(8, 1, 16, 16, generator=seeded(0))
    # Every cell of two edges is among them, so that nodes without input and operations on zero are.
    few = [(a, b, 0, 0, c, d) for a, b, c, d in product((0, 3), (0, 1), (2, 4), (0, 3))]
    for architecture in [*SPACE.sample(np.random.default_rng(0), 30), *few]:
        expected = supernet.standalone(architecture)(x)[0][:, 0]
        assert torch.equal(supernet(x, supernet.path(architecture)), expected)
        assert torch.equal(supernet(x, one_hot(supernet, architecture)), expected)


def test_a_stand_alone_network_owns_its_copy():
    supernet = made("nasbench201", EMBEDDED)
    x = torch.randn(4, 1, 14, 14, generator=seeded(0))
    network = supernet.standalone((3, 3, 3, 3, 3, 3))
    before = network(x)[0].detach().clone()
    with torch.no_grad():
        for weight in supernet.parameters():
            weight.mul_(2.0)
    assert torch.equal(network(x)[0], before)


def test_the_mixture_is_the_weighted_sum_on_a_cell_of_one_live_edge():
    """With all other edges at none, the cell's output is linear in the weights of edge 0 -> 3."""
    cell = made("nasbench201", EMBEDDED).body[2].double()
    x = torch.randn(4, 8, 7, 7, generator=seeded(0), dtype=torch.float64)
    weights = torch.zeros(6, 5, dtype=torch.float64)
    weights[:, 0] = 1.0
    weights[3] = torch.tensor([0.1, 0.2, 0.3, 0.15, 0.25])

    def alone(option):
        return cell(x, None, (0, 0, 0, option, 0, 0))

    mixed = cell(x, [row.unbind() for row in weights.unbind()], None)
    torch.testing.assert_close(mixed, sum(weights[3, option] * alone(option) for option in range(5)))


def test_a_sampled_choice_computes_its_path_and_draws_as_the_softmax_does():
    supernet = made("nasbench201", EMBEDDED, torch.float64)
    alphas = [torch.tensor([[0.0, 1.0, 2.0, 0.5, -1.0]] * 6, dtype=torch.float64, requires_grad=True)]
    x = torch.randn(4, 1, 14, 14, generator=seeded(0), dtype=torch.float64)
    generator = seeded(3)
    counts = np.zeros(5)
    for draw in range(2000):
        choice = sampled(alphas, 10.0, generator)
        counts += np.bincount(choice.path[0], minlength=5)
        if draw < 5:
            torch.testing.assert_close(supernet(x, choice), supernet(x, one_hot(supernet, choice.path[0])))
    np.testing.assert_allclose(counts / counts.sum(), alphas[0].softmax(-1)[0].detach(), atol=0.015)


def test_the_gradient_of_a_sampled_path_is_that_of_the_softmax():
    """By definition: d output / d alpha = sum over operations of what a unit of it would add, through the softmax."""
    supernet = made("nasbench201", EMBEDDED)
    cell = supernet.body[2].double()
    x = torch.randn(2, 8, 7, 7, generator=seeded(0), dtype=torch.float64)
    alphas = [torch.randn(6, 5, generator=seeded(5), dtype=torch.float64).requires_grad_()]
    choice = sampled(alphas, 0.7, seeded(6))
    weights = choice.weights[0]
    (by_weight,) = torch.autograd.grad(
        cell(x, [row.unbind() for row in weights.unbind()], choice.path[0]).sum(), weights, retain_graph=True
    )
    noise = -torch.empty_like(alphas[0]).exponential_(generator=seeded(6)).log()
    soft = ((alphas[0].log_softmax(-1) + noise) / 0.7).softmax(-1)
    (expected,) = torch.autograd.grad(soft, alphas[0], by_weight)
    (got,) = torch.autograd.grad(weights, alphas[0], by_weight)
    torch.testing.assert_close(got, expected)


def test_discretisation_takes_the_largest_weight_and_leaves_none_out_unless_told():
    supernet = made("nasbench201", EMBEDDED)
    weights = torch.tensor([[0.6, 0.1, 0.1, 0.1, 0.1], [0.1, 0.6, 0.1, 0.1, 0.1]] * 3)
    weights[0, 3] = 0.2
    assert supernet.derive([weights], with_none=True) == (0, 1, 0, 1, 0, 1)
    assert supernet.derive([weights], with_none=False) == (3, 1, 1, 1, 1, 1)


def test_a_space_without_a_supernet_is_refused():
    with pytest.raises(PluginError, match="no supernet of the space 'nasbench101'"):
        build_supernet("nasbench101", EMBEDDED, 1, 10)


# Gradients.


def problem(space="nasbench201", skeleton=None, side=6, count=5):
    """A tiny supernet in double precision, its loss, and what a step needs."""
    skeleton = skeleton or Skeleton(2, 2, 1, reduction="average", dead="zero")
    supernet = made(space, skeleton, torch.float64)
    generator = seeded(7)
    alphas = [
        torch.randn(a.shape, generator=generator, dtype=torch.float64).requires_grad_()
        for a in supernet.alphas(generator)
    ]
    batches = [
        (
            torch.randn(count, 1, side, side, generator=generator, dtype=torch.float64),
            torch.randint(10, (count,), generator=generator),
        )
        for _ in range(2)
    ]
    weights = {name: weight.detach() for name, weight in supernet.named_parameters()}
    drift = {name: 0.1 * torch.randn(w.shape, generator=generator, dtype=torch.float64) for name, w in weights.items()}

    def loss(batch, weights, alphas):
        return cross_entropy(functional_call(supernet, dict(weights), (batch[0], mixture(alphas))), batch[1])

    return loss, weights, alphas, batches, drift


def by_differences(value, alphas, step=1e-5):
    """Central differences of a function of the architecture parameters."""
    result = []
    for alpha in alphas:
        gradient = torch.zeros_like(alpha)
        for place in np.ndindex(*alpha.shape):
            ends = []
            for sign in (1, -1):
                with torch.no_grad():
                    alpha[place] += sign * step
                ends.append(value())
                with torch.no_grad():
                    alpha[place] -= sign * step
            gradient[place] = (ends[0] - ends[1]) / (2 * step)
        result.append(gradient)
    return result


def relative(got, expected) -> float:
    difference = sum((g - e).square().sum() for g, e in zip(got, expected, strict=True)).sqrt()
    return float(difference / sum(e.square().sum() for e in expected).sqrt())


def test_the_first_order_gradient_is_the_derivative_at_fixed_weights():
    loss, weights, alphas, (_, validation), _ = problem()
    expected = by_differences(lambda: loss(validation, weights, alphas).item(), alphas)
    assert relative(first_order(loss, weights, alphas, validation), expected) < 1e-7


def test_the_unrolled_gradient_is_the_derivative_through_a_training_step():
    rate = 0.3
    loss, weights, alphas, (training, validation), drift = problem()

    def after_a_step():
        own = {name: weight.clone().requires_grad_() for name, weight in weights.items()}
        slope = torch.autograd.grad(loss(training, own, alphas), list(own.values()))
        step = {n: own[n].detach() - rate * (drift[n] + g) for n, g in zip(own, slope, strict=True)}
        return loss(validation, step, alphas).item()

    expected = by_differences(after_a_step, alphas)
    exact = unrolled(loss, weights, alphas, training, validation, rate, drift, length=None)
    difference = unrolled(loss, weights, alphas, training, validation, rate, drift, length=1e-6)
    plain = first_order(loss, weights, alphas, validation)
    assert relative(exact, expected) < 1e-6
    assert relative(difference, expected) < 1e-5
    assert relative(plain, expected) > 0.05  # the second-order term is not negligible here, so the above says something


def test_the_published_step_is_nearer_to_the_unrolled_gradient_than_the_first_order_is():
    """Of the embedded size and at DARTS's learning rate; on a smaller network the ReLUs that flip drown it."""
    loss, weights, alphas, (training, validation), drift = problem(skeleton=EMBEDDED, side=14, count=64)
    arguments = (loss, weights, alphas, training, validation, 0.025, drift)
    exact = unrolled(*arguments, length=None)
    assert relative(unrolled(*arguments), exact) < 0.5 * relative(first_order(loss, weights, alphas, validation), exact)
