"""The networks of the DARTS space."""

from dataclasses import replace

import numpy as np
import pytest

pytest.importorskip("torch", reason="training needs PyTorch: pip install 'equipoise[torch]'")
import torch
import torch.nn.functional as F

from equipoise.harness.core.errors import SettingError
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.training.configuration import DARTS, EMBEDDED_DARTS
from equipoise.harness.training.darts import PUBLISHED, MacroArchitecture, build, count_parameters
from equipoise.harness.training.darts_cell import FactorisedReduction, operation
from equipoise.harness.training.flops import count_multiply_adds
from equipoise.harness.training.images import PARTS, load
from equipoise.harness.training.layers import initialise
from equipoise.harness.training.trainer import DeviceImages, Trainer

SPACE = Darts()
SMALL = MacroArchitecture(channels=4, cells=3, auxiliary_head=False)
CELL = SPACE.sample(np.random.default_rng(2), 1)[0]

REDUCE = "('max_pool_3x3', 0), ('max_pool_3x3', 1), ('skip_connect', 2), "
PUBLISHED_SIZES = {
    "DARTS_V2": (
        "Genotype(normal=[('sep_conv_3x3', 0), ('sep_conv_3x3', 1), ('sep_conv_3x3', 0), ('sep_conv_3x3', 1), "
        "('sep_conv_3x3', 1), ('skip_connect', 0), ('skip_connect', 0), ('dil_conv_3x3', 2)], "
        f"reduce=[{REDUCE}('max_pool_3x3', 1), ('max_pool_3x3', 0), ('skip_connect', 2), ('skip_connect', 2), "
        "('max_pool_3x3', 1)])",
        3_349_342,
    ),
    "PDARTS": (
        "Genotype(normal=[('skip_connect', 0), ('dil_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 1), "
        "('sep_conv_3x3', 1), ('sep_conv_3x3', 3), ('sep_conv_3x3', 0), ('dil_conv_5x5', 4)], "
        "reduce=[('avg_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_3x3', 0), ('dil_conv_5x5', 2), "
        "('max_pool_3x3', 0), ('dil_conv_3x3', 1), ('dil_conv_3x3', 1), ('dil_conv_5x5', 3)])",
        3_433_798,
    ),
    "PC_DARTS_cifar": (
        "Genotype(normal=[('sep_conv_3x3', 1), ('skip_connect', 0), ('sep_conv_3x3', 0), ('dil_conv_3x3', 1), "
        "('sep_conv_5x5', 0), ('sep_conv_3x3', 1), ('avg_pool_3x3', 0), ('dil_conv_3x3', 1)], "
        "reduce=[('sep_conv_5x5', 1), ('max_pool_3x3', 0), ('sep_conv_5x5', 1), ('sep_conv_5x5', 2), "
        "('sep_conv_3x3', 0), ('sep_conv_3x3', 3), ('sep_conv_3x3', 1), ('sep_conv_3x3', 2)])",
        3_634_678,
    ),
}


@pytest.mark.parametrize("name", PUBLISHED_SIZES)
def test_parameters_of_published_genotypes_equal_the_published_numbers(name):
    genotype, size = PUBLISHED_SIZES[name]
    assert count_parameters(SPACE.parse(genotype), PUBLISHED, 3, 10) == size


def test_multiply_adds_of_a_small_network_are_those_worked_out_by_hand():
    """All skips: stem, two inputs a cell, and the halving skips at the two inputs of the reductions remain."""
    skips = SPACE.parse(
        "Genotype(normal=["
        + ", ".join(["('skip_connect', 0), ('skip_connect', 1)"] * 4)
        + "], reduce=["
        + ", ".join(["('skip_connect', 0), ('skip_connect', 1)"] * 4)
        + "])"
    )
    stem = 9 * 3 * 12 * 64
    normal = 2 * 12 * 4 * 64  # 12 to 4 channels on 8 x 8, twice
    first = (12 * 8 + 16 * 8) * 64 + 8 * (8 * 8) * 16  # inputs at 8 x 8; eight halving skips of 8 to 8 at 4 x 4
    second = 16 * 16 * 16 + 32 * 16 * 16 + 8 * (16 * 16) * 4  # a halved input and one at 4 x 4; eight skips at 2 x 2
    classifier = 64 * 10 + 10
    network = build(skips, SMALL, 3, 10)
    assert count_multiply_adds(network, 3, 8) == stem + normal + first + second + classifier


