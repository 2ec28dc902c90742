"""A generator that turns noise into scores for every option, with a predictor of accuracy on the scores."""

from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.methods._shared.flat_weights import FlatWeights
from equipoise.methods._shared.legal_decoding import highest_legal
from equipoise.methods._shared.network_arrays import above_zero, keep_only
from equipoise.methods._shared.score_predictor import backpropagate, predict, predictor_shapes

__all__ = ["NoiseGenerator"]

Floats = npt.NDArray[np.float32]
Numbers = npt.NDArray[np.floating[Any]]

ROUNDS = 2
"""Rounds of messages between the decisions."""
CLOSED = -1e4
"""The score of an option that a decision does not have."""
ZERO, ONE, TINY = np.float32(0.0), np.float32(1.0), np.float32(1e-30)


class Activations(NamedTuple):
    """Values that the backward pass reads, for B noises, D decisions and states of L numbers.

    Attributes:
        noise: B x L.
        states: D x B x L before the first round, and after each.
        received: B x 2 L for each round: the mean state, and the noise.
        passed: D x B x L for each round: the output of the rectifier.
        own: D x L x W, the weights of the scores.
        scores: D x W x B.
    """

    noise: Floats
    states: list[Floats]
    received: list[Floats]
    passed: list[Floats]
    own: Floats
    scores: Floats


