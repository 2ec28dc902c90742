"""Images beyond the embedded ones: the official archives, files of one's own, and what is refused."""

import hashlib
import io
import pickle
import struct
import tarfile
from dataclasses import replace

import numpy as np
import pytest

from equipoise.harness.core.errors import DataError, PluginError
from equipoise.harness.data import sources
from equipoise.harness.training import catalogue
from equipoise.harness.training.catalogue import collection
from equipoise.harness.training.cifar import CIFAR10, CIFAR100, read_cifar
from equipoise.harness.training.images import PARTS, load
from equipoise.harness.training.split import hold_out

RNG = np.random.default_rng(5)


def batch(labels_key, count=20, classes=10):
    x = RNG.integers(0, 256, (count, 3072)).astype(np.uint8)
    return {b"data": x, labels_key: [i % classes for i in range(count)], b"filenames": [b"a.png"] * count}


class Python2(pickle._Pickler):
    """Writes bytes as the texts of Python 2, as the official files have them."""

    def save_text(self, value):
        self.write(pickle.BINSTRING + struct.pack("<i", len(value)) + value)
        self.memoize(value)

    dispatch = {**pickle._Pickler.dispatch, bytes: save_text}  # noqa: RUF012


def dumps(content):
    out = io.BytesIO()
    Python2(out, protocol=2).dump(content)
    return out.getvalue()


def archive(path, members):
    with tarfile.open(path, "w:gz") as tar:
        for name, content in members.items():
            blob = content if isinstance(content, bytes) else dumps(content)
            info = tarfile.TarInfo(name)
            info.size = len(blob)
            tar.addfile(info, io.BytesIO(blob))
    return path


def cifar10_members():
    return {name: batch(b"labels") for name in (*CIFAR10.train, CIFAR10.test)}


def test_an_official_archive_is_read(tmp_path):
    members = cifar10_members()
    arrays = read_cifar(archive(tmp_path / "c.tar.gz", members), CIFAR10)
    assert arrays["train_x"].shape == (100, 3, 32, 32)
    third = members[CIFAR10.train[2]]
    assert (arrays["train_x"][40:60] == third[b"data"].reshape(-1, 3, 32, 32)).all()
    assert arrays["train_y"].tolist() == [i % 10 for _ in range(5) for i in range(20)]
    hundred = {name: batch(b"fine_labels", 200, 100) for name in (*CIFAR100.train, CIFAR100.test)}
    assert read_cifar(archive(tmp_path / "d.tar.gz", hundred), CIFAR100)["test_y"].max() == 99


def test_a_fetched_archive_becomes_three_parts_and_is_checked(tmp_path, monkeypatch):
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))
    made = archive(tmp_path / "made.tar.gz", cifar10_members())
    real = sources.sources()["cifar10"]
    digest = hashlib.sha256(made.read_bytes()).hexdigest()
    fake = replace(real, sha256=digest, size=made.stat().st_size)
    monkeypatch.setitem(sources.sources(), "cifar10", fake)
    assert "equipoise data fetch cifar10" in collection("cifar10").missing()
    with pytest.raises(DataError, match=r"needs cifar-10-python\.tar\.gz"):
        load("cifar10")
    fake.path.parent.mkdir(parents=True)
    made.replace(fake.path)
    images = load("cifar10")
    assert {part: len(images.y[part]) for part in PARTS} == {"train": 50, "validation": 50, "test": 20}
    assert (np.bincount(images.y["train"]) == 5).all()
    monkeypatch.setitem(sources.sources(), "cifar10", replace(fake, sha256="0" * 64))
    with pytest.raises(DataError, match="SHA-256"):
        load("cifar10")


class _Evil:
    def __reduce__(self):
        return print, ("this ran",)


@pytest.mark.parametrize(
    ("change", "said"),
    [
        ({CIFAR10.test: None}, "test_batch is missing"),
        ({CIFAR10.test: b"junk"}, "not a readable pickle"),
        ({CIFAR10.test: {b"data": np.zeros((3, 5), np.uint8), b"labels": [0, 1, 2]}}, "of shape"),
        ({CIFAR10.test: {b"data": np.zeros((3, 3072)), b"labels": [0, 1, 2]}}, "float64 images"),
        ({CIFAR10.test: {b"data": np.zeros((3, 3072), np.uint8)}}, "lacks 'data' or 'labels'"),
        ({CIFAR10.test: _Evil()}, "not on the allow-list"),
    ],
)
def test_archives_that_hold_something_else_are_refused(tmp_path, change, said, capsys):
    members = {name: content for name, content in {**cifar10_members(), **change}.items() if content is not None}
    with pytest.raises(DataError, match=said):
        read_cifar(archive(tmp_path / "c.tar.gz", members), CIFAR10)
    assert capsys.readouterr().out == ""


