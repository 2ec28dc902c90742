"""The setup of a training: space, images, macro architecture, training configuration and number of replicas."""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from equipoise.harness.core.errors import SuiteError
from equipoise.harness.core.registry import load_space
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.data.sources import digest_of
from equipoise.harness.tables.space_json import space_file
from equipoise.harness.training import images as image_sources
from equipoise.harness.training.configuration import TrainingConfiguration
from equipoise.harness.training.images import PARTS, ImageDataset
from equipoise.harness.training.naming import with_changes
from equipoise.harness.training.networks import Networks, networks_of
from equipoise.harness.training.trainer import DeviceImages, Trainer

__all__ = ["Setup", "training_settings"]


def training_settings(space: str, side: int, changes: Mapping[str, str]) -> tuple[Any, TrainingConfiguration]:
    """The macro architecture and the training configuration for a space and images of a side, with some fields set.

    Raises:
        PluginError: See `networks_of`.
        SuiteError: There is no such field, or its value is of another kind.
        SettingError: The value is out of range.
    """
    networks = networks_of(space)
    for name in changes:
        if name in networks.UNUSED_FIELDS:
            raise SuiteError(
                f"networks of {space} have no part that {name} = '{changes[name]}' could set; leave it out"
            )
    return with_changes(*networks.settings(side), changes)


@dataclass(frozen=True, eq=False)
class Setup:
    """Everything that decides how an architecture is trained.

    Attributes:
        space: The space of the architectures.
        networks: The module that builds its networks.
        macro: The macro architecture: the network around the cell.
        configuration: The training configuration.
        images: The images to train on.
        replicas: Networks trained side by side from different seeds.
        seed: Seed from which all seeds are derived.
        device: For example ``cpu`` or ``cuda``.
    """

    space: SearchSpace
    networks: Networks[Any]
    macro: Any
    configuration: TrainingConfiguration
    images: ImageDataset
    replicas: int = 3
    seed: int = 0
    device: str = "cpu"

    def trainer(self, architecture: Architecture) -> Trainer:
        """An untrained network of an architecture."""
        images = self.images
        network = self.networks.build(architecture, self.macro, images.channels, images.classes, self.replicas)
        return Trainer(network, self.configuration, self.device_images, self.seeds(architecture))

    def seeds(self, architecture: Architecture) -> list[int]:
        """The seeds of an architecture's replicas, its own, so that the noise of two architectures is independent."""
        text = f"{self.seed} {self.space.name} {self.space.format(architecture)}"
        return [_hash(f"{text} {number}") for number in range(1, self.replicas + 1)]

    @classmethod
    def named(cls, space: str, images: str, replicas: int = 3, seed: int = 0, device: str = "cpu") -> "Setup":
        """The setup of a space on images, with the macro architecture and configuration for images of their size.

        Raises:
            PluginError: There is no such space, or nothing builds its networks.
        """
        cls_, networks, loaded = load_space(space), networks_of(space), image_sources.load(images)
        return cls(cls_(), networks, *networks.settings(loaded.side), loaded, replicas, seed, device)

    @cached_property
    def device_images(self) -> DeviceImages:
        """The images on the device."""
        return DeviceImages(self.images, self.device)

    def identity(self) -> dict[str, Any]:
        """The settings that must agree for two trainings to be comparable, for JSON. The device is not among them.

        The keys are those of the first version of the format, on which the digests of published tables depend.
        """
        own = space_file(self.space)
        return {
            "space": self.space.name,
            "images": self.images.name,
            "images_digest": self.images.digest,
            "skeleton": asdict(self.macro),
            "recipe": asdict(self.configuration),
            "copies": self.replicas,
            "seed": self.seed,
            **({} if own is None else {"space_file": digest_of(own)}),
        }

    def digest(self, code: str) -> str:
        """A digest of this setup with its device and a version of the code: 24 digits."""
        content = json.dumps([self.identity(), self.device, code], sort_keys=True)
        return hashlib.sha256(content.encode()).hexdigest()[:24]

    def fingerprint(self, architectures: list[Architecture], count: int = 512) -> list[float]:
        """The losses of a short training, to test whether this code still trains as it did.

        Rounding (another processor, another number of threads) changes them by less than 1e-3; other initial weights,
        another order of images or another network change them by more.

        Args:
            architectures: The networks.
            count: Number of training and of validation images used.

        Returns:
            For each architecture and replica, the training loss of one epoch.
        """
        few = {part: slice(count if part != "test" else 1) for part in PARTS}
        x = {part: self.images.x[part][few[part]] for part in PARTS}
        y = {part: self.images.y[part][few[part]] for part in PARTS}
        small = replace(
            self, images=replace(self.images, x=x, y=y), configuration=replace(self.configuration, epochs=1)
        )
        return [float(np.float32(loss)) for a in architectures for loss in small.trainer(a).epoch().train_loss]


def _hash(text: str) -> int:
    return int.from_bytes(hashlib.sha256(text.encode()).digest()[:8], "big") >> 1
