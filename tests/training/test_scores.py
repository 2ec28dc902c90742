"""Training-free scores of untrained networks, against closed forms, finite differences and counts by hand."""

import math
import os
from pathlib import Path

import numpy as np
import pytest

pytest.importorskip("torch", reason="scores need PyTorch: pip install 'equipoise[torch]'")
import torch
import torch.nn.functional as F
from torch import nn

from equipoise.harness.core.registry import load_task
from equipoise.harness.training.flops import count_multiply_adds
from equipoise.harness.training.layers import Classifier, initialise, pooled
from equipoise.harness.training.nasbench201 import PUBLISHED, build
from equipoise.harness.training.scores import LIVE_SCORES, grad_norm, jacov, nwot, scores_of, snip, synflow
from equipoise.harness.training.setup import Setup


class _Small(nn.Module):
    """Two 1 x 1 convolutions and a classifier."""

    def __init__(self, relu: bool, readers: int = 1) -> None:
        super().__init__()
        self.first = nn.Conv2d(1, 3, 1, bias=False)
        self.seconds = nn.ModuleList(nn.Conv2d(3, 2, 1, bias=False) for _ in range(readers))
        self.classifier, self.relu = Classifier(1, 2, 4), relu
        initialise(self, [torch.Generator().manual_seed(3)])
        self.double()

    def forward(self, x):
        hidden = self.first(x)
        hidden = F.relu(hidden) if self.relu else hidden
        return (self.classifier(pooled(sum(second(hidden) for second in self.seconds))),)


class _Weighted(nn.Module):
    """A weighted sum of the pixels."""

    def __init__(self) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.arange(4.0).double().view(1, 2, 2))

    def forward(self, x):
        return ((x * self.weight).sum(dim=(1, 2, 3)),)


def images(n: int = 6) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(1)
    return torch.randn(n, 1, 2, 2, generator=generator).double(), torch.arange(n) % 4


def test_synflow_of_a_linear_network_is_its_closed_form() -> None:
    """R = 1' |W3| |W2| |W1| 1, and each of the three layers conserves it."""
    network = _Small(relu=False)
    first, second = (layer.weight.detach().abs()[:, :, 0, 0] for layer in (network.first, network.seconds[0]))
    flow = (network.classifier.weight.detach().abs()[0].T @ second @ first @ torch.ones(1).double()).sum()
    assert synflow(network, *images()) == pytest.approx(math.log(3 * float(flow)))


def test_gradient_scores_agree_with_finite_differences() -> None:
    network, (x, y), step = _Small(relu=True), images(), 1e-6
    norms, saliency = 0.0, 0.0
    for weight in (network.first.weight, network.seconds[0].weight, network.classifier.weight):
        slopes, flat = [], weight.data.view(-1)
        for place in range(len(flat)):
            losses = []
            for sign in (1, -1):
                flat[place] += sign * step
                losses.append(F.cross_entropy(network(x)[0][:, 0], y).item())
                flat[place] -= sign * step
            slopes.append((losses[0] - losses[1]) / (2 * step))
        norms += float(np.linalg.norm(slopes))
        saliency += float(np.abs(np.array(slopes) * flat.numpy()).sum())
    assert scores_of(network, x, y, ["grad_norm", "snip"]) == pytest.approx(
        {"grad_norm": norms, "snip": saliency}, rel=1e-6
    )
    assert grad_norm(network, x, y) == pytest.approx(norms, rel=1e-6)
    assert snip(_Small(relu=True), x, y) == pytest.approx(saliency, rel=1e-6)


@pytest.mark.parametrize("readers", [1, 2])
def test_nwot_counts_the_units_that_agree_once_for_each_convolution_that_reads_them(readers: int) -> None:
    network, (x, y) = _Small(relu=True, readers=readers), images(3)
    active = (network.first(x) > 0).flatten(1).tolist()
    kernel = [[readers * sum(a == b for a, b in zip(one, other, strict=True)) for other in active] for one in active]
    assert nwot(network, x, y) == pytest.approx(math.log(abs(np.linalg.det(np.array(kernel, dtype=float)))))


