"""The IDX format of MNIST and its relatives."""

import gzip
import math
import struct
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError

__all__ = ["read_idx", "read_idx_folder"]

_UBYTE = 0x08
_FILES = (
    "train-images-idx3-ubyte",
    "train-labels-idx1-ubyte",
    "t10k-images-idx3-ubyte",
    "t10k-labels-idx1-ubyte",
)


def read_idx(path: Path) -> npt.NDArray[np.uint8]:
    """Reads one IDX file of unsigned bytes, gzipped or not.

    Source of the format: the MNIST database page (LeCun, Cortes, Burges).

    Raises:
        DataError: The file is missing, damaged, or of another format.
    """
    try:
        content = path.read_bytes()
        if content[:2] == b"\x1f\x8b":
            content = gzip.decompress(content)
    except FileNotFoundError:
        raise DataError(f"{path}: no such file; an IDX data set is four files named {', '.join(_FILES)}[.gz]") from None
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"{path}: damaged or cut off ({error}); get the file again") from error
    if len(content) < 4 or content[:3] != bytes((0, 0, _UBYTE)):
        raise DataError(f"{path}: begins with {content[:4].hex(' ')}, not with 00 00 08: no IDX file of unsigned bytes")
    rank = content[3]
    shape = struct.unpack_from(f">{rank}I", content, 4) if len(content) >= 4 + 4 * rank else ()
    start = 4 + 4 * rank
    if not shape or len(content) - start != math.prod(shape):
        raise DataError(f"{path}: {len(content) - start} bytes of data, but the header says {shape}; get it again")
    return np.frombuffer(content, np.uint8, offset=start).reshape(shape)


def read_idx_folder(folder: Path) -> tuple[npt.NDArray[np.uint8], ...]:
    """Reads the four files of a data set: training images and labels, test images and labels.

    Raises:
        DataError: One is missing or damaged.
    """
    paths = [gz if (gz := folder / f"{name}.gz").exists() else folder / name for name in _FILES]
    return tuple(read_idx(path) for path in paths)
