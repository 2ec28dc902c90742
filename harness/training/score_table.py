"""Scores all networks of a space without training them, in pieces that can be resumed."""

import hashlib
import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.harness.core.errors import StoreError, SuiteError, reason_of
from equipoise.harness.core.files import write_whole
from equipoise.harness.core.sealed import sealed, unsealed
from equipoise.harness.core.space import Architecture
from equipoise.harness.training.live_scores import BATCH_SEED, network_scores
from equipoise.harness.training.scores import BATCH, LIVE_SCORES
from equipoise.harness.training.setup import Setup
from equipoise.harness.training.tabulate import ENUMERABLE, ORDER_SEED

__all__ = ["tabulate_scores"]

PIECE = 200
"""Architectures per piece."""


def tabulate_scores(space: str, images: str, out: Path, say: Callable[[str], None] = print) -> int:
    """Scores one architecture of each class of equal networks, and writes ``scores.parquet``.

    Pieces are written atomically; the same call goes on where it was cut, on one thread.

    Args:
        space: Name of a space that can be listed, path of its file, or ``package.module:Class``.
        images: Name of the images.
        out: Folder of the pieces.
        say: Takes a line per piece.

    Returns:
        0.

    Raises:
        SuiteError: The space is too large to list.
        StoreError: The folder holds pieces of another setup.
    """
    import torch

    torch.set_num_threads(1)
    setup = Setup.named(space, images, 1, ORDER_SEED)
    if setup.space.size > ENUMERABLE:
        raise SuiteError(f"{setup.space.name} has {setup.space.size:.3g} architectures: too many to score them all")
    order = sorted({setup.space.canonical(architecture) for architecture in setup.space.enumerate()})
    identity = {**setup.identity(), "batch": BATCH, "batch_seed": BATCH_SEED, "scores": list(LIVE_SCORES)}
    digest = hashlib.sha256(json.dumps(identity, sort_keys=True).encode()).hexdigest()
    pieces = [out / "pieces" / f"scores-{start:07d}.json" for start in range(0, len(order), PIECE)]
    missing = [number for number, path in enumerate(pieces) if not path.exists()]
    began, seconds = time.monotonic(), time.process_time()
    for done, number in enumerate(missing, 1):
        rows = [network_scores(setup, one, tuple(LIVE_SCORES)) for one in order[number * PIECE :][:PIECE]]
        write_whole(pieces[number], json.dumps(sealed({"digest": digest, "rows": rows})).encode())
        left = (time.monotonic() - began) / done * (len(missing) - done)
        say(f"{min((number + 1) * PIECE, len(order))} of {len(order)} networks, about {left / 60:.0f} minutes left")
    rows = [row for path in pieces for row in _rows(path, digest)]
    spent = time.process_time() - seconds
    say(f"{_write(out, setup, order, rows, identity)}: {len(order)} networks, {spent:.0f} s of processor time")
    return 0


def _rows(path: Path, digest: str) -> list[dict[str, float]]:
    try:
        piece = unsealed(path.read_bytes())
        begun, rows = piece["digest"], list(piece["rows"])
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise StoreError(f"{path}: damaged ({reason_of(error)}); delete it and run the same command again") from error
    if begun != digest:
        raise StoreError(f"{path}: begun with another setup; choose another --out")
    return rows


def _write(
    out: Path, setup: Setup, order: list[Architecture], rows: list[dict[str, float]], identity: dict[str, Any]
) -> Path:
    """Writes one row per architecture, scores in single precision."""
    import pyarrow as pa
    import pyarrow.parquet as pq
    import torch

    columns: dict[str, Any] = {"architecture": pa.array([setup.space.format(one) for one in order])}
    for name in LIVE_SCORES:
        columns[name] = pa.array(np.array([row[name] for row in rows], dtype=np.float32))
    header = {**identity, "torch": torch.__version__}
    table = pa.table(columns).replace_schema_metadata({"equipoise": json.dumps(header, sort_keys=True)})
    sink = pa.BufferOutputStream()
    pq.write_table(table, sink, compression="zstd")
    path = out / "scores.parquet"
    write_whole(path, sink.getvalue())
    return path
