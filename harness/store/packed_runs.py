"""The file of an archive entry: one row per run, with codes of its proposals and nothing that tables tell.

Any Parquet reader reads it. The columns `STREAMS` hold the proposals as bytes
(`equipoise.harness.store.proposal_codes`); in files of format 1, ``proposals`` holds them as lists of numbers
(`equipoise.harness.store.numbering`). They are null where the run is the beginning of the same repeat's run at a
larger budget: the nearest that has any. A stream of zeros is left out. A column of the store that proposals and tables
do not give exactly is there too, as a list per run, null for the runs that need none. Of the overhead of a method only
the sum over a run is kept; it and the CPU time of a run have eight significant bits.
"""

import json
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.harness.core.errors import StoreError
from equipoise.harness.core.registry import load_task
from equipoise.harness.core.suite import Suite
from equipoise.harness.store.numbering import Numbers
from equipoise.harness.store.packed_checks import COLUMNS, check_columns, check_size
from equipoise.harness.store.proposal_codes import NEEDED, STREAMS
from equipoise.harness.store.rebuilt import REBUILT, Architectures, RebuiltRows, as_stored
from equipoise.harness.store.run_file import Summary
from equipoise.harness.store.run_store import RunStore

if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["RUN_COLUMNS", "Chosen", "file_of", "only", "packed_runs", "read_packed"]

Chosen = Mapping[str, frozenset[int]]
"""The repeats of each method, by label."""

WORDS = ["task", "method", "ended", "code"]
RUN_COLUMNS = tuple(COLUMNS)
CHECKSUMS = b"equipoise.numbering"
"""The key of the file's metadata under which the numbering of each task has a checksum."""
PAGE_BYTES = 1 << 26
"""One page per column: a page is compressed by itself."""


def packed_runs(store: RunStore, suite: Suite, chosen: Chosen) -> "pa.Table":
    """Codes runs of a results folder.

    Args:
        store: The results folder.
        suite: Its suite.
        chosen: What is packed.

    Returns:
        A row per run. Whole repeats of a method may be left out of it; the rest keeps its meaning.

    Raises:
        StoreError: A task has further objectives, or a space that is too large; or the store is damaged.
    """
    import pyarrow as pa

    found: dict[str, list[Any]] = {name: [] for name in (*RUN_COLUMNS, *STREAMS, *REBUILT)}
    summaries = {(s.task, s.method, s.budget, s.repeat): s for s in store.summaries().values()}
    checksums = {}
    for task in suite.tasks:
        if any(key[0] == task and key[3] in chosen.get(key[1], ()) for key in summaries):
            checksums[task] = _pack_task(store, suite, task, chosen, summaries, found)
    if not found["task"]:
        raise StoreError(f"{store.path}: no runs to pack")
    keys = zip(found["method"], found["task"], found["repeat"], np.negative(found["budget"]).tolist(), strict=True)
    order = [place for _, place in sorted(zip(keys, range(len(found["task"])), strict=True))]  # what is alike, together
    found = {name: [values[place] for place in order] for name, values in found.items()}
    columns: dict[str, Any] = {}
    for name in RUN_COLUMNS:
        columns[name] = pa.array(found[name])
        if name in WORDS:
            columns[name] = columns[name].dictionary_encode()
        elif name in ("process_seconds", "overhead_seconds"):
            columns[name] = pa.array(_eight_bits(np.array(found[name], np.float32)))
        elif name in ("repeat", "queries"):
            columns[name] = columns[name].cast(pa.int32())
    for name in STREAMS:
        if name in NEEDED or any(text and any(text) for text in found[name]):
            columns[name] = pa.array(found[name], pa.binary())
    for name in REBUILT:
        if any(values is not None for values in found[name]):
            columns[name] = pa.array(found[name], pa.list_(pa.int8() if name == "status" else pa.float64()))
    return pa.table(columns).replace_schema_metadata({CHECKSUMS: json.dumps(checksums)})


def only(runs: "pa.Table", chosen: Chosen) -> "pa.Table":
    """The rows of some repeats of each method."""
    pairs = zip(runs["method"].to_pylist(), runs["repeat"].to_pylist(), strict=True)
    return runs.filter([repeat in chosen.get(label, ()) for label, repeat in pairs])