class NoiseGenerator:
    """Gives each of D decisions a state, from the noise and its place, and lets the states exchange messages.

    There is no encoder: any noise is to become any of the architectures that are shown. The predictor reads the scores,
    so that its gradient shapes the generator. Gradients are written out (the tests hold them against autograd): a step
    sees 16 architectures, on which a library spends several times the arithmetic.

    Args:
        space: Seen through its decisions and masks.
        rng: Draws weights and noise.
        latent: Dimensions of the noise, and of a state.
        rate: Learning rate of Adam.

    Attributes:
        weights: Of generator and predictor.
    """

    def __init__(self, space: SearchSpace, rng: np.random.Generator, latent: int = 32, rate: float = 1e-3) -> None:
        self.space, self.rng, self.latent = space, rng, latent
        widths = np.asarray(space.cardinalities)
        self._count, self._width = len(widths), int(widths.max())
        self._options = np.arange(self._width)[None, :, None]
        closed = self._options >= widths[:, None, None]
        self._closed: Floats = np.where(closed, np.float32(CLOSED), ZERO)
        self._open = np.flatnonzero(~closed)
        shapes: dict[str, tuple[int, ...]] = {"start": (latent, latent), "place_table": (self._count, latent)}
        for number in range(ROUNDS):
            shapes[f"own_{number}"], shapes[f"mean_{number}"] = (latent, latent), (2 * latent, latent)
            shapes[f"round_{number}_bias"] = (latent,)
        shapes |= {"score": (latent, self._width), "score_table": (self._count, latent * self._width)}
        predictor = predictor_shapes(len(self._open))
        self.weights = FlatWeights({**shapes, **predictor}, rng, rate, betas=(0.5, 0.999))
        self._of_predictor = [self.weights.gradients[name] for name in predictor]

    def outputs(self, noise: Floats) -> tuple[Floats, Floats]:
        """The scores (D x W x B, closed where a decision has fewer than W options) and accuracies (B) of B noises."""
        scores = self._generate(noise).scores
        return scores + self._closed, predict(self.weights.views, self._opened(scores))[-1][0]

    def _opened(self, scores: Floats) -> Floats:
        """The scores of the options that decisions have, as rows."""
        rows = scores.reshape(-1, scores.shape[2])
        return rows if len(self._open) == len(rows) else rows[self._open]

    def _generate(self, noise: Floats) -> Activations:
        w, latent = self.weights.views, self.latent
        state = (noise @ w["start"])[None, :, :] + w["place_table"][:, None, :]
        np.tanh(state, out=state)
        states, all_received, all_passed = [state], [], []
        for number in range(ROUNDS):
            received = np.empty((len(noise), 2 * latent), dtype=np.float32)
            received[:, latent:] = noise
            np.multiply(np.add.reduce(state, axis=0), ONE / np.float32(self._count), out=received[:, :latent])
            common = received @ w[f"mean_{number}"]
            common += w[f"round_{number}_bias"]
            passed = np.matmul(state.reshape(-1, latent), w[f"own_{number}"]).reshape(state.shape)
            passed += common
            np.maximum(passed, ZERO, out=passed)
            state = passed + state
            states.append(state)
            all_received.append(received)
            all_passed.append(passed)
        own = w["score_table"].reshape(self._count, latent, self._width) + w["score"]
        scores = np.matmul(own.transpose(0, 2, 1), state.transpose(0, 2, 1))
        return Activations(noise, states, all_received, all_passed, own, scores)

    def learn(self, codes: npt.NDArray[np.int64], accuracies: Numbers | None, weights: Numbers, alpha: float) -> None:
        """Takes one step on B architectures under fresh normal noise; see `gradient`."""
        noise = self.rng.standard_normal((len(codes), self.latent), dtype=np.float32)
        self.gradient(codes, accuracies, weights, alpha, noise)
        self.weights.descend()

    def gradient(
        self,
        codes: npt.NDArray[np.int64],
        accuracies: Numbers | None,
        weights: Numbers,
        alpha: float,
        noise: Floats,
    ) -> Floats:
        """The gradient of the mean over b of w_b ((1 - alpha) reconstruction_b + alpha squared error_b).

        The reconstruction is the mean cross-entropy of the decisions; without accuracies there is nothing else.

        Args:
            codes: B x D options.
            accuracies: B, or None.
            weights: B.
            alpha: Share of the predictor.
            noise: B x L.
        """
        run = self._generate(noise)
        shares = weights.astype(np.float32) / np.float32(len(codes))
        to_scores = run.scores + self._closed
        to_scores -= np.maximum.reduce(to_scores, axis=1, keepdims=True)
        np.exp(to_scores, out=to_scores)
        to_scores /= np.add.reduce(to_scores, axis=1, keepdims=True)
        to_scores -= codes.T[:, None, :] == self._options
        to_scores *= shares * np.float32((1.0 if accuracies is None else 1.0 - alpha) / self._count)
        if accuracies is None:
            for part in self._of_predictor:
                part[...] = ZERO
        else:
            found = predict(self.weights.views, self._opened(run.scores))
            to_output = found[-1] - accuracies.astype(np.float32)
            to_output *= shares * np.float32(2.0 * alpha)
            to_open = backpropagate(self.weights.views, self.weights.gradients, found, to_output)
            to_scores.reshape(-1, len(codes))[self._open] += to_open
        self._backpropagate(run, to_scores)
        return self.weights.gradient

    def _backpropagate(self, run: Activations, to_scores: Floats) -> None:
        w, g, latent = self.weights.views, self.weights.gradients, self.latent
        turned = to_scores.transpose(0, 2, 1)
        to_own = g["score_table"].reshape(run.own.shape)
        np.matmul(run.states[-1].transpose(0, 2, 1), turned, out=to_own)
        np.add.reduce(to_own, axis=0, out=g["score"])
        to_state = np.matmul(turned, run.own.transpose(0, 2, 1))
        for number in reversed(range(ROUNDS)):
            to_passed = to_state.copy()
            keep_only(to_passed, above_zero(run.passed[number]))
            rows = to_passed.reshape(-1, latent)
            np.matmul(run.states[number].reshape(-1, latent).T, rows, out=g[f"own_{number}"])
            to_common = np.add.reduce(to_passed, axis=0)
            np.matmul(run.received[number].T, to_common, out=g[f"mean_{number}"])
            np.add.reduce(to_common, axis=0, out=g[f"round_{number}_bias"])
            to_state += np.matmul(rows, w[f"own_{number}"].T).reshape(to_state.shape)
            to_mean = to_common @ w[f"mean_{number}"][:latent].T
            to_mean *= ONE / np.float32(self._count)
            to_state += to_mean
        to_state *= ONE - run.states[0] ** 2
        np.add.reduce(to_state, axis=1, out=g["place_table"])
        np.matmul(run.noise.T, np.add.reduce(to_state, axis=0), out=g["start"])

    def sample(self, n: int, reach: float) -> list[tuple[Architecture, float]]:
        """Draws n architectures from noise that is uniform within `reach`, each with its predicted accuracy.

        Options are drawn independently by their scores; illegal ones are masked as decisions are taken in order.
        """
        noise = self.rng.random((n, self.latent), dtype=np.float32)
        noise -= np.float32(0.5)
        noise *= np.float32(2.0 * reach)
        scores, predicted = self.outputs(noise)
        waiting = np.maximum(self.rng.standard_exponential(scores.shape, dtype=np.float32), TINY)
        scores -= np.log(waiting)  # Gumbel noise
        return list(zip(highest_legal(self.space, scores), predicted.tolist(), strict=True))
