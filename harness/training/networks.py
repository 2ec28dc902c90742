"""The interface of the networks that are trained here, and where those of a space are found.

``harness/training/SPACE.py`` builds the networks of a space of Equipoise. Those of a space of the user's are built by
the module that defines the space: its file offers what `Networks` lists.
"""

import sys
from collections.abc import Iterator, Mapping
from importlib import import_module
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, Protocol, TypeVar, cast

from equipoise.harness.core.errors import PluginError, nearest
from equipoise.harness.core.registry import load_space, spaces
from equipoise.harness.core.space import Architecture
from equipoise.harness.training.configuration import TrainingConfiguration

if TYPE_CHECKING:
    from torch import Tensor

__all__ = ["Network", "Networks", "networks_of"]

Macro = TypeVar("Macro")
"""The macro architecture of a space: a frozen dataclass of plain values, part of the identity of a table."""


class Network(Protocol):
    """A stand-alone network, or several replicas of one side by side: a `torch.nn.Module`.

    It is made of the layers of `equipoise.harness.training.layers`, so that each replica draws its own weights.

    Attributes:
        paths: How many paths drop-path may drop; 0 for none.
    """

    paths: int

    def forward(self, x: "Tensor", keep: "Tensor | None" = None) -> "tuple[Tensor, ...]":
        """Maps images to the logits of each head, n x replicas x classes, the main head first.

        Args:
            x: n x (replicas * channels) x height x width.
            keep: A factor for each path that can be dropped, paths x n x replicas; None keeps all.
        """

    def __call__(self, x: "Tensor", keep: "Tensor | None" = None) -> "tuple[Tensor, ...]":
        """Calls `forward`."""

    def parameters(self) -> Iterator[Any]:
        """Yields the weights."""

    def modules(self) -> Iterator[Any]:
        """Yields the layers, in the order in which their weights are drawn."""

    def train(self, mode: bool = True) -> Any:
        """Switches to training, or back."""

    def eval(self) -> Any:
        """Switches to evaluation."""

    def to(self, **options: Any) -> Any:
        """Moves the weights to a device."""

    def state_dict(self) -> Any:
        """Returns the weights and running statistics by name."""

    def load_state_dict(self, state_dict: Mapping[str, Any]) -> Any:
        """Takes over weights and running statistics."""


class Networks(Protocol[Macro]):
    """A module that builds the stand-alone networks of a space.

    Attributes:
        UNUSED_FIELDS: Fields of a training configuration for which these networks have no part.
    """

    UNUSED_FIELDS: tuple[str, ...]

    def settings(self, side: int, /) -> tuple[Macro, TrainingConfiguration]:
        """Returns the macro architecture and the training configuration for images of a side in pixels."""

    def build(
        self, architecture: Architecture, macro: Macro, input_channels: int, classes: int, replicas: int = 1, /
    ) -> Network:
        """Builds the network of an architecture."""

    def count_parameters(self, architecture: Architecture, macro: Macro, input_channels: int, classes: int, /) -> int:
        """Counts the trainable parameters of one replica."""


OFFERED = ("UNUSED_FIELDS", "settings", "build", "count_parameters")


def networks_of(space: str) -> Networks[Any]:
    """The module that builds the networks of a space.

    Args:
        space: As `load_space` takes it.

    Raises:
        PluginError: There is no such space, or nothing builds its networks.
    """
    if space.endswith(".py") or ":" in space:
        cls = load_space(space)
        module = sys.modules[cls.__module__]
        if missing := [name for name in OFFERED if not hasattr(module, name)]:
            raise PluginError(
                f"the networks of {space} cannot be trained: its module has no {', '.join(missing)}; "
                "equipoise.harness.training.networks.Networks says what they are"
            )
        return cast(Networks[Any], module)
    known = {found.name for found in spaces()}
    if space in known and find_spec(f"equipoise.harness.training.{space}") is not None:
        return cast(Networks[Any], import_module(f"equipoise.harness.training.{space}"))
    raise PluginError(f"no networks of a space '{space}' can be trained; {nearest(space, known)}")
