"""The image data sets that a task can name, and how to get each."""

import gzip
import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from functools import cache, partial
from importlib.util import find_spec
from pathlib import Path
from typing import Any, cast

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError, PluginError, nearest
from equipoise.harness.data.cache import Columns, open_columns
from equipoise.harness.data.package import package_file
from equipoise.harness.data.sources import source
from equipoise.harness.training.cifar import CIFAR10, CIFAR100, Layout, read_cifar
from equipoise.harness.training.idx import read_idx_folder
from equipoise.harness.training.images import ImageDataset, read_split, with_validation_part
from equipoise.harness.training.npz import read_npz
from equipoise.harness.training.split import hold_out

__all__ = ["NAMES", "Collection", "collection"]

Arrays = dict[str, npt.NDArray[Any]]


@dataclass(frozen=True)
class Collection:
    """An image data set.

    Attributes:
        name: Its name in a task.
        side: Tells the height and width of an image, in pixels.
        load: Reads it.
        missing: Tells why it is not available here, and how to get it; None if it is.
    """

    name: str
    side: Callable[[], int]
    load: Callable[[], ImageDataset]
    missing: Callable[[], str | None] = lambda: None


def collection(name: str) -> Collection:
    """An image data set by name: one of `NAMES`, or ``npz:FILE``, which is read at the first question and then kept.

    Raises:
        PluginError: There is none of that name.
    """
    if name.startswith("npz:"):
        read = cache(partial(_npz, name))
        return Collection(name, lambda: read().side, read, lambda: _npz_missing(name, read))
    if name not in _COLLECTIONS:
        raise PluginError(f"no image data set '{name}'; {nearest(name, (*NAMES, 'npz:FILE'))}")
    return _COLLECTIONS[name]


def _fashion14() -> ImageDataset:
    """3,000 training, 2,000 validation and 3,000 test images, made by `equipoise.harness.training.fashion14`."""
    x, y = read_split(Path(__file__).with_name("fashion14.npz"))
    source = (
        "Xiao, Rasul and Vollgraf, Fashion-MNIST, 2017: 800 images of each class, both sides halved by the mean of "
        "2 x 2 pixels; training and validation images are from its training part, test images from its test part"
    )
    return ImageDataset("fashion14", source, "MIT", 10, x, y)


