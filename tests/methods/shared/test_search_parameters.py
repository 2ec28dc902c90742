"""The parameters that a general optimiser sees of a space."""

import numpy as np
import pytest
from method_runs import DARTS, NB101

from equipoise.methods._shared.search_parameters import SearchParameters


@pytest.mark.parametrize("kind", ["A", "B", "C", "masked", "categorical"])
def test_values_lead_back_to_the_architecture(kind: str) -> None:
    parameters = SearchParameters("test", NB101, kind)
    for cell in NB101.sample(np.random.default_rng(1), 20):
        values = parameters.values(cell)
        assert list(values) == parameters.active(values) == list(parameters.names)
        assert NB101.key(parameters.architecture(values)) == NB101.key(cell)


def test_values_that_do_not_matter_may_be_missing() -> None:
    parameters = SearchParameters("test", DARTS, "conditional")
    for cell in DARTS.sample(np.random.default_rng(1), 20):
        values = parameters.values(cell)
        active = parameters.active(values)
        assert len(active) == 22
        assert parameters.architecture({name: values[name] for name in active}) == cell
