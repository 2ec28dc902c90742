"""The posterior of the Hamming process over listed architectures."""

import numpy as np
import pytest

from equipoise.methods._shared.gp import HammingProcess
from equipoise.methods._shared.whole_space_posterior import ListPosterior


@pytest.mark.parametrize("options", [5, 300])
def test_a_list_has_the_posterior_of_the_process_however_many_options_a_decision_has(options: int) -> None:
    rng = np.random.default_rng(0)
    codes = np.unique(rng.integers(options, size=(400, 2)), axis=0)
    process, posterior = HammingProcess(2), ListPosterior(codes)
    targets = rng.normal(size=9)
    for code in codes[rng.choice(len(codes), 9, replace=False)]:
        process.add(code)
        posterior.extend(process)
    coefficients, scale = process.solve(targets)
    mean, deviation = process.predict(codes, targets)
    np.testing.assert_allclose(posterior.mean(coefficients), mean, atol=1e-4)
    np.testing.assert_allclose(scale * np.sqrt(np.maximum(posterior.variance, 1e-12)), deviation, atol=1e-3)
