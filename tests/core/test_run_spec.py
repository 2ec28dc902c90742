"""Runs as values: their generators."""

import hashlib
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from equipoise.harness.core.errors import SuiteError
from equipoise.harness.core.suite import Suite

NUMBERS = st.one_of(st.integers(0, 2**40), st.sampled_from([0, 2**32 - 1, 2**32, 2**64, 2**70 + 5]))


def number_of(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big")


@pytest.mark.parametrize("stream", ["method", "noise", "shared"])
@settings(max_examples=30, deadline=None)
@given(NUMBERS)
def test_generators_are_seeded_over_the_names_of_a_run(stream: str, seed: int) -> None:
    content = {"name": "made", "budget": {"queries": 1}, "protocol": {"repeats": 2, "seed": seed}}
    content |= {"tasks": [{"name": "nasbench201/cifar10"}], "methods": [{"name": "random_search"}]}
    for spec in Suite.from_dict(content).runs():
        names = (spec.task, "" if stream == "shared" else spec.label, stream)
        whole = np.random.default_rng([seed, *map(number_of, names), spec.repeat])
        assert spec.rng(stream).bit_generator.state == whole.bit_generator.state
        history = np.random.default_rng([seed, number_of(spec.task), number_of("history"), spec.repeat])
        assert spec.history_rng(spec.task).bit_generator.state == history.bit_generator.state


def test_a_negative_seed_is_refused() -> None:
    content = {"name": "made", "budget": {"queries": 1}, "protocol": {"repeats": 1, "seed": 0}}
    content |= {"tasks": [{"name": "nasbench201/cifar10"}], "methods": [{"name": "random_search"}]}
    (spec,) = Suite.from_dict(content).runs()
    with pytest.raises(SuiteError, match="seed = -1 is not a whole number from 0 on"):
        replace(spec, protocol=replace(spec.protocol, seed=-1)).rng("method")
