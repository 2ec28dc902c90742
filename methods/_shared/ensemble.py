"""An ensemble of small regression networks, all members trained at once in one batched array."""

from math import sqrt

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.flushed_adam import FlushedAdam
from equipoise.methods._shared.network_arrays import above_zero, keep_only, parts_of

__all__ = ["Ensemble"]

Floats = npt.NDArray[np.float32]

ZERO = np.float32(0.0)


class Ensemble:
    """K multilayer perceptrons with initial weights and orders of the data of their own.

    The members share nothing but the loop: stacked matrix products do for all of them what a loop over members would
    do for each, so that training is the published one in a fraction of its time. Gradients are written out, since at
    these sizes (20 units) a library's bookkeeping costs more than the arithmetic; the tests hold them against autograd.
    For the same reason a bias is the last column of its matrix, and a last unit that is always one carries it.

    Args:
        members: K.
        inputs: d, length of an input.
        depth: Hidden layers, each followed by a rectifier.
        width: Units in each.
        rng: Draws initial weights (uniform as in Glorot and Bengio, AISTATS 2010; biases zero) and orders.

    Attributes:
        weights: For each layer, K matrices by which columns are multiplied from the left, without the unit that is one.
        biases: For each layer, K columns.
    """

    def __init__(self, members: int, inputs: int, depth: int, width: int, rng: np.random.Generator) -> None:
        self._rng, self.members, self._units = rng, members, width + 1
        shapes = [(members, width + 1, inputs + 1), *[(members, width + 1, width + 1)] * (depth - 1)]
        shapes.append((members, 1, width + 1))
        flat: Floats = np.zeros(sum(rows * columns for _, rows, columns in shapes) * members, dtype=np.float32)
        self._flat, self._gradient = flat, np.zeros_like(flat)
        self._layers, self._gradients = parts_of(flat, shapes), parts_of(self._gradient, shapes)
        inner = [layer[:, :width] for layer in self._layers]  # of the last layer, its only row
        self.weights, self.biases = [layer[:, :, :-1] for layer in inner], [layer[:, :, -1:] for layer in inner]
        self._backwards = [layer.swapaxes(1, 2) for layer in self._layers]
        for layer in self._layers[:-1]:
            layer[:, -1, -1] = 1.0
        for weight in self.weights:
            _, fan_out, fan_in = weight.shape
            bound = sqrt(6.0 / (fan_in + fan_out))
            weight[:] = rng.uniform(-bound, bound, (members, fan_in, fan_out)).swapaxes(1, 2)
        self._states: dict[int, Floats] = {}

    def fit(self, inputs: Floats, targets: Floats, *, epochs: int, batch: int, rate: float) -> None:
        """Descends the mean absolute error.

        Args:
            inputs: n x d.
            targets: n.
            epochs: Passes over the data.
            batch: Examples in a step.
            rate: Learning rate of Adam, which has the second decay of the published code, 0.99.
        """
        adam = FlushedAdam(self._flat, betas=(0.9, 0.99), epsilon=1e-7)
        orders = np.tile(np.arange(len(targets)), (self.members, 1))
        extended = _with_one(inputs)
        for _ in range(epochs):
            orders = self._rng.permuted(orders, axis=1)
            drawn, wanted = extended[orders], targets[orders][:, None, :]
            for start in range(0, len(targets), batch):
                columns = drawn[:, start : start + batch].swapaxes(1, 2)
                adam.step(self._step(columns, wanted[:, :, start : start + batch]), rate)

    def gradient(self, inputs: Floats, targets: Floats) -> tuple[list[Floats], list[Floats]]:
        """The gradient of the K mean absolute errors with respect to `weights`, and to `biases`.

        Args:
            inputs: K x b x d.
            targets: K x b.
        """
        self._step(_with_one(inputs).swapaxes(1, 2), targets[:, None, :])
        inner = [layer[:, : self._units - 1] for layer in self._gradients]
        return [layer[:, :, :-1] for layer in inner], [layer[:, :, -1:] for layer in inner]

    def _step(self, inputs: Floats, targets: Floats) -> Floats:
        """The gradient in the order of the flat weights, for K x (d + 1) x b inputs and K x 1 x b targets."""
        states, outputs = self._run(inputs)
        positive = above_zero(states)
        positive[:, :, -1] = 0  # nothing passes backwards through the unit that is one
        delta = np.sign(outputs - targets)
        delta /= np.float32(targets.shape[2])
        for layer in reversed(range(len(states))):
            np.matmul(delta, states[layer].swapaxes(1, 2), out=self._gradients[layer + 1])
            delta = np.matmul(self._backwards[layer + 1], delta)
            keep_only(delta, positive[layer])
        np.matmul(delta, inputs.swapaxes(1, 2), out=self._gradients[0])
        return self._gradient

    def _run(self, inputs: Floats) -> tuple[Floats, Floats]:
        """Rectified states of the hidden layers, and outputs; K x 1 x b."""
        examples = inputs.shape[2]
        if examples not in self._states:
            shape = len(self._layers) - 1, self.members, self._units, examples
            self._states[examples] = np.empty(shape, dtype=np.float32)
        states, state = self._states[examples], inputs
        for weight, after in zip(self._layers, states, strict=False):
            np.matmul(weight, state, out=after)
            state = np.maximum(after, ZERO, out=after)
        return states, np.matmul(self._layers[-1], state)

    def predict(self, inputs: Floats) -> npt.NDArray[np.float64]:
        """The predictions of each member for n inputs, K x n."""
        columns = _with_one(inputs).T
        return self._run(np.broadcast_to(columns, (self.members, *columns.shape)))[1][:, 0].astype(np.float64)


def _with_one(inputs: Floats) -> Floats:
    """The inputs with a further one that is always one."""
    return np.concatenate([inputs, np.ones((*inputs.shape[:-1], 1), dtype=np.float32)], axis=-1)
