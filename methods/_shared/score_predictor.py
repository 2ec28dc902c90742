"""A predictor of accuracy that reads the scores of a generator, with its gradient."""

from collections.abc import Mapping

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.network_arrays import above_zero, keep_only

__all__ = ["backpropagate", "predict", "predictor_shapes"]

Floats = npt.NDArray[np.float32]

LAYERS = 4
"""Hidden layers, each as wide as its input."""
ZERO = np.float32(0.0)


def predictor_shapes(width: int) -> dict[str, tuple[int, ...]]:
    """The names and shapes of the weights, for inputs of a width."""
    shapes: dict[str, tuple[int, ...]] = {}
    for layer in range(LAYERS):
        shapes |= {f"predict_{layer}": (width, width), f"predict_{layer}_bias": (width,)}
    return {**shapes, "accuracy": (width, 1), "accuracy_bias": (1,)}


def predict(weights: Mapping[str, Floats], inputs: Floats) -> list[Floats]:
    """The input, the hidden layers (each width x B), and the predictions (1 x B) of B columns."""
    found = [inputs]
    for layer in range(LAYERS):
        hidden = np.matmul(weights[f"predict_{layer}"].T, found[-1])
        hidden += weights[f"predict_{layer}_bias"][:, None]
        np.maximum(hidden, ZERO, out=hidden)
        found.append(hidden)
    found.append(np.matmul(weights["accuracy"].T, found[-1]))
    found[-1] += weights["accuracy_bias"]
    return found


def backpropagate(
    weights: Mapping[str, Floats], gradients: Mapping[str, Floats], found: list[Floats], to_output: Floats
) -> Floats:
    """The gradient with respect to the input; those of the weights are written.

    Args:
        weights: By name.
        gradients: Where their gradients are written.
        found: From `predict`.
        to_output: 1 x B, the gradient with respect to the predictions.
    """
    np.matmul(found[-2], to_output.T, out=gradients["accuracy"])
    gradients["accuracy_bias"][0] = to_output.sum()
    to_hidden: Floats = weights["accuracy"] * to_output
    for layer in reversed(range(LAYERS)):
        keep_only(to_hidden, above_zero(found[layer + 1]))
        np.matmul(found[layer], to_hidden.T, out=gradients[f"predict_{layer}"])
        np.add.reduce(to_hidden, axis=1, out=gradients[f"predict_{layer}_bias"])
        to_hidden = np.matmul(weights[f"predict_{layer}"], to_hidden)
    return to_hidden