def test_a_damaged_archive_is_refused(tmp_path):
    whole = archive(tmp_path / "c.tar.gz", cifar10_members())
    whole.write_bytes(whole.read_bytes()[:-40_000])
    with pytest.raises(DataError, match="no readable archive"):
        read_cifar(whole, CIFAR10)


def npz(path, **changes):
    arrays = {
        "train_x": RNG.integers(0, 256, (20, 8, 8)).astype(np.uint8),
        "train_y": np.arange(20) % 2,
        "test_x": RNG.integers(0, 256, (6, 8, 8)).astype(np.uint8),
        "test_y": np.arange(6) % 2,
    }
    arrays |= changes
    np.savez(path, **{name: array for name, array in arrays.items() if array is not None})
    return f"npz:{path}"


def test_a_file_of_ones_own_is_divided_the_same_way_each_time(tmp_path):
    name = npz(tmp_path / "mine.npz")
    first, again = load(name), load(name)
    assert first.digest == again.digest
    assert {part: len(first.y[part]) for part in PARTS} == {"train": 16, "validation": 4, "test": 6}
    assert first.x["train"].shape[1:] == (1, 8, 8)
    assert collection(name).side() == 8
    colours = npz(
        tmp_path / "c.npz", train_x=np.zeros((20, 8, 8, 3), np.uint8), test_x=np.zeros((6, 3, 8, 8), np.uint8)
    )
    assert load(colours).channels == 3
    given = npz(tmp_path / "v.npz", validation_x=np.ones((4, 8, 8), np.uint8), validation_y=np.arange(4) % 2)
    assert len(load(given).y["train"]) == 20


@pytest.mark.parametrize(
    ("changes", "said"),
    [
        ({"test_y": None}, "lacks test_y"),
        ({"validation_x": np.zeros((2, 8, 8), np.uint8)}, "lacks validation_y"),
        ({"train_x": np.zeros((20, 8, 8))}, "float64; images are unsigned bytes"),
        ({"train_x": np.zeros((20, 64), np.uint8)}, "has shape"),
        ({"train_x": np.zeros((20, 8, 9), np.uint8)}, "expected square images"),
        ({"test_x": np.zeros((6, 9, 9), np.uint8)}, "the training images"),
        ({"train_y": np.arange(20) / 2}, "labels are n whole numbers"),
        ({"train_y": np.arange(20) % 2 * 2}, "class 1 of 0 to 2 has none"),
        ({"test_y": np.array([0, 1, 0, 1, 0, 2])}, "label 2 is out of range; labels are 0 to 1"),
        ({"train_y": -(np.arange(20) % 3), "test_y": -(np.arange(6) % 3)}, "two are needed"),
        ({"test_y": np.zeros(6, int)}, "test images: class 1"),
        ({"test_y": np.zeros(5, int)}, "6 images and labels of shape"),
        ({"train_y": np.arange(12) % 2}, "20 images and labels of shape"),
        ({"train_y": np.arange(30) % 2}, "20 images and labels of shape"),
        ({"train_y": np.array([0] * 19 + [2**32 - 1], np.uint32)}, "there are 20 training images"),
        ({"train_y": np.array([-1] + [0, 1] * 9 + [1])}, "label -1 is out of range"),
        ({"train_y": np.array([0] * 19 + [1])}, "class 1 has one image"),
    ],
)
def test_files_that_training_cannot_use_are_one_clear_error(tmp_path, changes, said):
    with pytest.raises(DataError, match=said):
        load(npz(tmp_path / "bad.npz", **changes))


def test_missing_files_and_unknown_names_are_told(tmp_path):
    with pytest.raises(DataError, match="no readable image archive"):
        load(f"npz:{tmp_path / 'none.npz'}")
    with pytest.raises(PluginError, match="did you mean 'cifar10'"):
        load("cifar11")


def test_digits_come_in_three_balanced_parts():
    if (reason := collection("digits").missing()) is not None:
        pytest.skip(reason)
    images = load("digits")
    assert {part: len(images.y[part]) for part in PARTS} == {"train": 899, "validation": 448, "test": 450}
    assert max(image.max() for image in images.x.values()) == 255


@pytest.mark.skipif(not catalogue.DEBIAN.is_dir(), reason="dataset-fashion-mnist is not installed")
def test_fashion_mnist_is_whole_and_divided():
    images = load("fashion")
    assert {part: len(images.y[part]) for part in PARTS} == {"train": 50_000, "validation": 10_000, "test": 10_000}
    assert (np.bincount(images.y["validation"]) == 1000).all()


def test_holding_out_takes_a_share_of_each_class():
    y = np.repeat([0, 1, 2], [10, 20, 3])
    stays, held = hold_out(y, 0.2, "made")
    assert np.bincount(y[held]).tolist() == [2, 4, 1]
    assert sorted([*stays, *held]) == list(range(33))