@pytest.mark.parametrize("side", [8, 14])
def test_a_copy_among_three_computes_what_it_computes_alone(side):
    skeleton = replace(SMALL, auxiliary_head=True)
    together = build(CELL, skeleton, 1, 10, replicas=3).double()
    initialise(together, [torch.Generator().manual_seed(seed) for seed in (5, 6, 7)])
    x = torch.randn(4, 3, side, side, generator=torch.Generator().manual_seed(0), dtype=torch.float64)
    keep = torch.rand(together.paths, 4, 3, generator=torch.Generator().manual_seed(1), dtype=torch.float64)
    joint = together(x, keep)
    assert [head.shape for head in joint] == [(4, 3, 10)] * 2
    for copy, seed in enumerate((5, 6, 7)):
        alone = build(CELL, skeleton, 1, 10).double()
        initialise(alone, [torch.Generator().manual_seed(seed)])
        heads = alone(x[:, copy : copy + 1], keep[:, :, copy : copy + 1])
        for head, both in zip(heads, joint, strict=True):
            torch.testing.assert_close(head[:, 0], both[:, copy], rtol=1e-7, atol=1e-7)
    assert len(together.eval()(x)) == 1


def test_separable_and_dilated_convolutions_are_their_definitions():
    x = torch.randn(2, 4, 9, 9, generator=torch.Generator().manual_seed(3), dtype=torch.float64)
    dilated = operation("dil_conv_5x5", 4, 2, 1).double().eval()
    _, depth, point, norm = dilated
    by_hand = norm(F.conv2d(F.conv2d(x.relu(), depth.weight, None, 2, 4, 2, groups=4), point.weight))
    torch.testing.assert_close(dilated(x), by_hand)
    separable = operation("sep_conv_3x3", 4, 2, 1).double().eval()
    kernels = [layer.stride for layer in separable if isinstance(layer, torch.nn.Conv2d)]
    assert kernels == [(2, 2), (1, 1), (1, 1), (1, 1)]


@pytest.mark.parametrize("side", [8, 7])
def test_a_factorised_reduction_sees_even_and_odd_pixels(side):
    reduction = FactorisedReduction(2, 4, 1).double().eval()
    x = torch.rand(1, 2, side, side, dtype=torch.float64)
    padded = F.pad(x, (0, side % 2, 0, side % 2))
    expected = torch.cat([
        F.conv2d(x[:, :, ::2, ::2], reduction.here.weight),
        F.conv2d(padded[:, :, 1::2, 1::2], reduction.further.weight),
    ], dim=1)  # fmt: skip
    torch.testing.assert_close(reduction(x), reduction.normalisation(expected))


def _images():
    full = load("fashion14")
    few = {"train": 64, "validation": 50, "test": 50}
    x = {part: full.x[part][: few[part]] for part in PARTS}
    return DeviceImages(replace(full, x=x, y={part: full.y[part][: few[part]] for part in PARTS}))


def test_dropping_paths_ramps_up_scales_what_is_kept_and_resumes():
    configuration = replace(DARTS, epochs=4, batch_size=32, drop_path=0.5, crop=1, cutout=4)

    def trainer():
        return Trainer(build(CELL, SMALL, 1, 10, 2), configuration, _images(), (1, 2))

    whole = trainer()
    assert whole._kept(5) is None
    whole.epoch()
    state = {k: v for k, v in whole.state().items() if k == "generators"}
    kept = whole._kept(5000)
    assert kept.shape == (whole.network.paths, 5000, 2)
    assert set(np.unique(kept)) == {0.0, np.float32(1 / 0.875)}
    assert float((kept == 0).float().mean()) == pytest.approx(0.125, abs=0.005)
    for generator, before in zip(whole._generators, state["generators"], strict=True):
        generator.set_state(before)
    rest = whole.epoch()[:2]
    again = trainer()
    assert [again.epoch()[:2] for _ in range(2)][1] == rest


def test_the_auxiliary_head_is_trained_with_its_weight():
    light, heavy = (
        Trainer(
            build(CELL, replace(SMALL, auxiliary_head=True), 1, 10),
            replace(EMBEDDED_DARTS, auxiliary=weight, batch_size=32, gradient_clip=None),
            _images(),
            (1,),
        )
        for weight in (0.0, 0.4)
    )
    start = light.network.auxiliary.classifier.bias.detach().clone()
    light.epoch(), heavy.epoch()
    assert torch.allclose(light.network.auxiliary.classifier.bias * 1, start, atol=1e-3)
    assert not torch.allclose(heavy.network.auxiliary.classifier.bias, start, atol=1e-3)


@pytest.mark.parametrize("change", [{"channels": 5}, {"cells": 2}, {"stem": 0}])
def test_a_skeleton_that_cannot_be_built_is_refused(change):
    with pytest.raises(SettingError, match=next(iter(change))):
        replace(SMALL, **change)
