"""The official Python archives of CIFAR-10 and CIFAR-100, read in memory; code in their pickles is not run."""

import tarfile
import zlib
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError, reason_of
from equipoise.harness.data.unpickle import ARRAYS, load_pickle

__all__ = ["CIFAR10", "CIFAR100", "Layout", "read_cifar"]

SHAPE = (3, 32, 32)
MOST_BYTES = 1 << 28
"""Limit of one unpacked member: the largest official one has 154 MB."""


class Layout(NamedTuple):
    """The layout of an archive.

    Attributes:
        train: Members with training images.
        test: The member with test images.
        labels: Key of the labels in a member.
        classes: Number of classes.
    """

    train: tuple[str, ...]
    test: str
    labels: bytes
    classes: int


CIFAR10 = Layout(
    tuple(f"cifar-10-batches-py/data_batch_{number}" for number in range(1, 6)),
    "cifar-10-batches-py/test_batch",
    b"labels",
    10,
)
CIFAR100 = Layout(("cifar-100-python/train",), "cifar-100-python/test", b"fine_labels", 100)


def read_cifar(path: Path, layout: Layout) -> dict[str, npt.NDArray[Any]]:
    """Reads ``train_x``, ``train_y``, ``test_x`` and ``test_y``.

    Source of the format: Krizhevsky's CIFAR page (one pickled dictionary per batch, one row of 3 x 32 x 32 bytes per
    image).

    Raises:
        DataError: The archive is damaged, lacks a member, or a member has another format.
    """
    try:
        with tarfile.open(path) as archive:
            train = [_member(archive, name, layout, path) for name in layout.train]
            test = _member(archive, layout.test, layout, path)
            while archive.fileobj.read(1 << 20):
                pass  # the checksum of a packed archive is compared at its end
    except (tarfile.TarError, EOFError, OSError, zlib.error) as error:
        raise DataError(f"{path}: no readable archive ({reason_of(error)}); get the file again") from error
    return {
        "train_x": np.concatenate([x for x, _ in train]),
        "train_y": np.concatenate([y for _, y in train]),
        "test_x": test[0],
        "test_y": test[1],
    }


def _member(archive: tarfile.TarFile, name: str, layout: Layout, path: Path) -> tuple[npt.NDArray[Any], ...]:
    where = f"{path}: {name}"
    try:
        member = archive.getmember(name)
    except KeyError:
        raise DataError(f"{where} is missing; get the file again") from None
    file = archive.extractfile(member) if member.size <= MOST_BYTES else None
    if file is None:
        raise DataError(f"{where} is no file of at most {MOST_BYTES} bytes; get the file again")
    content = load_pickle(file.read(), where, ARRAYS, "bytes")[0]
    try:
        x, y = np.asarray(content[b"data"]), np.asarray(content[layout.labels])
    except (KeyError, TypeError, ValueError):
        raise DataError(f"{where} lacks 'data' or '{layout.labels.decode()}'; get the file again") from None
    if (
        x.dtype != np.uint8
        or x.ndim != 2
        or x.shape[1] != np.prod(SHAPE)
        or y.shape != (len(x),)
        or y.dtype.kind not in "iu"
    ):
        raise DataError(
            f"{where} holds {x.dtype} images of shape {x.shape} and {y.shape} labels; expected unsigned bytes, "
            f"n x {np.prod(SHAPE)}, and n labels"
        )
    return x.reshape(-1, *SHAPE), y.astype(np.int64)