def test_jacov_of_a_linear_network_has_one_eigenvalue() -> None:
    """All images have one gradient, if the weights of the pixels differ: correlations are 1."""
    network, (x, y) = _Weighted(), images()
    n, k = len(x), 1e-5
    expected = -(math.log(n + k) + 1 / (n + k) + (n - 1) * (math.log(k) + 1 / k))
    assert jacov(network, x, y) == pytest.approx(expected, rel=1e-6)


def test_scores_leave_the_weights_as_they_were() -> None:
    network, (x, y) = build((3, 2, 1, 4, 3, 0), PUBLISHED, 1, 4), images(4)
    x = x.float().repeat(1, 1, 4, 4)
    before = {name: value.clone() for name, value in network.state_dict().items()}
    first = scores_of(network, x, y, list(LIVE_SCORES))
    assert all(torch.equal(value, before[name]) for name, value in network.state_dict().items())
    assert scores_of(network, x, y, list(LIVE_SCORES)) == first


def test_a_cell_without_a_path_has_no_defined_score() -> None:
    found = {name: load_task("nasbench201/fashion14").resource(f"score:{name}")([(0,) * 6])[0] for name in LIVE_SCORES}
    assert found["synflow"] == found["jacov"] == -np.inf


def test_the_stored_scores_of_fashion14_are_those_of_the_command() -> None:
    from equipoise.harness.training.live_scores import network_scores

    task, setup = load_task("nasbench201/fashion14"), Setup.named("nasbench201", "fashion14", 1, 201)
    assert {one.name for one in task.info.scores if one.price} == set(LIVE_SCORES)
    for cell in task.space.sample(np.random.default_rng(5), 3):
        computed = network_scores(setup, task.space.canonical(cell), tuple(LIVE_SCORES))
        for name, value in computed.items():
            stored = task.resource(f"score:{name}")([cell])[0]
            assert stored == pytest.approx(value, rel=1e-3), name


@pytest.mark.parametrize(
    "name", ["training/nasbench201/digits", pytest.param("training/darts/digits", marks=pytest.mark.slow)]
)
def test_sizes_of_networks_that_are_trained_here_are_exact(name: str) -> None:
    task = load_task(name)
    setup = task._own_setup()
    drawn = task.space.sample(np.random.default_rng(2), 6)
    networks = [setup.networks.build(one, setup.macro, setup.images.channels, setup.images.classes) for one in drawn]
    counted = [sum(p.numel() for p in network.parameters()) for network in networks]
    assert task.resource("score:parameters")(drawn).tolist() == counted
    passes = [count_multiply_adds(network, setup.images.channels, setup.images.side) for network in networks]
    assert task.resource("flops")(drawn).tolist() == passes


def test_live_scores_are_priced_as_a_step() -> None:
    task = load_task("training/nasbench201/digits")
    reader, cells = task.resource("score:nwot"), task.space.sample(np.random.default_rng(0), 2)
    assert np.isfinite(reader(cells)).all()
    assert reader.due() == pytest.approx(2 * 64 / (8 * len(task.resource("images").y["train"])))


@pytest.mark.slow
def test_synflow_ranks_published_networks_as_the_published_column_does() -> None:
    """Other initial weights, the same ranks: Spearman's correlation over 24 cells."""
    import csv
    from ast import literal_eval

    from equipoise.harness.benchmarks._nasbench201_cells import cell_of

    path = Path(os.environ.get("EQUIPOISE_MIRROR", "/nonexistent")) / "nb201_zc_proxies.csv"
    if not path.is_file():
        pytest.skip(f"EQUIPOISE_MIRROR has no {path.name}")
    with path.open(encoding="utf-8") as file:
        rows = [row for row in csv.DictReader(file) if float(row["synflow"]) > 0][::390]
    x, y = torch.zeros(1, 3, 32, 32), torch.zeros(1, dtype=torch.long)
    own = []
    for row in rows:
        network = build(cell_of(literal_eval(row["net"])), PUBLISHED, 3, 10)
        initialise(network, [torch.Generator().manual_seed(0)])
        own.append(synflow(network, x, y))
    ranks = [np.argsort(np.argsort(values)) for values in (own, [float(row["synflow"]) for row in rows])]
    assert np.corrcoef(*ranks)[0, 1] > 0.95