def file_of(runs: "pa.Table", where: Path) -> "pa.Buffer":
    """The content of the file of packed runs.

    Args:
        runs: A row per run (`packed_runs`).
        where: The results folder, for messages.

    Raises:
        StoreError: There are too many proposals.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    # Brotli's contexts suit the codes: a tenth smaller than zstd.
    options = {
        "compression": "brotli",
        "compression_level": 11,
        "use_dictionary": WORDS,
        "data_page_size": PAGE_BYTES,
        "row_group_size": len(runs),
        "write_page_checksum": True,
    }
    pq.write_table(runs, sink, **options)
    content = sink.getvalue()
    check_size(pq.read_metadata(pa.BufferReader(content)), where)
    return content


def _pack_task(
    store: RunStore,
    suite: Suite,
    name: str,
    chosen: Chosen,
    summaries: Mapping[tuple[str, str, float, int], Summary],
    found: dict[str, list[Any]],
) -> str:
    task = load_task(suite.address(name), suite.protocol.noise)
    frame = store.frame(task=name)
    if any(str(column).startswith("objective:") for column in frame):
        raise StoreError(f"{store.path}: {name} has further objectives; packed runs hold the validation error alone")
    wanted = [repeat in chosen.get(label, ()) for label, repeat in zip(frame["method"], frame["repeat"], strict=True)]
    frame = frame[np.array(wanted, dtype=np.bool_)].reset_index(drop=True)
    rebuild = RebuiltRows(task, suite.budget.unit, Architectures(task.space))
    codes = frame["architecture"].cat.codes.to_numpy(np.int64)
    distinct, place = np.unique(codes, return_inverse=True)
    numbers = rebuild.numbers(frame["architecture"].cat.categories[distinct].tolist())[place]
    labels = [method.label for method in suite.methods]
    runs = [s for key, s in summaries.items() if key[0] == name and s.repeat in chosen.get(s.method, ())]
    runs.sort(key=lambda run: (labels.index(run.method), run.budget, run.repeat))  # as the rows are
    lengths = np.array([run.queries for run in runs], dtype=np.int64)  # zero for a run that ended at its first query
    starts = np.cumsum(lengths) - lengths
    stored, rebuilt = as_stored(frame), rebuild.columns(numbers, lengths)
    overhead = np.zeros(len(runs))
    overhead[lengths > 0] = np.add.reduceat(frame["overhead_seconds"].to_numpy(np.float64), starts[lengths > 0])
    parts = [slice(start, start + length) for start, length in zip(starts.tolist(), lengths.tolist(), strict=True)]
    rows: list[dict[str, Any]] = []
    for run, part, spent in zip(runs, parts, overhead.tolist(), strict=True):
        row = {**vars(run), "overhead_seconds": spent, "proposals": numbers[part]}
        rows.append(row | {column: _unless_rebuilt(column, stored, rebuilt, part) for column in REBUILT})
    _share(rows)
    for label in dict.fromkeys(row["method"] for row in rows):
        own = [row for row in rows if row["method"] == label and row["proposals"] is not None]
        for row, streams in zip(own, rebuild.codes.encode([row["proposals"] for row in own]), strict=True):
            row |= streams
    for row in rows:
        for column, values in found.items():
            values.append(row.get(column))
    return rebuild.codes.checksum


def _eight_bits(seconds: Any) -> Any:
    """Rounds single-precision numbers to eight significant bits: the sixteen lowest are zero and take no space."""
    words = seconds.view(np.uint32)
    return ((words + 0x8000) & 0xFFFF0000).astype(np.uint32).view(np.float32)


def _unless_rebuilt(column: str, stored: Mapping[str, Any], rebuilt: Mapping[str, Any] | None, part: slice) -> Any:
    """The values of a run that are not rebuilt bit for bit; None if they are."""
    values = stored[column][part]
    same = rebuilt is not None and values.tobytes() == rebuilt[column][part].tobytes()
    return None if same else values


def _share(rows: Sequence[dict[str, Any]]) -> None:
    """Drops the proposals of runs that begin those of the same repeat at a larger budget."""
    longer: dict[tuple[str, int], Numbers] = {}
    for row in sorted(rows, key=lambda row: -row["budget"]):
        run, own = (row["method"], row["repeat"]), row["proposals"]
        if run in longer and np.array_equal(longer[run][: len(own)], own):
            row["proposals"] = None
        else:
            longer[run] = own


def read_packed(path: Path) -> "pa.Table":
    """Reads a file of packed runs.

    Raises:
        StoreError: It is missing or damaged, or too large for packed runs.
    """
    import pyarrow.parquet as pq

    try:
        # Dictionaries too where none is written: one in a hostile file would unfold to gigabytes.
        texts = [field.name for field in pq.read_schema(path) if str(field.type) in ("binary", "string")]
        with pq.ParquetFile(path, read_dictionary=texts, page_checksum_verification=True) as file:
            check_size(file.metadata, path)
            table = file.read()
    except StoreError:
        raise
    except Exception as error:  # a damaged file raises anything
        raise StoreError(f"{path}: damaged, or no file of packed runs ({type(error).__name__})") from error
    check_columns(table, path)
    return table
