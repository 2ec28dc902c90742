"""What is trained: a space, images, a skeleton, a recipe and the number of copies, as one value."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from importlib import import_module
from importlib.util import find_spec
from typing import Any

import numpy as np

from equipoise.harness.core.errors import PluginError, SuiteError, nearest
from equipoise.harness.core.registry import spaces
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.training import images as image_sources
from equipoise.harness.training.images import PARTS, ImageSet
from equipoise.harness.training.naming import changed
from equipoise.harness.training.recipe import Recipe
from equipoise.harness.training.trainer import DeviceImages, Trainer

__all__ = ["Setup", "networks_of", "recipes"]


def networks_of(space: str) -> Any:
    """The module of this folder that builds the networks of a space; it is named like the space.

    Raises:
        PluginError: There is no such space, or nothing builds its networks.
    """
    known = {found.name for found in spaces()}
    if space in known and find_spec(f"equipoise.harness.training.{space}") is not None:
        return import_module(f"equipoise.harness.training.{space}")
    raise PluginError(f"no networks of a space '{space}' can be trained; {nearest(space, known)}")


def recipes(space: str, side: int, changes: Mapping[str, str]) -> tuple[Any, Recipe]:
    """The skeleton and the recipe that suit a space and images of a side, with some of their fields set.

    Raises:
        PluginError: See `networks_of`.
        SuiteError: There is no such field, or its value is of another kind.
        SettingError: The value is out of range.
    """
    networks = networks_of(space)
    skeleton, recipe = networks.settings(side)
    for name in changes:
        if name in networks.WITHOUT:
            raise SuiteError(
                f"networks of {space} have no part that {name} = '{changes[name]}' could set; leave it out"
            )
    skeleton, recipe = changed(skeleton, recipe, changes)
    return skeleton, recipe


@dataclass(frozen=True, eq=False)
class Setup:
    """Everything that decides how an architecture is trained.

    Attributes:
        space: Of the architectures.
        networks: The module of `equipoise.harness.training` that builds the space's networks.
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
        known, networks = {found.name: found for found in spaces()}, networks_of(space)
        loaded = image_sources.load(images)
        skeleton, recipe = networks.settings(loaded.side)
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

    def digest(self, code: str) -> str:
        """What tells this setup, on its device and with some code, from any other: 24 digits."""
        content = json.dumps([self.identity(), self.device, code], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:24]

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
