"""Trains a whole space, or a sample of it, in pieces that can be resumed."""

import hashlib
import json
import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, as_completed
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.harness.core.errors import StoreError, SuiteError, reason_of
from equipoise.harness.core.files import parse_json, write_whole
from equipoise.harness.core.registry import load_space, space_name
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.engine.executors import executor
from equipoise.harness.training.device import chosen_device, missing_device

__all__ = ["ORDER_SEED", "TOLERANCE", "content_digest", "pieces", "tabulate"]

FORMAT = 1
ORDER_SEED = 201
PIECE = 8
"""Architectures per piece: about a minute of work on the embedded images."""

TOLERANCE = 1e-3
"""Largest relative change of the fingerprint of a resumed table."""

ENUMERABLE = 1_000_000


def tabulate(
    space: str,
    images: str,
    out: Path,
    sample: int | None = None,
    replicas: int = 3,
    workers: int = 1,
    device: str = "cpu",
    say: Callable[[str], None] = print,
) -> int:
    """Trains the missing architectures of a table, in a random order fixed by a seed: any part is a random sample.

    One architecture of each class of equal networks (`SearchSpace.canonical`) is trained. Pieces are written
    atomically, so an interruption loses at most the pieces in progress. When nothing is missing, ``table.parquet`` is
    written beside them, in the open format: a table of the space, or of a sample.

    Args:
        space: Name of a space, path of its file, or ``package.module:Class``.
        images: Name of the images.
        out: Folder of the pieces.
        sample: Number of architectures; the same ones each time, and part of any larger sample. None for all.
        replicas: Training seeds per architecture.
        workers: Number of processes.
        device: For example ``cpu`` or ``cuda``; ``auto`` is a GPU where there is one.
        say: Takes a line per piece.

    Returns:
        0, or 1 if a piece failed (the others are written).

    Raises:
        StoreError: The folder holds pieces of another setup or device, or this code no longer trains as it did when
            they were begun.
        SuiteError: A number is out of range, or the device is not available.
    """
    from equipoise.harness.training.publish import publish
    from equipoise.harness.training.setup import Setup

    if workers < 1 or replicas < 1 or (sample is not None and sample < 1):
        raise SuiteError("--workers, --seeds and --sample are positive whole numbers")
    if (reason := missing_device(device)) is not None:
        raise SuiteError(f"--device {device}: {reason}")
    device = chosen_device(device)
    space = space_name(load_space(space))  # absolute: workers may have another working directory
    setup = Setup.named(space, images, replicas, ORDER_SEED, device)
    order = _order(setup.space, sample)
    digest = _agree(out, setup.identity(), device, lambda: setup.fingerprint(order[:2]))
    starts = list(range(0, len(order), PIECE))
    missing = [s for s in starts if not _path(out, s, min(PIECE, len(order) - s)).exists()]
    done, failed, began = len(order) - _count(missing, len(order)), 0, time.monotonic()
    say(f"{out}: {done} of {len(order)} architectures trained")
    total = done
    with executor("local", workers) as pool:
        waiting: dict[Future[int], int] = {}
        for start in missing:
            chunk = order[start : start + PIECE]
            waiting[pool.submit(_piece, space, images, replicas, device, str(out), digest, start, chunk)] = start
        for future in as_completed(waiting):
            start = waiting.pop(future)
            try:
                total += future.result()
            except Exception as error:
                failed += 1
                say(f"piece {start} failed: {type(error).__name__}: {error}")
                continue
            each = (time.monotonic() - began) / (total - done)
            left = each * (len(order) - total)
            say(f"{total} of {len(order)} architectures, {each:.1f} s each, about {left / 3600:.1f} h left")
    if failed:
        return 1
    files = [_path(out, start, min(PIECE, len(order) - start)) for start in starts]
    whole = setup.space.size <= ENUMERABLE and len(order) == len(_order(setup.space, None))
    table = publish(out, files, setup, digest, order, whole)
    say(f"{table}: {table.stat().st_size / 1e6:.2f} MB, {'the whole space' if whole else f'a sample of {len(order)}'}")
    return 0


def pieces(out: Path) -> Iterator[Path]:
    """The pieces of a folder, in a fixed order."""
    yield from sorted((out / "pieces").glob("*.parquet"))


