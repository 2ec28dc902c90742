"""Images for training: arrays with a fixed training, validation and test split. Needs no PyTorch."""

import hashlib
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import numpy as np
import numpy.typing as npt

from harness.errors import DataError, PluginError, nearest

__all__ = ["PARTS", "ImageSet", "load", "read_split"]

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class ImageSet:
    """Labelled images in three disjoint parts.

    Attributes:
        name: As a task names it.
        source: Where they come from.
        licence: Of the images.
        classes: Number of labels; labels are 0 to classes - 1.
        x: For each of `PARTS`, n x channels x height x width, unsigned bytes.
        y: For each of `PARTS`, n labels.
    """

    name: str
    source: str
    licence: str
    classes: int
    x: dict[str, npt.NDArray[np.uint8]]
    y: dict[str, npt.NDArray[np.int64]]

    @property
    def channels(self) -> int:
        """Colour channels of an image."""
        return int(self.x["train"].shape[1])

    @cached_property
    def digest(self) -> str:
        """SHA-256 over shapes, images and labels of all parts."""
        state = hashlib.sha256()
        for part in PARTS:
            state.update(f"{part} {self.x[part].shape}".encode())
            state.update(np.ascontiguousarray(self.x[part]).tobytes())
            state.update(self.y[part].astype("<i8").tobytes())
        return state.hexdigest()

    @cached_property
    def scale(self) -> tuple[npt.NDArray[np.float32], npt.NDArray[np.float32]]:
        """Mean and standard deviation of each channel over the training images, of values from 0 to 1."""
        values = self.x["train"].astype(np.float64) / 255.0
        mean, deviation = values.mean(axis=(0, 2, 3)), values.std(axis=(0, 2, 3))
        return mean.astype(np.float32), np.maximum(deviation, 1e-6).astype(np.float32)


def read_split(path: Path) -> tuple[dict[str, npt.NDArray[np.uint8]], dict[str, npt.NDArray[np.int64]]]:
    """Reads an ``.npz`` with ``train_x``, ``train_y``, ``validation_x``, ``validation_y``, ``test_x``, ``test_y``.

    Raises:
        DataError: The file is missing, damaged, or lacks an array.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            x = {part: archive[f"{part}_x"] for part in PARTS}
            y = {part: archive[f"{part}_y"].astype(np.int64) for part in PARTS}
    except Exception as error:
        raise DataError(f"{path}: no readable image archive ({type(error).__name__}: {error})") from error
    return x, y


def _fashion14() -> ImageSet:
    """The embedded subset of Fashion-MNIST: 3,000 training, 2,000 validation and 3,000 test images of 14 x 14 pixels.

    Made by `harness.training.fashion14`.
    """
    x, y = read_split(Path(__file__).with_name("fashion14.npz"))
    source = (
        "Xiao, Rasul and Vollgraf, Fashion-MNIST, 2017: 800 images of each class, both sides halved by the mean of "
        "2 x 2 pixels; training and validation images are from its training part, test images from its test part"
    )
    return ImageSet("fashion14", source, "MIT", 10, x, y)


_SOURCES = {"fashion14": _fashion14}


def load(name: str) -> ImageSet:
    """The images of a name.

    Raises:
        PluginError: There are none of that name.
        DataError: They are missing or damaged.
    """
    if name not in _SOURCES:
        raise PluginError(f"no images '{name}'; {nearest(name, _SOURCES)}")
    return _SOURCES[name]()
