"""Reads the arrays of an ``.npz`` file after its sizes were checked: numpy believes the shapes that a file states."""

import math
import zipfile
from collections.abc import Sequence
from pathlib import Path
from typing import IO, Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import reason_of

__all__ = ["load_npz"]

FREE_BYTES = 1 << 26
"""Unpacked size allowed to any file, in bytes."""

MOST_RATIO = 200
"""Unpacked size allowed to a larger file, in bytes per byte of the file."""


def load_npz(path: Path, names: Sequence[str] | None = None) -> dict[str, npt.NDArray[Any]]:
    """Reads arrays of numbers and text.

    Args:
        path: The file.
        names: Only these, where they are there; all if None.

    Raises:
        FileNotFoundError: There is no such file.
        OSError: It cannot be read.
        ValueError: It is damaged, holds Python objects, or would unpack to far more than its size.
    """
    try:
        with zipfile.ZipFile(path) as archive:
            members = {info.filename.removesuffix(".npy"): info for info in archive.infolist()}
            wanted = {name: info for name, info in members.items() if names is None or name in names}
            size, most = sum(info.file_size for info in wanted.values()), _most(path)
            if size > most:
                raise ValueError(f"it would unpack to {size} bytes, more than the accepted {most}")
            return {name: _array(archive, info) for name, info in wanted.items()}
    except (FileNotFoundError, PermissionError, IsADirectoryError):
        raise
    except Exception as error:  # a damaged archive raises anything
        raise ValueError(reason_of(error)) from error


def _most(path: Path) -> int:
    return max(FREE_BYTES, MOST_RATIO * path.stat().st_size)


def _array(archive: zipfile.ZipFile, info: zipfile.ZipInfo) -> npt.NDArray[Any]:
    with archive.open(info) as file:
        shape, columns_first, dtype = _header(file)
        size = info.file_size - file.tell()
        if dtype.hasobject or math.prod(shape) * dtype.itemsize != size:
            raise ValueError(f"{info.filename} states {dtype} of shape {shape}, and has {size} bytes")
        content = file.read(size + 1)  # one more, so that the checksum at its end is compared
    if len(content) != size:
        raise ValueError(f"{info.filename} has {len(content)} bytes, not {size}")
    values = np.frombuffer(bytearray(content), dtype) if size else np.empty(0, dtype)
    return values.reshape(shape, order="F" if columns_first else "C")


def _header(file: IO[bytes]) -> "tuple[tuple[int, ...], bool, np.dtype[Any]]":
    version = np.lib.format.read_magic(file)
    readers = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
    if version not in readers:
        raise ValueError(f"an array of format {version}")
    shape, columns_first, dtype = readers[version](file)
    return shape, columns_first, dtype
