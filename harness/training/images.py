"""Image data sets: arrays with a fixed training, validation and test split. Needs no PyTorch."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError, reason_of
from equipoise.harness.data.npz_arrays import load_npz
from equipoise.harness.training.split import hold_out

__all__ = ["PARTS", "ImageDataset", "check_labels", "load", "read_split", "with_validation_part"]

PARTS = ("train", "validation", "test")


@dataclass(frozen=True, eq=False)
class ImageDataset:
    """An image data set in three disjoint parts.

    Attributes:
        name: Its name in a task.
        source: Origin of the images.
        licence: Licence of the images.
        classes: Number of classes; labels are 0 to classes - 1.
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

    @property
    def side(self) -> int:
        """Height and width of an image, in pixels."""
        return int(self.x["train"].shape[-1])

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

    def without_test(self) -> "ImageDataset":
        """The part that a method may see: all but the test images."""
        kept = {part: slice(0 if part == "test" else None) for part in PARTS}
        x = {part: self.x[part][kept[part]] for part in PARTS}
        return replace(self, x=x, y={part: self.y[part][kept[part]] for part in PARTS})

    def checked(self) -> "ImageDataset":
        """Returns this data set after checking that training can use it.

        Raises:
            DataError: Shapes disagree, a label is out of range, or a class has no image in a part.
        """
        shape = self.x["train"].shape[1:]
        for part in PARTS:
            x, y, where = self.x[part], self.y[part], f"{self.name}: {part} images"
            if x.dtype != np.uint8 or x.ndim != 4 or x.shape[2] != x.shape[3]:
                raise DataError(f"{where} are {x.dtype} of shape {x.shape}; expected square images of unsigned bytes")
            if x.shape[1:] != shape:
                raise DataError(f"{where} are {x.shape[1:]}, the training images {shape}: channels x height x width")
            check_labels(where, len(x), y, self.classes)
            empty = np.setdiff1d(np.arange(self.classes), y)
            if len(empty):
                raise DataError(f"{where}: class {empty[0]} of 0 to {self.classes - 1} has none")
        return self


def check_labels(where: str, images: int, labels: npt.NDArray[np.int64], classes: int) -> None:
    """Refuses labels that do not fit the number of images and classes.

    Raises:
        DataError: They do not.
    """
    if labels.shape != (images,):
        raise DataError(f"{where}: {images} images and labels of shape {labels.shape}; expected one label per image")
    outside = labels[(labels < 0) | (labels >= classes)]
    if len(outside):
        raise DataError(f"{where}: label {outside[0]} is out of range; labels are 0 to {classes - 1}")


def with_validation_part(
    name: str, source: str, licence: str, classes: int, arrays: Mapping[str, npt.NDArray[Any]], share: float
) -> ImageDataset:
    """Makes a data set whose source has no validation part: a share of the training part is held out for it.

    Args:
        name: See `ImageDataset`; so are the next three.
        source: Origin of the images.
        licence: Licence of the images.
        classes: Number of classes.
        arrays: ``train_x``, ``train_y``, ``test_x``, ``test_y``.
        share: Share of each class; the same images on every machine.

    Raises:
        DataError: See `ImageDataset.checked`.
    """
    x, y = arrays["train_x"], np.asarray(arrays["train_y"], np.int64)
    check_labels(f"{name}: training images", len(x), y, classes)
    stays, held = hold_out(y, share, name)
    said = f"{source}; {len(held)} of its {len(y)} training images, balanced over the classes, are for validation"
    images = {"train": x[stays], "validation": x[held], "test": np.array(arrays["test_x"])}
    labels = {"train": y[stays], "validation": y[held], "test": np.asarray(arrays["test_y"], np.int64)}
    return ImageDataset(name, said, licence, classes, images, labels).checked()


def read_split(path: Path) -> tuple[dict[str, npt.NDArray[np.uint8]], dict[str, npt.NDArray[np.int64]]]:
    """Reads an ``.npz`` with ``train_x``, ``train_y``, ``validation_x``, ``validation_y``, ``test_x``, ``test_y``.

    Raises:
        DataError: The file is missing, damaged, or lacks an array.
    """
    try:
        arrays = load_npz(path)
        x = {part: arrays[f"{part}_x"] for part in PARTS}
        y = {part: arrays[f"{part}_y"].astype(np.int64) for part in PARTS}
    except (OSError, ValueError, KeyError) as error:
        raise DataError(f"{path}: no readable image archive ({reason_of(error)})") from error
    return x, y


def load(name: str) -> ImageDataset:
    """Loads a data set by name (see `equipoise.harness.training.catalogue`).

    Raises:
        PluginError: There is none of that name.
        DataError: It is missing or damaged.
    """
    from equipoise.harness.training.catalogue import collection

    return collection(name).load()
