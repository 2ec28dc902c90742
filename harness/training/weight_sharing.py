"""A supernet in training, and what its training is worth in stand-alone trainings."""

from collections.abc import Iterator
from dataclasses import replace
from operator import itemgetter
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from equipoise.harness.core.space import SearchSpace
from equipoise.harness.training.augment import Draws, augmented, draw
from equipoise.harness.training.images import ImageSet
from equipoise.harness.training.layers import initialise
from equipoise.harness.training.recipe import Recipe
from equipoise.harness.training.setup import networks_of
from equipoise.harness.training.supernet import Choice, build_supernet
from equipoise.harness.training.trainer import DeviceImages

__all__ = ["Batch", "SharedWeights"]

Batch = tuple[Tensor, Tensor]
"""Images and labels."""


class SharedWeights:
    """The weights of a supernet in the skeleton of the task's stand-alone networks, and the images it learns from.

    The training images are parted: one half trains the weights, the other judges architectures. The validation images
    of the image set are not touched. Where the task trains on this set, its own answers come from them; a published
    table may have divided the images otherwise, and then says so among its pitfalls.

    What was computed is counted in stand-alone trainings of a mean architecture: the images of a pass, times the price
    of that kind of pass (`equipoise.harness.training.supernet.Supernet.price`), over the images of a whole training.
    The count depends on nothing that is measured while it runs, so that a run repeats bit for bit.

    Attributes:
        supernet: The network.
        trainings: What has been computed so far.
        steps: Batches an epoch.

    Args:
        space: Of the architectures.
        images: Of the task; its test images are not needed.
        recipe: How the weights are trained; crops and mirroring are those of the stand-alone training.
        generator: Draws the weights' start, the halves, the order of images and the augmentation.
        most_images: Use no more training images than this; None for all.
        recipes: The skeleton and the recipe of a stand-alone training; None for those that suit the images.
    """

    def __init__(
        self,
        space: SearchSpace,
        images: ImageSet,
        recipe: Recipe,
        generator: torch.Generator,
        most_images: int | None = None,
        recipes: tuple[Any, Recipe] | None = None,
    ) -> None:
        skeleton, alone = recipes or networks_of(space.name).settings(images.side)
        self.recipe = replace(recipe, crop=alone.crop, flip=alone.flip)
        self.supernet = build_supernet(space.name, skeleton, images.channels, images.classes)
        initialise(self.supernet, [generator])
        self._images, self._generator = DeviceImages(images), generator
        count = len(images.y["train"])
        order = torch.randperm(count, generator=generator)[:most_images]
        self._train, self._held = order[: len(order) // 2], order[len(order) // 2 :]
        self._whole_training = alone.epochs * count
        self.steps = -(-len(self._train) // recipe.batch_size)
        self.trainings = 0.0
        self._done = 0
        self.optimiser = torch.optim.SGD(
            self.supernet.parameters(),
            lr=recipe.learning_rate,
            momentum=recipe.momentum,
            nesterov=recipe.nesterov,
            weight_decay=recipe.weight_decay,
        )

    def epoch(self) -> Iterator[tuple[Batch, Batch]]:
        """The batches of an epoch: those that train the weights, each with one that judges architectures."""
        draws = draw(self.recipe, len(self._train), self._images.x["train"].shape[-1], self._generator)
        judges = self._held[torch.randperm(len(self._held), generator=self._generator)]
        size = self.recipe.batch_size
        for start in range(0, len(self._train), size):
            chosen = slice(start, start + size)
            batch = self._batch(self._train[draws.order[chosen]], draws.of(itemgetter(chosen)))
            yield batch, self._batch(judges[chosen])

    def judges(self, size: int, batches: int) -> list[Batch]:
        """Some batches of the judging half."""
        drawn = self._held[torch.randperm(len(self._held), generator=self._generator)]
        return [self._batch(part) for part in drawn.split(size)[:batches]]

    @property
    def rate(self) -> float:
        """The learning rate of the next step."""
        return self.recipe.rate(self._done, self.recipe.epochs * self.steps)

    def step(self, batch: Batch, choice: Choice, kind: str) -> None:
        """Trains the weights on a batch.

        Args:
            batch: Images and labels.
            choice: What the supernet computes.
            kind: Of the pass, for its price.
        """
        for group in self.optimiser.param_groups:
            group["lr"] = self.rate
        self.optimiser.zero_grad()
        self.loss(batch, choice, kind).backward()
        if self.recipe.gradient_clip is not None:
            torch.nn.utils.clip_grad_norm_(self.supernet.parameters(), self.recipe.gradient_clip)
        self.optimiser.step()
        self._done += 1

    def drift(self) -> dict[str, Tensor]:
        """What the next step adds to the gradient, by name of the weight: decay, and momentum times its buffer."""
        state, recipe = self.optimiser.state, self.recipe
        return {
            name: recipe.weight_decay * weight.detach()
            + recipe.momentum * (0.0 if (buffer := state[weight].get("momentum_buffer")) is None else buffer)
            for name, weight in self.supernet.named_parameters()
        }

    def loss(self, batch: Batch, choice: Choice, kind: str) -> Tensor:
        """The mean cross-entropy of a batch; its gradient is paid for with it."""
        self.pay(batch, kind)
        return F.cross_entropy(self.supernet(batch[0], choice), batch[1])

    @torch.inference_mode()
    def error(self, batches: list[Batch], choice: Choice) -> float:
        """The share of images that an architecture with its shared weights classifies wrongly."""
        wrong = total = 0
        for x, y in batches:
            self.pay((x, y), "evaluation")
            wrong += int((self.supernet(x, choice).argmax(dim=1) != y).sum())
            total += len(y)
        return wrong / total

    def pay(self, batch: Batch, kind: str, passes: int = 1) -> None:
        """Counts passes of one kind over a batch."""
        self.trainings += passes * len(batch[1]) * self.supernet.price[kind] / self._whole_training

    def _batch(self, chosen: Tensor, draws: Draws | None = None) -> Batch:
        x, y = self._images.x["train"][chosen], self._images.y["train"][chosen]
        if draws is not None and draws[1:] != (None, None, None):
            x = augmented(x, draws, self.recipe, self._images.black)
        return x, y
