"""Makes the embedded images ``fashion14`` from the IDX files of Fashion-MNIST.

    python -m equipoise.harness.training.fashion14 FOLDER_OF_IDX_FILES OUT.npz

The result is the same file on every machine, byte for byte. Licence of the images: MIT (Zalando SE).
"""

import sys
from pathlib import Path

import numpy as np
import numpy.typing as npt

from equipoise.harness.training.idx import read_idx_folder

__all__ = ["make", "shrink"]

CLASSES = 10
PER_CLASS = {"train": 300, "validation": 200, "test": 300}
SEED = 14


def shrink(images: npt.NDArray[np.uint8]) -> npt.NDArray[np.uint8]:
    """Halves both sides: the rounded mean of each 2 x 2 block.

    Args:
        images: n x 2h x 2w.

    Returns:
        n x h x w.
    """
    n, height, width = images.shape
    blocks = images.reshape(n, height // 2, 2, width // 2, 2)
    mean: npt.NDArray[np.uint8] = ((blocks.sum(axis=(2, 4), dtype=np.uint16) + 2) // 4).astype(np.uint8)
    return mean


def make(folder: Path, out: Path) -> None:
    """Draws the subset and writes it.

    Training and validation images come from the 60,000 training images of Fashion-MNIST and are disjoint; test images
    from its 10,000 test images. All are balanced over the ten classes.

    Raises:
        DataError: The IDX files are missing or damaged.
    """
    train_x, train_y, test_x, test_y = read_idx_folder(folder)
    rng = np.random.default_rng(SEED)
    search = _draw(train_y, PER_CLASS["train"] + PER_CLASS["validation"], rng)
    cut = PER_CLASS["train"]
    parts = {
        "train": (train_x, train_y, _shuffled(search[:, :cut], rng)),
        "validation": (train_x, train_y, _shuffled(search[:, cut:], rng)),
        "test": (test_x, test_y, _shuffled(_draw(test_y, PER_CLASS["test"], rng), rng)),
    }
    arrays = {}
    for part, (images, labels, chosen) in parts.items():
        arrays[f"{part}_x"], arrays[f"{part}_y"] = shrink(images[chosen])[:, None], labels[chosen]
    with out.open("wb") as file:
        np.savez_compressed(file, **arrays)  # type: ignore[arg-type]


def _draw(labels: npt.NDArray[np.uint8], per_class: int, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    """Positions of `per_class` images of each class: classes x per_class."""
    return np.stack([rng.permutation(np.flatnonzero(labels == label))[:per_class] for label in range(CLASSES)])


def _shuffled(chosen: npt.NDArray[np.int64], rng: np.random.Generator) -> npt.NDArray[np.int64]:
    return rng.permutation(chosen.ravel())


if __name__ == "__main__":
    make(Path(sys.argv[1]), Path(sys.argv[2]))
