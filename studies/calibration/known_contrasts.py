"""Known contrasts of methods: rungs of knowledge, held-out seeds, and the factors of a design."""

import numpy as np

from equipoise.reports.statistics.contrasts import estimated_contrast
from equipoise.reports.statistics.factorial import variance_shares
from studies.calibration.draws import REPEATS, RESAMPLES, Events, holds, noise

__all__ = ["held_out_seeds", "knowledge_rung", "known_factors"]


def knowledge_rung(rng: np.random.Generator) -> Events:
    """A rung of the ladder: two pairs of methods, one in each space the better; tasks and methods as given."""
    values = noise(rng, "skewed", (4, 6, REPEATS))
    effects = np.array([0.4, 0.0, -0.2, 0.0])[:, None] + np.linspace(-0.3, 0.3, 6) * np.array([1, 0, 1, 0])[:, None]
    signs = np.array([0.5, -0.5, 0.5, -0.5])
    found = estimated_contrast(values + effects[:, :, None], signs, np.full(6, 1 / 6), resamples=RESAMPLES)
    return {"=0.95 mean difference over pairs": holds(found, float(effects.mean(axis=1) @ signs))}


def held_out_seeds(rng: np.random.Generator) -> Events:
    """Two methods judged by two and by three held-out seeds in turn, whose levels differ; 30 repeats of each."""
    levels = [rng.exponential(size=2), rng.exponential(size=3)]
    turn = np.stack([level[np.arange(REPEATS) % len(level)] for level in levels])
    values = noise(rng, "skewed", (2, 2, REPEATS)) + 1 + turn
    values[1] += 0.3 * turn  # the second method loses more where the judge is harder
    truth = np.array([1 + np.mean([level.mean() for level in levels])] * 2)
    truth[1] += 0.3 * (truth[1] - 1)
    one, difference = (
        estimated_contrast(values, signs, np.full(2, 0.5), resamples=RESAMPLES) for signs in ([1.0, 0.0], [1.0, -1.0])
    )
    return {
        "<0.05 regret: the interval misses the mean over seeds": 1 - holds(one, truth[0]),
        "<0.05 difference: the interval misses that over seeds": 1 - holds(difference, truth[0] - truth[1]),
    }


DESIGN = [{"proposal": p, "ranker": r} for p in ("uniform", "mutation", "model") for r in ("none", "gp", "network")]


def known_factors(rng: np.random.Generator) -> Events:
    """A factorial of nine methods on four tasks: one factor matters, one does not, and they interact a little."""
    means = np.array([{"none": 0.9, "gp": 0.0, "network": 0.3}[entry["ranker"]] for entry in DESIGN])
    means = means + 0.3 * np.array([entry["proposal"] == "model" and entry["ranker"] == "none" for entry in DESIGN])
    truth = variance_shares(np.repeat(means[:, None, None], 2, axis=2), DESIGN, resamples=2).main.value
    shares = variance_shares(
        means[:, None, None] + 0.5 * noise(rng, "skewed", (9, 4, REPEATS)), DESIGN, resamples=RESAMPLES
    )
    holds = (shares.main.low <= truth) & (truth <= shares.main.high)
    return {
        "<0.05 the interval misses the share of the factor that matters": not holds[1],
        "<0.05 the interval misses the share of the factor that hardly does": not holds[0],
    }
