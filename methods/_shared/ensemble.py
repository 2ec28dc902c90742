"""An ensemble of small regression networks, all members trained at once in one batched array."""

from itertools import pairwise
from math import prod, sqrt

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.adam import Adam

__all__ = ["Ensemble"]

Floats = npt.NDArray[np.float32]


class Ensemble:
    """K multilayer perceptrons with initial weights and orders of the data of their own.

    The members share nothing but the loop: stacked matrix products do for all of them what a loop over members would
    do for each, so that training is the published one in a fraction of its time. Gradients are written out, since at
    these sizes (20 units) a library's bookkeeping costs more than the arithmetic; the tests hold them against autograd.

    Args:
        members: K.
        inputs: d, length of an input.
        depth: Hidden layers, each followed by a rectifier.
        width: Units in each.
        rng: Draws initial weights (uniform as in Glorot and Bengio, AISTATS 2010; biases zero) and orders.
    """

    def __init__(self, members: int, inputs: int, depth: int, width: int, rng: np.random.Generator) -> None:
        self._rng, self.members = rng, members
        sizes = [inputs, *[width] * depth, 1]
        shapes = [(members, fan_in, fan_out) for fan_in, fan_out in pairwise(sizes)]
        shapes += [(members, 1, fan_out) for fan_out in sizes[1:]]
        self.flat: Floats = np.zeros(sum(map(prod, shapes)), dtype=np.float32)
        self._gradient = np.zeros_like(self.flat)
        views, gradients = _views(self.flat, shapes), _views(self._gradient, shapes)
        layers = len(sizes) - 1
        self.weights, self.biases = views[:layers], views[layers:]
        self._weight_gradients, self._bias_gradients = gradients[:layers], gradients[layers:]
        for weight in self.weights:
            bound = sqrt(6.0 / (weight.shape[1] + weight.shape[2]))
            weight[:] = rng.uniform(-bound, bound, weight.shape)

    def fit(self, inputs: Floats, targets: Floats, *, epochs: int, batch: int, rate: float) -> None:
        """Descends the mean absolute error.

        Args:
            inputs: n x d.
            targets: n.
            epochs: Passes over the data.
            batch: Examples in a step.
            rate: Learning rate of Adam, which has the second decay of the published code, 0.99.
        """
        adam = Adam(self.flat, betas=(0.9, 0.99), epsilon=1e-7)
        orders = np.tile(np.arange(len(targets)), (self.members, 1))
        for _ in range(epochs):
            orders = self._rng.permuted(orders, axis=1)
            drawn, wanted = inputs[orders], targets[orders][:, :, None]
            for start in range(0, len(targets), batch):
                gradient = self.gradient(drawn[:, start : start + batch], wanted[:, start : start + batch])
                adam.step(gradient, rate)

    def gradient(self, inputs: Floats, targets: Floats) -> Floats:
        """The gradient of the K mean absolute errors, in the order of `flat`.

        Args:
            inputs: K x b x d.
            targets: K x b x 1.
        """
        states = self._states(inputs)
        delta = np.sign(states.pop() - targets)
        delta /= targets.shape[1]
        for layer in reversed(range(len(states))):
            state = states[layer]
            np.matmul(state.swapaxes(1, 2), delta, out=self._weight_gradients[layer])
            np.add.reduce(delta, axis=1, keepdims=True, out=self._bias_gradients[layer])
            if layer:
                delta = np.matmul(delta, self.weights[layer].swapaxes(1, 2))
                delta *= state > 0
        return self._gradient

    def _states(self, inputs: Floats) -> list[Floats]:
        """Inputs, rectified states of the hidden layers, and outputs."""
        states = [inputs]
        for weight, bias in zip(self.weights, self.biases, strict=True):
            state = np.matmul(states[-1], weight)
            state += bias
            if len(states) < len(self.weights):
                np.maximum(state, 0.0, out=state)
            states.append(state)
        return states

    def predict(self, inputs: Floats) -> npt.NDArray[np.float64]:
        """The predictions of each member for n inputs, K x n."""
        return self._states(np.broadcast_to(inputs, (self.members, *inputs.shape)))[-1][:, :, 0].astype(np.float64)


def _views(flat: Floats, shapes: list[tuple[int, int, int]]) -> list[Floats]:
    """Consecutive pieces of a flat array, in these shapes."""
    ends = np.cumsum([prod(shape) for shape in shapes])
    pieces = np.split(flat, ends[:-1])
    return [piece.reshape(shape) for piece, shape in zip(pieces, shapes, strict=True)]
