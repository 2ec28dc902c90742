"""NAS-Bench-101: the official TFRecord, a JSON list a training run, its metrics a protocol buffer in base64.

Neither TensorFlow nor protobuf is needed: `tfrecord` reads the framing, and the two messages are decoded here
(``ModelMetrics`` and ``EvaluationData`` of the official ``model_metrics.proto``).
"""

import base64
import math
import struct
from collections.abc import Iterator
from pathlib import Path
from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError, reason_of
from equipoise.harness.core.files import parse_json
from equipoise.harness.core.space import Architecture
from equipoise.harness.data.official import tfrecord
from equipoise.harness.data.official.record import Record, error_of
from equipoise.harness.spaces.nasbench101 import NasBench101

__all__ = ["Trained", "decode", "recognises", "records"]

FINAL = 2
"""The number of the evaluation at the end of training; 0 is before it, 1 half-way."""

MOST_SCHEDULES = 64
"""Numbers of epochs in one file, each with a count per cell; the official file has four."""

_SPACE = NasBench101()


class Trained(NamedTuple):
    """One evaluation in the course of a training.

    Attributes:
        training_seconds: Since the start, without evaluations.
        validation_accuracy: A fraction.
        test_accuracy: A fraction.
    """

    training_seconds: float
    validation_accuracy: float
    test_accuracy: float


def recognises(path: Path) -> bool:
    """Whether this looks like the official file."""
    return path.is_file() and path.suffix == ".tfrecord"


def records(path: Path) -> Iterator[Record]:
    """Yields every training run, in the order of the file; repeats are numbered from 0.

    Args:
        path: ``nasbench_full.tfrecord`` (4, 12, 36 and 108 epochs) or ``nasbench_only108.tfrecord``.

    Raises:
        DataError: The file is damaged, or a record is not as the format says.
    """
    classes: dict[bytes, int] = {}
    repeats: dict[int, npt.NDArray[np.uint8]] = {}  # by epochs, one count per class
    for number, content in enumerate(tfrecord.contents(path)):
        try:
            name, epochs, adjacency, labels, encoded = parse_json(content)
            final = decode(base64.b64decode(encoded, validate=True))[FINAL]
            digest = bytes.fromhex(name)
            if digest not in classes:
                classes[digest] = _SPACE.index(_cell(name, adjacency, labels))
        except Exception as error:  # whatever is in the place of what the format says
            raise DataError(
                f"{path}: record {number} is not a training run ({reason_of(error)}); get the file again"
            ) from error
        what = f"of record {number} ({name[:8]}..., {epochs} epochs)"
        if type(epochs) is not int or not 0.0 <= final.training_seconds < math.inf:
            raise DataError(f"{path}: the epochs or the training time {what} make no sense; get the file again")
        row = classes[digest]
        if epochs not in repeats and len(repeats) >= MOST_SCHEDULES:
            raise DataError(f"{path}: more than {MOST_SCHEDULES} numbers of epochs; get the file again")
        counts = repeats.setdefault(epochs, np.zeros(_SPACE.size, dtype=np.uint8))
        yield Record(
            "cifar10",
            _SPACE.representative(row),
            epochs,
            counts.item(row),
            error_of(final.validation_accuracy, 1.0, path, f"the validation accuracy {what}"),
            error_of(final.test_accuracy, 1.0, path, f"the test accuracy {what}"),
            final.training_seconds,
            math.nan,
        )
        counts[row] += 1


def _cell(name: str, adjacency: str, labels: str) -> Architecture:
    words = labels.split(",")
    nodes = len(words)
    rows = [[int(bit) for bit in adjacency[start : start + nodes]] for start in range(0, len(adjacency), nodes)]
    cell = _SPACE.from_matrix(rows, words, prune=True)
    if (found := _SPACE.graph_hash(cell)) != name:
        raise ValueError(f"its cell has the graph hash {found}, not {name}")
    return cell


def decode(message: bytes) -> list[Trained]:
    """Decodes a ``ModelMetrics`` message into its evaluations.

    Raises:
        ValueError: It is no such message.
    """
    return [_evaluation(value) for number, value in _fields(message) if number == 1 and isinstance(value, bytes)]


def _evaluation(message: bytes) -> Trained:
    values = {number: value for number, value in _fields(message) if isinstance(value, float)}
    if not {2, 4, 5} <= set(values):
        raise ValueError("an evaluation lacks its training time or an accuracy")
    return Trained(values[2], values[4], values[5])


def _fields(message: bytes) -> Iterator[tuple[int, float | int | bytes]]:
    """Yields (field number, value) of a protocol buffer message: doubles, whole numbers, or bytes."""
    place = 0
    while place < len(message):
        key, place = _varint(message, place)
        number, kind = key >> 3, key & 7
        if kind == 1:
            yield number, struct.unpack_from("<d", message, place)[0]
            place += 8
        elif kind == 0:
            value, place = _varint(message, place)
            yield number, value
        elif kind == 2:
            length, place = _varint(message, place)
            if place + length > len(message):
                raise ValueError("a field is longer than its message")
            yield number, message[place : place + length]
            place += length
        else:
            raise ValueError(f"a field of wire type {kind}, which these messages do not have")


def _varint(message: bytes, place: int) -> tuple[int, int]:
    value, shift = 0, 0
    while True:
        byte = message[place]
        value |= (byte & 127) << shift
        place, shift = place + 1, shift + 7
        if byte < 128:
            return value, place
