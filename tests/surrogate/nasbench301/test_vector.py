"""The vector of a genotype, against the official configuration space and the official conversion."""

import importlib.util
import json
import math
from collections import namedtuple
from functools import cache
from pathlib import Path
from types import ModuleType
from typing import Any

import numpy as np
import pytest
from ConfigSpace import CategoricalHyperparameter, Configuration, ConfigurationSpace, InCondition
from nasbench301_archives import SPACE, drawn

from equipoise.harness.spaces.darts import OPERATIONS, cells_of
from equipoise.harness.surrogate.nasbench301.vector import NAMES, WIDTH, vectors

Genotype = namedtuple("Genotype", "normal normal_concat reduce reduce_concat")

LEGACY = {  # as ConfigSpace 0.6.1 gives them
    "CreateImageDataLoader:batch_size": 0.586345,
    "ImageAugmentation:cutout_holes": 0.166664,
    "ImageAugmentation:cutout_length": 0.31,
    "NetworkSelectorDatasetInfo:darts:drop_path_prob": 0.0,
    "NetworkSelectorDatasetInfo:darts:init_channels": 0.00315,
    "NetworkSelectorDatasetInfo:darts:layers": 0.00075,
    "OptimizerSelector:sgd:learning_rate": -3.688879,
    "OptimizerSelector:sgd:weight_decay": -8.111728,
    "SimpleLearningrateSchedulerSelector:cosine_annealing:T_max": 0.00995,
}


def package() -> Path:
    """The folder of the official package, which is not imported as a whole."""
    spec = importlib.util.find_spec("nasbench301")
    assert spec is not None
    assert spec.origin is not None
    return Path(spec.origin).parent


@cache
def official(module: str) -> ModuleType:
    spec = importlib.util.spec_from_file_location(f"official_{module}", package() / f"{module}.py")
    assert spec is not None
    assert spec.loader is not None
    found = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(found)
    return found


@cache
def official_space() -> tuple[ConfigurationSpace, list[str]]:
    """The part of the official space that depends on the genotype, and the order of all its parameters."""
    told = json.loads((package() / "configspace.json").read_text())
    space = ConfigurationSpace()
    found = {
        one["name"]: CategoricalHyperparameter(one["name"], one["choices"])
        for one in told["hyperparameters"]
        if "edge_" in one["name"] or "inputs_" in one["name"]
    }
    space.add(list(found.values()))
    space.add([InCondition(found[one["child"]], found[one["parent"]], one["values"]) for one in told["conditions"]])
    return space, [one["name"] for one in told["hyperparameters"]]


def genotype(architecture: tuple[int, ...]) -> Any:
    normal, reduction = ([(OPERATIONS[o], source) for source, o in cell] for cell in cells_of(architecture))
    return Genotype(normal, range(2, 6), reduction, range(2, 6))


def test_names_and_their_order_are_the_official_ones() -> None:
    assert list(NAMES) == official_space()[1]
    assert WIDTH == 56


def test_the_order_is_that_of_configspace() -> None:
    space, names = official_space()
    assert list(space) == [name for name in names if name in space]


def test_columns_of_the_genotype_are_those_of_configspace() -> None:
    space, _ = official_space()
    columns = [NAMES.index(name) for name in space]
    architectures = drawn(200)
    for architecture, made in zip(architectures, vectors(architectures), strict=True):
        told = official("representations").convert_genotype_to_config(genotype(architecture))
        expected = np.nan_to_num(Configuration(space, values=told).get_array(), nan=-1.0)
        assert made[columns].tolist() == expected.tolist()


@pytest.mark.parametrize("name", sorted(LEGACY))
def test_constants_are_those_of_the_old_configspace(name: str) -> None:
    made = vectors(drawn(5))[:, NAMES.index(name)]
    assert len(set(made)) == 1
    assert made[0] == pytest.approx(LEGACY[name], abs=1e-6)


def test_the_other_constants() -> None:
    made = dict(zip(NAMES, vectors(drawn(1))[0], strict=True))
    assert made["OptimizerSelector:sgd:momentum"] == pytest.approx(0.8 / 0.89)
    assert made["SimpleTrainNode:mixup:alpha"] == pytest.approx(math.log(20) / math.log(70))
    assert made["SimpleLearningrateSchedulerSelector:cosine_annealing:eta_min"] == pytest.approx(1e-12)


def test_many_at_once_are_each_alone() -> None:
    architectures = drawn(50)
    alone = np.concatenate([vectors([architecture]) for architecture in architectures])
    assert np.array_equal(vectors(architectures), alone)


def test_different_genotypes_have_different_vectors() -> None:
    start = drawn(1)[0]
    around = [start, *SPACE.neighbours(start)]
    assert len({tuple(row) for row in vectors(around)}) == len(set(around))


def test_none_is_no_row() -> None:
    assert vectors([]).shape == (0, 56)
