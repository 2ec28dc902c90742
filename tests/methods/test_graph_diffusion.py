"""Discrete diffusion: its noise and posterior against direct sums, its network, and its search."""

import numpy as np
import numpy.typing as npt
import pytest
from method_runs import make_on_proteins, make_search, run_on_proteins, run_search

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Problem
from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.nasbench_graph import PROTEINS_OPERATIONS, NasBenchGraph
from equipoise.methods._shared.discrete_diffusion import MarginalNoise
from equipoise.methods._shared.folded_denoiser import FoldedDenoiser
from equipoise.methods.graph_diffusion import GraphDiffusion, classes_of

FAST = {"steps": 4, "train_steps": 3, "width": 8, "layers": 1}
MARGINALS = np.array([[0.5, 0.3, 0.2], [0.9, 0.1, 0.0]])


def test_noise_keeps_options_by_the_schedule_and_draws_the_rest_from_the_marginals() -> None:
    noise, rng = MarginalNoise(10, MARGINALS), np.random.default_rng(0)
    assert noise.kept[0] == 1
    assert np.all(np.diff(noise.kept) < 0)
    codes = np.repeat([[2], [1]], 40_000, axis=1)
    drawn = noise.apply(codes, np.full(40_000, 6), rng)
    for column, option in ((0, 2), (1, 1)):
        wanted = (1 - noise.kept[6]) * MARGINALS[column] + noise.kept[6] * (np.arange(3) == option)
        assert np.bincount(drawn[column], minlength=3) / 40_000 == pytest.approx(wanted, abs=0.01)


def test_the_step_before_is_the_posterior_of_the_chain() -> None:
    """Against products of transition matrices, summed over the distribution of x_0."""
    noise, time = MarginalNoise(10, MARGINALS), 7
    origins = np.array([[0.2, 0.5, 0.3], [0.6, 0.4, 0.0]])
    found = noise.before(np.array([[1], [0]]), time, origins[:, :, None])[:, :, 0]

    def transition(kept: float, marginal: np.ndarray) -> np.ndarray:
        return kept * np.eye(3) + (1 - kept) * np.tile(marginal, (3, 1))

    for column, now in ((0, 1), (1, 0)):
        one_step = transition(noise.kept[time] / noise.kept[time - 1], MARGINALS[column])
        until = transition(noise.kept[time - 1], MARGINALS[column])
        wanted = np.zeros(3)
        for origin, share in enumerate(origins[column]):
            joint = until[origin] * one_step[:, now]
            wanted += share * joint / joint.sum()
        assert found[column] / found[column].sum() == pytest.approx(wanted)


def test_the_last_step_gives_the_predicted_origin() -> None:
    noise = MarginalNoise(10, np.full((1, 3), 1 / 3))
    origins = np.array([[[0.7], [0.2], [0.1]]])
    assert noise.before(np.array([[2]]), 1, origins)[0, :, 0].argmax() == 0
    sure = noise.before(np.array([[2]]), 1, np.array([[[1.0], [0.0], [0.0]]]))[0, :, 0]
    assert sure / sure.sum() == pytest.approx([1, 0, 0])


def test_where_nothing_can_precede_the_marginals_do() -> None:
    """An option without a share in the marginals is followed back to no x_0 but itself."""
    noise = MarginalNoise(10, np.array([[0.75, 0.25, 0.0]]))
    found = noise.before(np.array([[2]]), 5, np.array([[[0.5], [0.5], [0.0]]]))
    assert found[0, :, 0] == pytest.approx([0.75, 0.25, 0.0])


def test_classes_are_quantiles_of_what_was_paid_for() -> None:
    assert classes_of([0.1 * n for n in range(20)]).tolist() == [0] + [1] * 3 + [2] * 6 + [3] * 4 + [4] * 6
    assert classes_of([0.3, 0.2]).tolist() == [4, 2]


def test_guidance_weakens_only_where_a_round_lacks_new_samples() -> None:
    """Samples are drawn until a round is full: first at full guidance, at most `candidates` at each of three."""
    rounds: list[tuple[list[float], int]] = []

    class Watched(GraphDiffusion):
        def choose(self) -> list[Architecture]:
            rounds.append(([], 0))
            chosen = super().choose()
            rounds[-1] = (rounds[-1][0], len(chosen))
            return chosen

        def _sample(
            self, denoiser: FoldedDenoiser, noise: MarginalNoise, guidance: npt.NDArray[np.float64]
        ) -> list[Architecture]:
            rounds[-1][0].extend(guidance.tolist())
            drawn = super()._sample(denoiser, noise, guidance)
            assert len(drawn) == len(guidance)
            return drawn

    problem = Problem(NasBenchGraph(PROTEINS_OPERATIONS), Budget(queries=200))
    method = Watched(problem, np.random.default_rng(0), candidates=15, guidance=4.0, batch=10, **FAST)
    assert set(run_on_proteins(method, queries=200).status) == {"ok"}
    assert len(rounds) > 10
    whole = [4.0] * 15 + [2.0] * 15 + [0.0] * 15
    for asked, _ in rounds:
        assert asked == whole[: len(asked)]
    lengths = {len(asked) for asked, _ in rounds}
    assert min(lengths) < len(whole)
    assert max(lengths) > 15
    assert all(count == 10 for asked, count in rounds if len(asked) < len(whole))


def test_nothing_is_proposed_twice() -> None:
    assert set(run_on_proteins(make_on_proteins("graph_diffusion", **FAST)).status) == {"ok"}


def test_a_run_repeats_with_its_seed() -> None:
    first, again, other = (run_search(make_search("graph_diffusion", 40, n, **FAST), queries=40) for n in (0, 0, 1))
    assert first.architecture == again.architecture != other.architecture


@pytest.mark.parametrize(
    "bad", [{"candidates": 0}, {"steps": 0}, {"layers": 0}, {"width": 6}, {"guidance": -1.0}, {"learning_rate": 0.0}]
)
def test_bad_settings_are_refused_with_what_is_accepted(bad: dict[str, object]) -> None:
    with pytest.raises(SettingError, match=rf"graph_diffusion: {next(iter(bad))} = .*accepted: "):
        make_on_proteins("graph_diffusion", **bad)
