"""Networks that hold every architecture of a space at once, their weights shared."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Mapping, Sequence
from importlib import import_module
from typing import Any, NamedTuple

import torch
from torch import Tensor, nn

from equipoise.harness.core.errors import PluginError
from equipoise.harness.core.space import Architecture
from equipoise.harness.training.naming import has_supernet

__all__ = ["Choice", "Supernet", "build_supernet", "edge_value", "mixture", "sampled", "use_batch_statistics"]

ALPHA_SCALE = 1e-3
"""Standard deviation of the initial architecture parameters (Liu, Simonyan and Yang 2019, published code)."""

Weights = Sequence[Sequence[Tensor]]
"""For each edge of a cell, the scalar weight of each operation."""


class Choice(NamedTuple):
    """The computation of a supernet: a mixture, one path, or one path that passes gradients on to the others.

    Attributes:
        weights: For each kind of cell, edges x operations; None for a path without weights.
        path: For each kind of cell, the operation computed on each edge; None to compute all of them.
    """

    weights: tuple[Tensor, ...] | None
    path: tuple[tuple[int, ...], ...] | None


def mixture(alphas: Sequence[Tensor]) -> Choice:
    """All operations of an edge, weighted by the softmax of its architecture parameters."""
    return Choice(tuple(alpha.softmax(dim=-1) for alpha in alphas), None)


def sampled(alphas: Sequence[Tensor], temperature: float, generator: torch.Generator) -> Choice:
    """One operation per edge, drawn by the Gumbel-max trick; its gradient is that of the softmax at a temperature.

    Source: Dong and Yang, Searching for a Robust Neural Architecture in Four GPU Hours, CVPR 2019, equations 3 to 6.
    """
    weights, paths = [], []
    for alpha in alphas:
        noise = -torch.empty_like(alpha).exponential_(generator=generator).log()
        soft = ((alpha.log_softmax(dim=-1) + noise) / temperature).softmax(dim=-1)
        chosen = soft.argmax(dim=-1)
        hard = torch.zeros_like(soft).scatter_(-1, chosen[:, None], 1.0)
        weights.append(hard - soft.detach() + soft)
        paths.append(tuple(chosen.tolist()))
    return Choice(tuple(weights), tuple(paths))


class Supernet(nn.Module, ABC):
    """A network in which every edge of a cell holds every operation.

    It holds weights only; architecture parameters come with each `Choice`. Normalisation always uses the
    statistics of the batch: running ones would mix those of all architectures.

    Attributes:
        operations: The columns of architecture parameters, ``none`` among them.
        edges: For each kind of cell, its number of edges.
        relative_cost: Cost of a pass per image, by the kind of pass, relative to a training pass of a mean stand-alone
            network with the same macro architecture: ``mixture``, ``sampled`` and ``path`` forward and backward,
            ``evaluation`` forward (``speed/one_shot.py``).
    """

    operations: tuple[str, ...]
    edges: tuple[int, ...]
    relative_cost: Mapping[str, float]

    def alphas(self, generator: torch.Generator) -> list[Tensor]:
        """Initial architecture parameters: for each kind of cell, edges x operations."""
        sizes = [(edges, len(self.operations)) for edges in self.edges]
        return [(ALPHA_SCALE * torch.randn(size, generator=generator)).requires_grad_() for size in sizes]

    @abstractmethod
    def forward(self, x: Tensor, choice: Choice) -> Tensor:
        """Maps n x channels x height x width to logits, n x classes."""

    @abstractmethod
    def path(self, architecture: Architecture) -> Choice:
        """The path of an architecture."""

    @abstractmethod
    def derive(self, weights: Sequence[Tensor], with_none: bool) -> Architecture:
        """The architecture with the largest weights.

        Args:
            weights: For each kind of cell, edges x operations.
            with_none: Whether ``none`` may win, where the space has it.
        """

    @abstractmethod
    def standalone(self, architecture: Architecture) -> nn.Module:
        """The stand-alone network of an architecture, with a copy of the weights it has here."""


def build_supernet(space: str, macro: Any, input_channels: int, classes: int) -> Supernet:
    """The supernet of a space.

    Raises:
        PluginError: There is none.
    """
    if not has_supernet(space):
        raise PluginError(f"no supernet of the space '{space}'; one is needed in harness/training/supernet_{space}.py")
    built: Supernet = import_module(f"equipoise.harness.training.supernet_{space}").build(
        macro, input_channels, classes
    )
    return built


def edge_value(
    compute: Callable[[int], Tensor | None], like: Tensor, weights: Sequence[Tensor] | None, chosen: int | None
) -> Tensor | None:
    """The value that an edge passes on; None for nothing.

    Args:
        compute: Computes the value of an operation; None for ``none``.
        like: A tensor of the shape of the value.
        weights: Weights of the operations; None for the chosen one alone.
        chosen: The operation to compute; None for all.
    """
    if weights is None:
        return None if chosen is None else compute(chosen)
    if chosen is None:
        values = ((weight, compute(number)) for number, weight in enumerate(weights))
        terms = [weight * value for weight, value in values if value is not None]
        return None if not terms else _sum(terms)
    # The weights of the others are zero here; adding them gives them the gradient of a unit change.
    others = _sum([weight for number, weight in enumerate(weights) if number != chosen])
    value = compute(chosen)
    return others.expand_as(like) if value is None else others + weights[chosen] * value


def use_batch_statistics(network: nn.Module) -> None:
    """Makes batch normalisation use the batch's own statistics, in training and in evaluation."""
    for module in network.modules():
        if isinstance(module, nn.BatchNorm2d):
            module.track_running_stats = False
            module.running_mean = module.running_var = module.num_batches_tracked = None


def _sum(terms: Sequence[Tensor]) -> Tensor:
    total = terms[0]
    for term in terms[1:]:
        total = total + term
    return total
