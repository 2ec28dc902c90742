"""Random crops, mirroring and cutout of a whole batch at once, on the device."""

from collections.abc import Callable
from typing import NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from equipoise.harness.training.configuration import TrainingConfiguration

__all__ = ["Draws", "augmented", "draw"]


class Draws(NamedTuple):
    """The random draws of one epoch of one network: the order of its images, and the augmentation of each.

    Attributes:
        order: n positions.
        crop: n x 2 offsets of the window; None without crops.
        flip: n flags; None without mirroring.
        cutout: n x 2 centres of the square; None without cutout.
    """

    order: Tensor
    crop: Tensor | None
    flip: Tensor | None
    cutout: Tensor | None

    def of(self, change: Callable[[Tensor], Tensor]) -> "Draws":
        """Applies a function to every part that is not None."""
        return Draws._make(None if part is None else change(part) for part in self)


def draw(configuration: TrainingConfiguration, n: int, side: int, generator: torch.Generator) -> Draws:
    """Draws an epoch.

    Args:
        configuration: Tells which augmentations are used.
        n: Number of training images.
        side: Their height and width, in pixels.
        generator: Source of randomness, on the CPU.
    """
    order = torch.randperm(n, generator=generator)
    crop = torch.randint(2 * configuration.crop + 1, (n, 2), generator=generator) if configuration.crop else None
    flip = torch.randint(2, (n,), generator=generator).bool() if configuration.flip else None
    cutout = torch.randint(side, (n, 2), generator=generator) if configuration.cutout else None
    return Draws(order, crop, flip, cutout)


def augmented(x: Tensor, draws: Draws, configuration: TrainingConfiguration, black: Tensor) -> Tensor:
    """Applies the draws of a batch.

    Crops and mirroring act on the pixels, so padding is black; cutout acts on normalised values, so its square is the
    mean, as in the published pipelines.

    Args:
        x: n x channels x height x width, normalised.
        draws: The part of the epoch's draws for this batch.
        configuration: Tells the sizes.
        black: 1 x channels x 1 x 1, the normalised value of a black pixel.
    """
    n, _, height, width = x.shape
    rows = torch.arange(height, device=x.device).expand(n, height)
    columns = torch.arange(width, device=x.device).expand(n, width)
    if draws.flip is not None:
        columns = torch.where(draws.flip[:, None], columns.flip(1), columns)
    if draws.crop is not None:
        x = F.pad(x - black, (configuration.crop,) * 4) + black
        rows, columns = rows + draws.crop[:, :1], columns + draws.crop[:, 1:]
    if draws.crop is not None or draws.flip is not None:
        images = torch.arange(n, device=x.device)[:, None, None]
        x = x.permute(0, 2, 3, 1)[images, rows[:, :, None], columns[:, None, :]].permute(0, 3, 1, 2)
    if draws.cutout is not None:
        inside = []
        for axis, length in ((0, height), (1, width)):
            offset = torch.arange(length, device=x.device) - draws.cutout[:, axis : axis + 1]
            inside.append((offset >= -(configuration.cutout // 2)) & (offset < configuration.cutout // 2))
        x = x.masked_fill((inside[0][:, :, None] & inside[1][:, None, :])[:, None], 0.0)
    return x