def _digits() -> ImageDataset:
    digest = "09f66e6debdee2cd2b5ae59e0d6abbb73fc2b0e0185d2e1957e9ebb51e23aa22"
    path = package_file("sklearn", "scikit-learn", "datasets/data/digits.csv.gz", digest)
    with gzip.open(path, "rt") as file:
        table = np.loadtxt(file, delimiter=",", dtype=np.int64)
    x = ((table[:, :-1] * 255 + 8) // 16).astype(np.uint8).reshape(-1, 1, 8, 8)
    rest, test = hold_out(table[:, -1], 0.25, "digits")
    arrays = {"train_x": x[rest], "train_y": table[rest, -1], "test_x": x[test], "test_y": table[test, -1]}
    said = "Alpaydin and Kaynak, Optical Recognition of Handwritten Digits, 1998, as packaged in scikit-learn"
    return with_validation_part("digits", said, "CC BY 4.0", 10, arrays, 1 / 3)


DEBIAN = Path("/usr/share/datasets/fashion-mnist")
"""Where Debian's package dataset-fashion-mnist puts the files."""

_FASHION_FILES = ("train-images", "train-labels", "test-images", "test-labels")
_FASHION_DIGEST = "f3f8ce05ead68bd5a18a83c05bfc848da29d14fb35c806096bfdfb76be56b547"
"""Digest of the unpacked arrays: Debian packs the same images into other bytes."""


def _fashion_missing() -> str | None:
    missing = [f"fashion-{part}" for part in _FASHION_FILES if source(f"fashion-{part}").missing()]
    if DEBIAN.is_dir() or not missing:
        return None
    return f"needs Fashion-MNIST (31 MB): equipoise data fetch {' '.join(missing)}; or Debian's dataset-fashion-mnist"


def _fashion() -> ImageDataset:
    if (reason := _fashion_missing()) is not None:
        raise DataError(f"images fashion: {reason}")
    folder = DEBIAN if DEBIAN.is_dir() else source("fashion-train-images").path.parent

    def read() -> Arrays:
        train_x, train_y, test_x, test_y = read_idx_folder(folder)
        arrays = {"train_x": train_x[:, None], "train_y": train_y, "test_x": test_x[:, None], "test_y": test_y}
        if (digest := _digest(arrays)) != _FASHION_DIGEST:
            raise DataError(
                f"{folder}: its images have SHA-256 {digest[:16]}..., Fashion-MNIST has {_FASHION_DIGEST[:16]}...; "
                "get the files again"
            )
        return arrays

    said = "Xiao, Rasul and Vollgraf, Fashion-MNIST, 2017"
    return with_validation_part("fashion", said, "MIT", 10, _kept("fashion", _FASHION_DIGEST, read), 1 / 6)


def _cifar(name: str, layout: Layout) -> ImageDataset:
    archive = source(name)
    if (reason := archive.missing()) is not None:
        raise DataError(f"images {name}: {reason}")
    arrays = _kept(name, archive.sha256, lambda: read_cifar(archive.checked(), layout))
    said = f"Krizhevsky, Learning Multiple Layers of Features from Tiny Images, 2009 ({archive.file})"
    return with_validation_part(name, said, archive.licence, layout.classes, arrays, 0.5)


def _npz(name: str) -> ImageDataset:
    path = Path(name.removeprefix("npz:"))
    arrays, said, licence = read_npz(path), f"the file {path}", "as its owner says"
    classes = int(arrays["train_y"].max(initial=-1)) + 1
    if classes < 2:
        raise DataError(f"{path}: {classes} classes among the training labels; at least two are needed")
    if classes > (count := len(arrays["train_y"])):
        raise DataError(f"{path}: labels number {classes} classes, from 0 on, but there are {count} training images")
    if "validation_y" not in arrays:
        return with_validation_part(name, said, licence, classes, arrays, 0.2)
    x, y = ({part: arrays[f"{part}_{which}"] for part in ("train", "validation", "test")} for which in "xy")
    return ImageDataset(name, said, licence, classes, x, y).checked()


def _npz_missing(name: str, read: Callable[[], ImageDataset]) -> str | None:
    """Tells that there is no file; a damaged one is an error."""
    if not (path := Path(name.removeprefix("npz:"))).is_file():
        return f"needs {path}: no such file"
    read()
    return None


def _kept(name: str, digest: str, read: Callable[[], Arrays]) -> Arrays:
    """The arrays, memory-mapped from the cache: they are unpacked once, and workers share the pages."""
    return dict(open_columns(f"images-{name}", digest, lambda: cast(Columns, read())))


def _digest(arrays: Arrays) -> str:
    state = hashlib.sha256()
    for name in sorted(arrays):
        state.update(f"{name} {arrays[name].shape}".encode())
        state.update(np.ascontiguousarray(arrays[name]).tobytes())
    return state.hexdigest()


_COLLECTIONS = {
    found.name: found
    for found in (
        Collection("fashion14", lambda: 14, _fashion14),
        Collection(
            "digits",
            lambda: 8,
            _digits,
            lambda: None if find_spec("sklearn") else "needs sklearn: pip install 'equipoise[digits]'",
        ),
        Collection("fashion", lambda: 28, _fashion, _fashion_missing),
        *(
            Collection(name, lambda: 32, partial(_cifar, name, layout), lambda name=name: source(name).missing())  # type: ignore[misc]
            for name, layout in (("cifar10", CIFAR10), ("cifar100", CIFAR100))
        ),
    )
}

NAMES = tuple(_COLLECTIONS)
"""All names but ``npz:FILE``."""
