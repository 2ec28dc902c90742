"""A recurrent policy over the decisions of a space, and its gradient."""

from collections.abc import Sequence
from math import prod
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["Controller", "Rollout"]

Array = npt.NDArray[np.float32]


class _Step(NamedTuple):
    """Activations at one decision that the backward pass reads, for B rows; w is the number of its options."""

    taken_in: Array
    """B x 2h: the vector of the option chosen before, and the state before."""
    memory: Array
    gates: tuple[Array, Array, Array, Array]
    squashed: Array
    hidden: Array
    bounded: Array
    """B x w: logits divided by `bound`."""
    probabilities: Array
    chosen: npt.NDArray[np.int64]


class Rollout(NamedTuple):
    """B architectures as the policy sees them.

    Attributes:
        architectures: B of them.
        log_probabilities: B x D logarithms of the probability of each chosen option.
        entropies: B x D entropies of the choices, in nats.
        steps: For `Controller.gradient`.
    """

    architectures: list[Architecture]
    log_probabilities: npt.NDArray[np.float64]
    entropies: npt.NDArray[np.float64]
    steps: list[_Step]


class Controller:
    """An LSTM cell that is told each chosen option and gives the probabilities of the next; illegal options have none.

    Decisions with equal option lists are of one kind: they share the vectors that tell of their options and the weights
    that choose among them. Logits are ``bound * tanh(u / temperature)``. The gradient is written out: with one to a few
    rows per step, a library's bookkeeping costs several times the arithmetic. The tests hold it against autograd.

    Args:
        space: Seen through its decisions and masks only.
        rng: Draws weights (uniform within 0.1, output biases zero) and samples.
        hidden: h, width of the state.
        temperature: Divisor of the logits.
        bound: Largest absolute logit.

    Attributes:
        flat: All weights.

    Source: Gao, Yang, Zhang, Zhou and Hu, Graph Neural Architecture Search, IJCAI 2020 (GraphNAS), after Zoph and Le,
    ICLR 2017; form and sizes are those of GraphNAS's repository (``graphnas/graphnas_controller.py``).
    """

    def __init__(
        self, space: SearchSpace, rng: np.random.Generator, hidden: int, temperature: float, bound: float
    ) -> None:
        self._space, self._rng = space, rng
        self._hidden, self._temperature, self._bound = hidden, temperature, bound
        kinds = {options: number for number, options in enumerate(dict.fromkeys(d.options for d in space.decisions))}
        self._kinds = [kinds[decision.options] for decision in space.decisions]
        widths = list(map(len, kinds))
        self._shapes: list[tuple[int, ...]] = [(2 * hidden, 4 * hidden), (4 * hidden,)]
        self._shapes += [shape for width in widths for shape in ((width, hidden), (hidden, width), (width,))]
        self.flat: Array = rng.uniform(-0.1, 0.1, sum(map(prod, self._shapes))).astype(np.float32)
        self._parts = self._views(self.flat)
        for bias in self._parts[4::3]:
            bias[:] = 0.0

    def _views(self, flat: Array) -> list[Array]:
        pieces = np.split(flat, np.cumsum([prod(shape) for shape in self._shapes])[:-1])
        return [piece.reshape(shape) for piece, shape in zip(pieces, self._shapes, strict=True)]

    def sample(self, n: int) -> Rollout:
        """Draws n architectures through the masks."""
        return self._unroll(n, None)

    def replay(self, architectures: Sequence[Architecture]) -> Rollout:
        """The policy's probabilities of the choices of B legal architectures."""
        return self._unroll(len(architectures), architectures)

    def _unroll(self, rows: int, given: Sequence[Architecture] | None) -> Rollout:
        h, (cell, bias) = self._hidden, self._parts[:2]
        told, hidden, memory = (np.zeros((rows, h), dtype=np.float32) for _ in range(3))
        numbers = np.arange(rows)
        codes: list[Architecture] = [()] * rows
        logs, entropies, steps = [], [], []
        for position, kind in enumerate(self._kinds):
            words, choose, choose_bias = self._parts[2 + 3 * kind : 5 + 3 * kind]
            taken_in, old = np.concatenate([told, hidden], axis=1), memory
            raw = taken_in @ cell
            raw += bias
            new: Array = np.tanh(raw[:, 2 * h : 3 * h])
            np.clip(np.negative(raw, out=raw), -60.0, 60.0, out=raw)
            np.exp(raw, out=raw)
            raw += 1.0
            np.reciprocal(raw, out=raw)
            gates = enter, forget, _, leave = (raw[:, :h], raw[:, h : 2 * h], new, raw[:, 3 * h :])
            memory = forget * old + enter * new
            squashed = np.tanh(memory)
            hidden = leave * squashed
            bounded = np.tanh((hidden @ choose + choose_bias) / self._temperature)
            legal = np.array([self._space.legal(code) for code in codes])
            weights = np.where(legal, np.exp(self._bound * bounded.astype(np.float64)), 0.0)
            probabilities = weights / weights.sum(axis=1, keepdims=True)
            safe = np.log(np.where(legal, probabilities, 1.0))
            chosen = _draw(probabilities, self._rng) if given is None else np.array([code[position] for code in given])
            codes = [(*code, option) for code, option in zip(codes, chosen.tolist(), strict=True)]
            logs.append(safe[numbers, chosen])
            entropies.append(-(probabilities * safe).sum(axis=1))
            steps.append(
                _Step(taken_in, old, gates, squashed, hidden, bounded, probabilities.astype(np.float32), chosen)
            )
            told = words[chosen]
        return Rollout(codes, np.stack(logs, axis=1), np.stack(entropies, axis=1), steps)

    def gradient(self, rollout: Rollout, advantages: npt.NDArray[np.float64]) -> Array:
        """The gradient of minus the sum over choices of log probability times advantage, in the order of `flat`.

        Args:
            rollout: B architectures under the present weights.
            advantages: B x D constants.
        """
        gradient = np.zeros_like(self.flat)
        parts, h = self._views(gradient), self._hidden
        back = self._parts[0].T
        rows = len(rollout.architectures)
        to_memory = np.zeros((rows, h), dtype=np.float32)
        to_taken_in = np.zeros((rows, 2 * h), dtype=np.float32)
        all_gates = np.empty((len(self._kinds), rows, 4 * h), dtype=np.float32)
        scale = (advantages * (self._bound / self._temperature)).astype(np.float32)
        for position in reversed(range(len(self._kinds))):
            step, first = rollout.steps[position], 2 + 3 * self._kinds[position]
            enter, forget, new, leave = step.gates
            if position + 1 < len(self._kinds):
                np.add.at(parts[first], step.chosen, to_taken_in[:, :h])
            delta = step.probabilities.copy()
            delta[np.arange(rows), step.chosen] -= 1.0
            delta *= scale[:, position, None] * (1.0 - step.bounded**2)
            parts[first + 1] += step.hidden.T @ delta
            parts[first + 2] += delta.sum(axis=0)
            to_hidden = to_taken_in[:, h:] + delta @ self._parts[first + 1].T
            to_memory = to_memory + to_hidden * leave * (1.0 - step.squashed**2)
            to_gates = all_gates[position]
            to_gates[:, :h] = to_memory * new * enter * (1.0 - enter)
            to_gates[:, h : 2 * h] = to_memory * step.memory * forget * (1.0 - forget)
            to_gates[:, 2 * h : 3 * h] = to_memory * enter * (1.0 - new**2)
            to_gates[:, 3 * h :] = to_hidden * step.squashed * leave * (1.0 - leave)
            to_taken_in, to_memory = to_gates @ back, to_memory * forget
        taken_in = np.concatenate([step.taken_in for step in rollout.steps])
        gates = all_gates.reshape(-1, 4 * h)
        np.matmul(taken_in.T, gates, out=parts[0])
        parts[1] += gates.sum(axis=0)
        return gradient


def _draw(probabilities: npt.NDArray[np.float64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """One option per row; one of probability 0 is never drawn."""
    total = np.cumsum(probabilities, axis=1)
    uniform = rng.random((len(probabilities), 1)) * total[:, -1:]
    drawn: npt.NDArray[np.int64] = np.minimum((total <= uniform).sum(axis=1), probabilities.shape[1] - 1)
    return drawn