def _order(space: SearchSpace, sample: int | None) -> list[Architecture]:
    """The architectures to train, in order."""
    rng = np.random.default_rng(ORDER_SEED)
    if space.size <= ENUMERABLE:
        classes = sorted({space.canonical(architecture) for architecture in space.enumerate()})
        shuffled = [classes[position] for position in rng.permutation(len(classes))]
        return shuffled[:sample]
    if sample is None:
        raise SuiteError(f"{space.name} has {space.size:.3g} architectures: say how many with --sample")
    drawn: dict[Architecture, None] = {}
    while len(drawn) < sample:
        drawn[space.canonical(space.sample(rng, 1)[0])] = None
    return list(drawn)


def _count(starts: list[int], total: int) -> int:
    return sum(min(PIECE, total - start) for start in starts)


def _path(out: Path, start: int, count: int) -> Path:
    return out / "pieces" / f"{start:07d}-{count}.parquet"


_SHOWN = {"skeleton": "macro architecture", "recipe": "training configuration", "copies": "replicas"}
"""The words for the keys of a header."""


def content_digest(identity: dict[str, Any]) -> str:
    """The SHA-256 of the setup, which a table and its pieces state."""
    return hashlib.sha256(json.dumps({"format": FORMAT, **identity}, sort_keys=True).encode()).hexdigest()


def _agree(out: Path, identity: dict[str, Any], device: str, fingerprint: Callable[[], list[float]]) -> str:
    """Writes the header of the folder, or compares this setup with it; returns the digest of the setup."""
    path = out / "header.json"
    content, digest = {"format": FORMAT, **identity}, content_digest(identity)
    if not path.exists():
        import torch

        more = {"device": device, "digest": digest, "fingerprint": fingerprint(), "torch": torch.__version__}
        written = {**content, **more}
        write_whole(path, (json.dumps(written, indent=2) + "\n").encode())
        return digest
    try:
        header = parse_json(path.read_text())
        before = [float(loss) for loss in header["fingerprint"]]
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path}: damaged ({reason_of(error)}); choose another --out, or restore the file") from error
    different = [
        _SHOWN.get(key, key) for key, value in content.items() if header.get(key) != json.loads(json.dumps(value))
    ]
    if different:
        raise StoreError(f"{path}: begun with another setup ({', '.join(different)} differ); choose another --out")
    if (begun := header.get("device", "cpu")) != device:  # other precision, and seconds of another kind
        raise StoreError(
            f"{path}: begun on {begun}, not on {device}; go on with --device {begun}, or choose another --out"
        )
    now = fingerprint()
    if len(now) != len(before) or not np.allclose(now, before, rtol=TOLERANCE, atol=0.0):
        raise StoreError(
            f"{path}: this code or this PyTorch no longer trains as it did when the table was begun (first losses were "
            f"{before}, now {now}); finish it with the version that began it, or choose another --out"
        )
    return digest


def _piece(
    space: str, images: str, replicas: int, device: str, out: str, digest: str, start: int, chunk: list[Architecture]
) -> int:
    """Trains the architectures of a piece and writes it, in a worker."""
    import pyarrow as pa
    import torch

    from equipoise.harness.training.piece import packed_piece
    from equipoise.harness.training.setup import Setup

    path = _path(Path(out), start, len(chunk))
    if path.exists():  # another process was faster
        return len(chunk)
    torch.set_num_threads(1)
    setup = Setup.named(space, images, replicas, ORDER_SEED, device)
    rows: dict[str, list[Any]] = {
        name: []
        for name in ("architecture", "seed", "epoch", "train_loss", "validation_error", "test_error", "cost_seconds")
    }
    for architecture in chunk:
        trainer, seconds = setup.trainer(architecture), 0.0
        for number in range(1, setup.configuration.epochs + 1):
            epoch = trainer.epoch()
            seconds += epoch.cost_seconds
            last = number == setup.configuration.epochs
            test = trainer.errors("test") if last else [None] * replicas
            for replica in range(replicas):
                values = (
                    setup.space.format(architecture),
                    replica + 1,
                    number,
                    epoch.train_loss[replica],
                    epoch.validation_error[replica],
                    test[replica],
                    seconds,
                )
                for column, value in zip(rows.values(), values, strict=True):
                    column.append(value)
    table = pa.table({name: pa.array(values, _TYPES.get(name)) for name, values in rows.items()})
    write_whole(path, packed_piece(table, digest, torch.__version__))
    return len(chunk)


_TYPES = {"seed": "int32", "epoch": "int32", "test_error": "float64"}
