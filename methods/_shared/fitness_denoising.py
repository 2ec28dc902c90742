"""Denoising without a network: the population itself, weighted by fitness, estimates where a sample comes from."""

import numpy as np
import numpy.typing as npt

__all__ = ["cosine_schedule", "denoised", "diversity", "estimated_origins", "mutated", "normalized"]

Array = npt.NDArray[np.float64]


def cosine_schedule(steps: int) -> Array:
    """The share alpha of signal at each of the steps, from 1 at the first to 0 at the last.

    Source: Nichol and Dhariwal, Improved Denoising Diffusion Probabilistic Models, ICML 2021, without its offset.
    """
    alphas: Array = (np.cos(np.linspace(0.0, np.pi, steps)) + 1.0) / 2.0
    return alphas


def estimated_origins(x: Array, population: Array, log_weights: Array, alpha: float) -> Array:
    """The origin of each sample: the mean of the population, weighted by fitness and by the density of the diffusion.

    x0(x) = sum_j w_j N(x; sqrt(alpha) x_j, (1 - alpha) I) x_j / sum_j w_j N(x; sqrt(alpha) x_j, (1 - alpha) I).

    Args:
        x: n x D samples.
        population: m x D.
        log_weights: m, log w.
        alpha: Below 1.
    """
    squared = np.square(x[:, None, :] - np.sqrt(alpha) * population[None, :, :]).sum(axis=2)
    logits = log_weights[None, :] - squared / (2.0 * (1.0 - alpha))
    shares = np.exp(logits - logits.max(axis=1, keepdims=True))
    origins: Array = (shares / shares.sum(axis=1, keepdims=True)) @ population
    return origins


def denoised(x: Array, origins: Array, alphas: tuple[float, float], noise: float, rng: np.random.Generator) -> Array:
    """One step of a diffusion model from alpha to a larger one, given the origins.

    sqrt(a') x0 + sqrt(1 - a' - s^2) e + s N(0, I), with e = (x - sqrt(a) x0) / sqrt(1 - a) and
    s = noise sqrt((1 - a') / (1 - a) (1 - a / a')).

    Source: Song, Meng and Ermon, Denoising Diffusion Implicit Models, ICLR 2021, equations 12 and 16.
    """
    now, then = alphas
    deviation = noise * np.sqrt((1.0 - then) / (1.0 - now) * (1.0 - now / then))
    direction = (x - np.sqrt(now) * origins) / np.sqrt(1.0 - now)
    kept = np.sqrt(max(1.0 - then - deviation**2, 0.0))
    step: Array = np.sqrt(then) * origins + kept * direction + deviation * rng.normal(size=x.shape)
    return step


def normalized(x: Array) -> Array:
    """Each row stretched to [-1, 1]; a constant row becomes 0."""
    low, high = x.min(axis=1, keepdims=True), x.max(axis=1, keepdims=True)
    width = np.where(high > low, high - low, 1.0)
    return np.where(high > low, 2.0 * (x - low) / width - 1.0, 0.0)


def mutated(x: Array, rate: float, index: float, rng: np.random.Generator) -> Array:
    """Polynomial mutation of each row with probability `rate`, within [-1, 1].

    Args:
        x: n x D, within [-1, 1].
        rate: Probability.
        index: Distribution index; the larger, the closer to the parent.
        rng: One draw per row decides whether, one how far, for all its columns.

    Source: Deb and Goyal, A Combined Genetic Adaptive Search (GeneAS) for Engineering Design, 1996.
    """
    chosen, drawn = rng.random((len(x), 1)) < rate, rng.random((len(x), 1))
    below, above = (x + 1.0) / 2.0, (1.0 - x) / 2.0
    power = 1.0 / (index + 1.0)
    down = (2.0 * drawn + (1.0 - 2.0 * drawn) * (1.0 - below) ** (index + 1.0)) ** power - 1.0
    up = 1.0 - (2.0 * (1.0 - drawn) + (2.0 * drawn - 1.0) * (1.0 - above) ** (index + 1.0)) ** power
    with np.errstate(invalid="ignore"):  # each formula holds on its side of a half
        shift = np.where(drawn <= 0.5, down, up)
    moved: Array = np.where(chosen, x + 2.0 * shift, x)
    return moved


def diversity(x: Array) -> Array:
    """The sum of each row's distances to all others, scaled to [0, 1]."""
    squared = np.square(x[:, None, :] - x[None, :, :]).sum(axis=2)
    sums = np.sqrt(squared).sum(axis=1)
    width = float(np.ptp(sums))
    found: Array = (sums - sums.min()) / width if width > 0 else np.zeros_like(sums)
    return found
