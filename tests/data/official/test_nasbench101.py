"""The TFRecord of NAS-Bench-101: framing, checksums, messages, and what a damaged one is called."""

import math
import struct
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from official_archives import made_metrics, made_row

from equipoise.harness.core.errors import DataError
from equipoise.harness.data.official import nasbench101, tfrecord
from equipoise.harness.spaces.nasbench101 import NasBench101

SPACE = NasBench101()
CELLS = SPACE.sample(np.random.default_rng(0), 4)
EPOCHS = (4, 12, 36, 108)


def plain_crc(content: bytes) -> int:
    """CRC-32C bit by bit, masked as TFRecord files mask it."""
    word = 0xFFFFFFFF
    for byte in content:
        word ^= byte
        for _ in range(8):
            word = (word >> 1) ^ (0x82F63B78 if word & 1 else 0)
    word ^= 0xFFFFFFFF
    return (((word >> 15) | (word << 17)) + 0xA282EAD8) & 0xFFFFFFFF


@given(st.lists(st.binary(max_size=70), max_size=6))
def test_checksums_side_by_side_are_those_of_the_definition(contents: list[bytes]) -> None:
    assert tfrecord.masked_crc(contents).tolist() == [plain_crc(content) for content in contents]


def test_the_checksum_is_the_published_one() -> None:
    unmasked = 0xE3069283  # of "123456789", RFC 3720
    masked = (((unmasked >> 15) | (unmasked << 17)) + 0xA282EAD8) & 0xFFFFFFFF
    assert tfrecord.masked_crc([b"123456789"]).tolist() == [masked]


@given(st.lists(st.binary(max_size=40), max_size=30))
def test_what_is_framed_is_read(tmp_path_factory: pytest.TempPathFactory, contents: list[bytes]) -> None:
    path = tmp_path_factory.mktemp("framed") / "a.tfrecord"
    path.write_bytes(tfrecord.framed(contents))
    assert list(tfrecord.contents(path)) == contents


def runs() -> list[tuple[int, int, int, float, float, float]]:
    """(cell, epochs, repeat, seconds, validation, test), the repeats of a cell far apart."""
    rng = np.random.default_rng(1)
    return [
        (cell, epochs, repeat, *rng.uniform(0.1, 0.9, 3).tolist())
        for repeat in range(3)
        for epochs in EPOCHS
        for cell in range(len(CELLS))
    ]


def rows() -> list[bytes]:
    return [
        made_row(SPACE, CELLS[cell], epochs, made_metrics([(0.0, 0.1, 0.1), (0.5, 0.2, 0.3), values]))
        for cell, epochs, _, *values in runs()
    ]


def written(path: Path, contents: list[bytes]) -> Path:
    path.write_bytes(tfrecord.framed(contents))
    return path


@pytest.mark.parametrize("batch", [1, 5, 48, 4096])
def test_every_run_comes_back(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, batch: int) -> None:
    monkeypatch.setattr(tfrecord, "BATCH", batch)
    path = written(tmp_path / "nasbench_full.tfrecord", rows())
    assert nasbench101.recognises(path)
    found = list(nasbench101.records(path))
    for record, (cell, epochs, repeat, seconds, validation, test) in zip(found, runs(), strict=True):
        assert record[:4] == ("cifar10", CELLS[cell], epochs, repeat)
        assert record.validation_error == pytest.approx(1 - validation)
        assert record.test_error == pytest.approx(1 - test)
        assert record.cost_seconds == pytest.approx(seconds)


def test_a_relabelled_cell_is_the_same_architecture(tmp_path: Path) -> None:
    cell = SPACE.parse("0110/0001/0001/0000:input,conv3x3-bn-relu,maxpool3x3,output")
    metrics = made_metrics([(1.0, 0.5, 0.5)] * 3)
    rows = [
        made_row(SPACE, cell, 108, metrics, operations=f"input,{inner},output")
        for inner in ("conv3x3-bn-relu,maxpool3x3", "maxpool3x3,conv3x3-bn-relu")
    ]
    found = list(nasbench101.records(written(tmp_path / "a.tfrecord", rows)))
    assert [(r.architecture, r.seed) for r in found] == [(SPACE.key(cell), 0), (SPACE.key(cell), 1)]


