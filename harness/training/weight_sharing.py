"""The training of a supernet, and its cost in training equivalents."""

from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from equipoise.harness.core.space import SearchSpace
from equipoise.harness.training.augment import Draws, augmented, draw
from equipoise.harness.training.configuration import TrainingConfiguration
from equipoise.harness.training.images import ImageDataset
from equipoise.harness.training.layers import initialise
from equipoise.harness.training.networks import networks_of
from equipoise.harness.training.supernet import Choice, build_supernet
from equipoise.harness.training.trainer import DeviceImages

__all__ = ["Batch", "SharedWeights"]

Batch = tuple[Tensor, Tensor]
"""Images and labels."""


class SharedWeights:
    """The weights of a supernet with the macro architecture of the task's stand-alone networks, and its training data.

    The training images are split in two halves: one trains the weights, the other evaluates architectures. The
    validation images of the data set are not used: where the task trains on this set, its answers come from them. A
    published table may split the images otherwise, and then says so among its pitfalls.

    The computation is counted in training equivalents, that is, in stand-alone trainings of a mean architecture: the
    images of a pass, times the relative cost of that kind of pass
    (`equipoise.harness.training.supernet.Supernet.relative_cost`), divided by the images of a whole training. The count
    does not depend on measured times, so that a run repeats bit for bit.

    Attributes:
        supernet: The network.
        training_equivalents: Training equivalents so far.
        steps: Batches per epoch.

    Args:
        space: The space of the architectures.
        images: The images of the task; its test images are not needed.
        configuration: How the weights are trained; crops and mirroring are those of the stand-alone training.
        generator: Draws the initial weights, the halves, the order of images and the augmentation.
        most_images: Use at most so many training images; None for all.
        training: The macro architecture and the configuration of a stand-alone training; None for those that the space
            has for images of this size.
    """

    def __init__(
        self,
        space: SearchSpace,
        images: ImageDataset,
        configuration: TrainingConfiguration,
        generator: torch.Generator,
        most_images: int | None = None,
        training: tuple[Any, TrainingConfiguration] | None = None,
    ) -> None:
        macro, alone = training or networks_of(space.name).settings(images.side)
        self.configuration = replace(configuration, crop=alone.crop, flip=alone.flip)
        self.supernet = build_supernet(space.name, macro, images.channels, images.classes)
        initialise(self.supernet, [generator])
        self._images, self._generator = DeviceImages(images), generator
        count = len(images.y["train"])
        order = torch.randperm(count, generator=generator)[:most_images]
        self._train, self._validation = order[: len(order) // 2], order[len(order) // 2 :]
        self._whole_training = alone.epochs * count
        self.steps = self.steps_per_epoch(count, most_images, configuration.batch_size)
        self.training_equivalents = 0.0
        self._done = 0
        self.optimiser = torch.optim.SGD(
            self.supernet.parameters(),
            lr=configuration.learning_rate,
            momentum=configuration.momentum,
            nesterov=configuration.nesterov,
            weight_decay=configuration.weight_decay,
        )

    @staticmethod
    def steps_per_epoch(count: int, most_images: int | None, batch_size: int) -> int:
        """Batches per epoch over the half of the images that trains the weights."""
        return -(-(min(count, most_images or count) // 2) // batch_size)

    def epoch(self) -> Iterator[tuple[Batch, Batch]]:
        """Yields the batches of an epoch: one that trains the weights, with one that evaluates architectures."""
        draws = draw(self.configuration, len(self._train), self._images.x["train"].shape[-1], self._generator)
        order = self._validation[torch.randperm(len(self._validation), generator=self._generator)]
        size = self.configuration.batch_size
        for start in range(0, len(self._train), size):
            chosen = slice(start, start + size)
            batch = self._batch(self._train[draws.order[chosen]], draws.of(itemgetter(chosen)))
            yield batch, self._batch(order[chosen])

    def validation_batches(self, size: int, batches: int) -> list[Batch]:
        """Draws some batches of the half that evaluates architectures."""
        drawn = self._validation[torch.randperm(len(self._validation), generator=self._generator)]
        return [self._batch(part) for part in drawn.split(size)[:batches]]

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self.configuration.rate(self._done, self.configuration.epochs * self.steps)

    def step(self, batch: Batch, choice: Choice, kind: str) -> None:
        """Trains the weights on a batch.

        Args:
            batch: Images and labels.
            choice: What the supernet computes.
            kind: The kind of pass, for its cost.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate
        self.optimiser.zero_grad()
        self.loss(batch, choice, kind).backward()
        if self.configuration.gradient_clip is not None:
            torch.nn.utils.clip_grad_norm_(self.supernet.parameters(), self.configuration.gradient_clip)
        self.optimiser.step()
        self._done += 1

    def drift(self) -> dict[str, Tensor]:
        """The terms that the next step adds to the gradient of each weight: decay, and momentum times its buffer."""
        state, configuration = self.optimiser.state, self.configuration
        return {
            name: configuration.weight_decay * weight.detach()
            + configuration.momentum * (0.0 if (buffer := state[weight].get("momentum_buffer")) is None else buffer)
            for name, weight in self.supernet.named_parameters()
        }

    def loss(self, batch: Batch, choice: Choice, kind: str) -> Tensor:
        """The mean cross-entropy of a batch; the cost of its backward pass is charged with it."""
        self.charge(batch, kind)
        return F.cross_entropy(self.supernet(batch[0], choice), batch[1])

    @torch.inference_mode()
    def error(self, batches: list[Batch], choice: Choice) -> float:
        """The validation error of an architecture with the shared weights."""
        wrong = total = 0
        for x, y in batches:
            self.charge((x, y), "evaluation")
            wrong += int((self.supernet(x, choice).argmax(dim=1) != y).sum())
            total += len(y)
        return wrong / total

    def charge(self, batch: Batch, kind: str, passes: int = 1) -> None:
        """Charges passes of one kind over a batch."""
        self.training_equivalents += passes * len(batch[1]) * self.supernet.relative_cost[kind] / self._whole_training

    def _batch(self, chosen: Tensor, draws: Draws | None = None) -> Batch:
        x, y = self._images.x["train"][chosen], self._images.y["train"][chosen]
        if draws is not None and draws[1:] != (None, None, None):
            x = augmented(x, draws, self.configuration, self._images.black)
        return x, y
