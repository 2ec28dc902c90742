"""The gradient of the validation loss with respect to architecture parameters, first order and unrolled."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import torch
from torch import Tensor

__all__ = ["Loss", "first_order", "unrolled"]

Batch = tuple[Tensor, Tensor]
Named = Mapping[str, Tensor]

Loss = Callable[[Batch, Named, Sequence[Tensor]], Tensor]
"""The mean loss of a batch, given the network's weights by name and the architecture parameters."""

STEP = 0.01
"""Length of the published finite step along the gradient."""


def first_order(loss: Loss, weights: Named, alphas: Sequence[Tensor], validation: Batch) -> list[Tensor]:
    """The gradient at the present weights, as if they did not depend on the architecture parameters."""
    return list(_gradient(loss(validation, weights, alphas), alphas))


def unrolled(
    loss: Loss,
    weights: Named,
    alphas: Sequence[Tensor],
    training: Batch,
    validation: Batch,
    rate: float,
    drift: Named,
    length: float | None = STEP,
) -> list[Tensor]:
    """The gradient through one step of training: of L_val(w', a) with w' = w - rate (drift + grad_w L_train(w, a)).

    It is grad_a L_val(w', a) - rate * H v, with v = grad_w' L_val(w', a) and H the mixed second derivative of the
    training loss. H v is a central difference of grad_a L_train between w plus and minus a short step along v, as
    published, or exact, by differentiating twice.

    Args:
        loss: Loss of a batch, as a function of weights and architecture parameters.
        weights: w, by name.
        alphas: a; they require gradients.
        training: The batch of the step.
        validation: The batch of the outer loss.
        rate: Learning rate of the step.
        drift: The terms that the optimiser adds to the gradient, by name: momentum times its buffer, and weight decay
            times w.
        length: Length of the short step; None to compute H v exactly.

    The gradient is discontinuous where a ReLU switches, so a shorter step is not more accurate until none switches. In
    double precision with the embedded skeleton, 64 images and rate 0.025, the error of the published step is about 5 %
    of the gradient, that of the first order about 14 % (``tests/training/test_supernet.py``).

    Source: Liu, Simonyan and Yang, DARTS, ICLR 2019, equations 5 to 8, and the published code.
    """
    names = list(weights)
    own = {name: weight.detach().requires_grad_() for name, weight in weights.items()}
    gradient = _gradient(loss(training, own, alphas), list(own.values()), create_graph=length is None)
    step = {name: own[name] - rate * (drift[name] + g) for name, g in zip(names, gradient, strict=True)}
    if length is None:
        return list(_gradient(loss(validation, step, alphas), alphas))
    step = {name: weight.detach().requires_grad_() for name, weight in step.items()}
    outer = _gradient(loss(validation, step, alphas), [*alphas, *step.values()])
    direct, v = outer[: len(alphas)], outer[len(alphas) :]
    factor = length / torch.stack([part.square().sum() for part in v]).sum().sqrt()
    ends = []
    for sign in (1, -1):
        moved = {name: weights[name].detach() + sign * factor * part for name, part in zip(names, v, strict=True)}
        ends.append(_gradient(loss(training, moved, alphas), alphas))
    return [d - rate * (a - b) / (2 * factor) for d, a, b in zip(direct, *ends, strict=True)]


def _gradient(loss: Tensor, at: Sequence[Tensor], **options: Any) -> tuple[Tensor, ...]:
    """The gradient, zero for what the loss does not depend on."""
    result: tuple[Tensor, ...] = torch.autograd.grad(loss, at, materialize_grads=True, allow_unused=True, **options)
    return result