def _refused(path: Path, words: str) -> None:
    with pytest.raises(DataError, match=words) as raised:
        list(nasbench101.records(path))
    assert "\n" not in str(raised.value)
    assert path.name in str(raised.value)


@pytest.mark.parametrize("cut", [1, 11, 12, 30, 200])
def test_a_truncated_file_is_named(tmp_path: Path, cut: int) -> None:
    path = written(tmp_path / "a.tfrecord", rows()[:3])
    path.write_bytes(path.read_bytes()[:-cut])
    _refused(path, "ends within the record that begins at byte")


def test_a_flipped_bit_is_found_wherever_it_is(tmp_path: Path) -> None:
    path = written(tmp_path / "a.tfrecord", rows()[:3])
    whole = path.read_bytes()
    second = len(tfrecord.framed(rows()[:1]))
    for place, words in ((3, "at byte 0, the length"), (9, "at byte 0, the length"), (40, "record at byte 0 is wrong")):
        for start, words_there in ((0, words), (second, words.replace("byte 0", f"byte {second}"))):
            damaged = bytearray(whole)
            damaged[start + place] ^= 16
            path.write_bytes(damaged)
            _refused(path, words_there)


@pytest.mark.parametrize("content", [b"<!DOCTYPE html><html>quota exceeded</html>", b"x"])
def test_another_file_is_refused(tmp_path: Path, content: bytes) -> None:
    (tmp_path / "a.tfrecord").write_bytes(content)
    _refused(tmp_path / "a.tfrecord", "damaged|ends within")


GOOD = made_metrics([(1.0, 0.5, 0.5)] * 3)


@pytest.mark.parametrize(
    ("row", "words"),
    [
        (b"{}", "record 0 is not a training run"),
        (b"[1, 2]", "record 0 is not a training run"),
        (b"\xff\xfe", "record 0 is not a training run"),
        (made_row(SPACE, CELLS[0], 108, GOOD, hash="0" * 32), "graph hash"),
        (made_row(SPACE, CELLS[0], 108, GOOD, hash="zz"), "record 0 is not a training run"),
        (made_row(SPACE, CELLS[0], 108, GOOD, adjacency="0110"), "record 0 is not a training run"),
        (made_row(SPACE, CELLS[0], 108, GOOD, operations="input,conv9x9,output"), "record 0 is not a training run"),
        (made_row(SPACE, CELLS[0], 108, GOOD, metrics="?"), "record 0 is not a training run"),
        (made_row(SPACE, CELLS[0], 108, GOOD[:-3]), "record 0 is not a training run"),
        (made_row(SPACE, CELLS[0], 108, made_metrics([(1.0, 0.5, 0.5)] * 2)), "record 0 is not a training run"),
        (made_row(SPACE, CELLS[0], "many", GOOD), "make no sense"),
        (made_row(SPACE, CELLS[0], 108, made_metrics([(math.inf, 0.5, 0.5)] * 3)), "make no sense"),
        (made_row(SPACE, CELLS[0], 108, made_metrics([(1.0, 1.5, 0.5)] * 3)), "validation accuracy"),
        (made_row(SPACE, CELLS[0], 108, made_metrics([(1.0, 0.5, math.nan)] * 3)), "test accuracy"),
    ],
)
def test_a_record_that_is_no_run_is_refused(tmp_path: Path, row: bytes, words: str) -> None:
    _refused(written(tmp_path / "a.tfrecord", [row]), words)


def test_messages_are_decoded_as_protobuf_defines_them() -> None:
    evaluations = [(0.0, 0.1, 0.2), (300.0, 0.3, 0.4), (600.0, 0.5, 0.6)]
    assert nasbench101.decode(made_metrics(evaluations)) == evaluations
    unknown = b"\xaa\x06\x03abc"  # field 101, which later versions might add
    assert nasbench101.decode(unknown + made_metrics(evaluations)) == evaluations
    with pytest.raises(ValueError, match="wire type 3"):
        nasbench101.decode(b"\x0b")
    with pytest.raises(ValueError, match="longer than its message"):
        nasbench101.decode(b"\x0a\x7f")
    with pytest.raises(ValueError, match="lacks"):
        nasbench101.decode(b"\x0a\x09\x11" + struct.pack("<d", 1.0))
