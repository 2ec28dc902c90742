"""The pools of generators, on a space that can be listed."""

import pytest

pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")

from studies.graph_vae_pools import GENERATORS, STATES, compare


@pytest.mark.slow
def test_no_pool_is_better_than_the_space_and_latents_matter() -> None:
    found = compare("nasbench201/cifar10", 2)
    assert set(found) == set(GENERATORS)
    means = {}
    for label, rows in found.items():
        assert len(rows) == 2 * len(STATES)
        assert all(one <= 1e-4 and five <= 1e-4 and 0 < new <= 1 for one, five, new, _ in rows)
        means[label] = sum(row[0] for row in rows) / len(rows)
    assert means["decoder, 5 rounds"] > means["prior latents"] + 0.1
