"""The embedded images and the IDX reader."""

import gzip
import hashlib
import struct
from pathlib import Path

import numpy as np
import pytest

from equipoise.harness.core.errors import DataError, PluginError
from equipoise.harness.training import fashion14
from equipoise.harness.training.idx import read_idx
from equipoise.harness.training.images import PARTS, load, read_split

DEBIAN = Path("/usr/share/datasets/fashion-mnist")


def test_the_embedded_images_are_balanced_disjoint_and_whole():
    images = load("fashion14")
    assert {part: len(images.y[part]) for part in PARTS} == {"train": 3000, "validation": 2000, "test": 3000}
    seen = {}
    for part in PARTS:
        assert images.x[part].shape[1:] == (1, 14, 14)
        assert len(set(np.bincount(images.y[part]))) == 1
        seen[part] = {image.tobytes() for image in images.x[part]}
    assert not seen["train"] & seen["validation"]
    assert not (seen["train"] | seen["validation"]) & seen["test"]


@pytest.mark.skipif(not DEBIAN.is_dir(), reason=f"{DEBIAN} is missing: apt-get install dataset-fashion-mnist")
def test_the_command_makes_the_embedded_file_again(tmp_path):
    fashion14.make(DEBIAN, tmp_path / "made.npz")
    embedded = Path(fashion14.__file__).with_name("fashion14.npz")
    made, shipped = (hashlib.sha256(path.read_bytes()).hexdigest() for path in (tmp_path / "made.npz", embedded))
    assert made == shipped


def test_shrinking_is_the_rounded_mean():
    block = np.array([[[0, 1, 255, 255], [1, 0, 255, 255]]], dtype=np.uint8)
    assert fashion14.shrink(block).tolist() == [[[1, 255]]]


def idx(shape, body):
    return bytes((0, 0, 8, len(shape))) + struct.pack(f">{len(shape)}I", *shape) + body


@pytest.mark.parametrize("pack", [bytes, gzip.compress])
def test_idx_reads_what_was_written(tmp_path, pack):
    (tmp_path / "a").write_bytes(pack(idx((2, 3), bytes(range(6)))))
    assert read_idx(tmp_path / "a").tolist() == [[0, 1, 2], [3, 4, 5]]


@pytest.mark.parametrize(
    ("content", "said"),
    [
        (idx((2, 3), bytes(5)), "5 bytes of data, but the header says"),
        (b"\x00\x00\x0d\x01" + bytes(8), "no IDX file of unsigned bytes"),
        (b"PNG", "no IDX file"),
        (gzip.compress(idx((9,), bytes(9)), mtime=0)[:-12], "damaged or cut off"),
    ],
)
def test_damaged_idx_files_are_refused(tmp_path, content, said):
    (tmp_path / "a").write_bytes(content)
    with pytest.raises(DataError, match=said):
        read_idx(tmp_path / "a")


def test_missing_files_and_unknown_names_are_told(tmp_path):
    with pytest.raises(DataError, match="no such file"):
        read_idx(tmp_path / "none")
    with pytest.raises(DataError, match="no readable image archive"):
        read_split(tmp_path / "none.npz")
    with pytest.raises(PluginError, match="no image data set 'fashion15'; did you mean 'fashion14'"):
        load("fashion15")
