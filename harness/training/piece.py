"""A piece of a table that is being trained: a Parquet file whose metadata hold a digest of its rows."""

import hashlib
import json
from pathlib import Path
from typing import TYPE_CHECKING, Any

from equipoise.harness.core.errors import StoreError, reason_of
from equipoise.harness.core.files import parse_json

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["packed_piece", "rows_of_piece"]


def packed_piece(rows: "pa.Table", digest: str, torch: str) -> "pa.Buffer":
    """Packs trained rows into the bytes of a file.

    Args:
        rows: The rows.
        digest: Of the setup of their training.
        torch: The version of PyTorch.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    told = {"digest": digest, "torch": torch, "rows": _digest_of(rows.to_pylist())}
    sink = pa.BufferOutputStream()
    pq.write_table(rows.replace_schema_metadata({"equipoise": json.dumps(told)}), sink, compression="zstd")
    return sink.getvalue()


def rows_of_piece(path: Path, digest: str) -> list[dict[str, Any]]:
    """Reads the rows of a file; one that was written before pieces held a digest of their rows is not compared.

    Args:
        path: The file.
        digest: Of the setup that is expected.

    Raises:
        StoreError: It is damaged, or belongs to another table.
    """
    import pyarrow.parquet as pq

    try:
        piece = pq.read_table(path)
        told = parse_json(piece.schema.metadata[b"equipoise"])
        rows: list[dict[str, Any]] = piece.to_pylist()
        said, stated = told["digest"], told.get("rows")
        if stated is not None and stated != _digest_of(rows):
            raise ValueError("its rows are not those that were written")
    except Exception as error:  # a damaged file raises anything
        raise StoreError(f"{path}: damaged ({reason_of(error)}); delete it and run the command again") from error
    if said != digest:
        raise StoreError(f"{path}: belongs to another table; delete it and run the command again")
    return rows


def _digest_of(rows: list[dict[str, Any]]) -> str:
    return hashlib.sha256(json.dumps(rows).encode()).hexdigest()
