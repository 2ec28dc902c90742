"""Sizes of networks that tables tell."""

import pickle

import numpy as np
import pytest

from equipoise.harness.core.registry import load_task


@pytest.mark.parametrize(
    ("dataset", "side", "inputs", "classes"),
    [("cifar10", 32, 3, 10), ("cifar100", 32, 3, 100), ("imagenet16-120", 16, 3, 120), ("fashion14", 14, 1, 10)],
)
def test_sizes_of_nasbench201_are_those_of_the_networks(dataset: str, side: int, inputs: int, classes: int) -> None:
    pytest.importorskip("torch")
    from equipoise.harness.training.flops import count_multiply_adds
    from equipoise.harness.training.nasbench201 import EMBEDDED, PUBLISHED, build

    task = load_task(f"nasbench201/{dataset}")
    skeleton = EMBEDDED if dataset == "fashion14" else PUBLISHED
    cells = task.space.sample(np.random.default_rng(0), 6)
    cells.append(task.space.parse("|none~0|+|nor_conv_3x3~0|nor_conv_1x1~1|+|none~0|none~1|nor_conv_3x3~2|"))
    cells.append(task.space.parse("|none~0|+|none~0|nor_conv_1x1~1|+|none~0|none~1|nor_conv_3x3~2|"))
    networks = [build(cell, skeleton, inputs, classes) for cell in cells]
    parameters = [sum(p.numel() for p in network.parameters()) for network in networks]
    assert task.resource("parameters")(cells).tolist() == parameters
    flops = [count_multiply_adds(network, inputs, side) for network in networks]
    assert task.resource("flops")(cells).tolist() == flops


def test_sizes_of_nasbench201_span_the_published_range() -> None:
    """From 0.073 to 1.532 million parameters, from 7.78 to 220.12 million FLOPs."""
    task = load_task("nasbench201/cifar10")
    for measure, least, most in (("parameters", 0.073, 1.532), ("flops", 7.783, 220.12)):
        sizes = task.resource(measure).everything / 1e6
        assert (sizes.min(), sizes.max()) == pytest.approx((least, most), rel=5e-3)


def test_nasbench_graph_tells_stored_parameters_and_no_flops() -> None:
    task = load_task("nasbench_graph/proteins")
    sizes = task.resource("parameters")
    assert sizes.everything.shape == (task.space.size,)
    assert sizes.everything.min() > 1_000
    cell = task.space.parse("[0,0,0,0][gcn,gcn,gcn,gcn]")
    wider = task.space.parse("[0,0,0,0][sage,gcn,gcn,gcn]")
    assert sizes([wider])[0] > sizes([cell])[0]
    assert task.resource("flops") is None
    again = pickle.loads(pickle.dumps(sizes))
    np.testing.assert_array_equal(again.everything, sizes.everything)


def test_a_task_pickles_with_its_sizes() -> None:
    task = pickle.loads(pickle.dumps(load_task("nasbench201/fashion14")))
    assert task.resource("parameters").everything.shape == (15_625,)
    assert task.resource("weights") is None
