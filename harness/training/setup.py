"""What is trained: a space, images, a skeleton, a recipe and the number of copies, as one value."""

import hashlib
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib import import_module
from typing import Any

import numpy as np

from harness.errors import PluginError, nearest
from harness.plugins import spaces
from harness.space import Architecture, SearchSpace
from harness.training import images as image_sources
from harness.training.images import PARTS, ImageSet
from harness.training.recipe import Recipe
from harness.training.trainer import DeviceImages, Trainer

__all__ = ["Setup"]


@dataclass(frozen=True, eq=False)
class Setup:
    """Everything that decides how an architecture is trained.

    Attributes:
        space: Of the architectures.
        networks: The module of `harness.training` that builds the space's networks.
        skeleton: What surrounds the cell.
        recipe: How to train.
        images: What to train on.
        copies: Networks trained side by side from different seeds.
        seed: Root of the seeds.
        device: For example ``cpu`` or ``cuda``.
    """

    space: SearchSpace
    networks: Any
    skeleton: Any
    recipe: Recipe
    images: ImageSet
    copies: int = 3
    seed: int = 0
    device: str = "cpu"

    def trainer(self, architecture: Architecture) -> Trainer:
        """An untrained network of an architecture."""
        images = self.images
        network = self.networks.build(architecture, self.skeleton, images.channels, images.classes, self.copies)
        return Trainer(network, self.recipe, self._on_device, self.seeds(architecture))

    def seeds(self, architecture: Architecture) -> list[int]:
        """The seeds of an architecture's copies: its own, so that the noise of two architectures is independent."""
        text = f"{self.seed} {self.space.name} {self.space.format(architecture)}"
        return [_hash(f"{text} {copy}") for copy in range(1, self.copies + 1)]

    @classmethod
    def named(cls, space: str, images: str, copies: int = 3, seed: int = 0, device: str = "cpu") -> "Setup":
        """The setup of a space on images, with the skeleton and recipe that suit the size of the images.

        Raises:
            PluginError: There is no such space, or nothing builds its networks.
        """
        known = {found.name: found for found in spaces()}
        try:
            networks = import_module(f"harness.training.{space}") if space in known else None
        except ModuleNotFoundError as error:
            if error.name != f"harness.training.{space}":
                raise
            networks = None
        if networks is None:
            raise PluginError(f"no networks of a space '{space}' can be trained; {nearest(space, known)}")
        loaded = image_sources.load(images)
        skeleton, recipe = networks.settings(loaded.x["train"].shape[-1])
        return cls(known[space](), networks, skeleton, recipe, loaded, copies, seed, device)

    @cached_property
    def _on_device(self) -> DeviceImages:
        return DeviceImages(self.images, self.device)

    def identity(self) -> dict[str, Any]:
        """What must agree for two trainings to be comparable, as JSON takes it. The device is not in it."""
        return {
            "space": self.space.name,
            "images": self.images.name,
            "images_digest": self.images.digest,
            "skeleton": asdict(self.skeleton),
            "recipe": asdict(self.recipe),
            "copies": self.copies,
            "seed": self.seed,
        }

    def fingerprint(self, architectures: list[Architecture], count: int = 512) -> list[float]:
        """What a short training gives, to tell whether this code still trains as it did.

        A change of the numbers' last bits (another processor, another number of threads) moves it by less than 1e-3; a
        change of the weights' start, the order of images or the network moves it by more.

        Args:
            architectures: Which networks.
            count: Training and validation images used.

        Returns:
            For each architecture and copy, the training loss of one epoch.
        """
        few = {part: slice(count if part != "test" else 1) for part in PARTS}
        x = {part: self.images.x[part][few[part]] for part in PARTS}
        y = {part: self.images.y[part][few[part]] for part in PARTS}
        small = replace(self, images=replace(self.images, x=x, y=y), recipe=replace(self.recipe, epochs=1))
        return [float(np.float32(loss)) for a in architectures for loss in small.trainer(a).epoch().train_loss]


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
