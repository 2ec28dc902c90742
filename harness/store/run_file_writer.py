"""Packs runs, or rows that are at hand, into the bytes and the name of a run file."""

import hashlib
import json
from collections.abc import Iterable, Mapping, Sequence
from functools import lru_cache
from itertools import chain
from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.trajectory import objective_columns
from equipoise.harness.store.run_file import COLUMNS, Run

# pyarrow is imported where it is used: a worker starts to search before it needs to write.
if TYPE_CHECKING:
    import pyarrow as pa

__all__ = ["file_name", "packed", "packed_table"]

MOST_TEXTS = 1 << 16
"""Texts of a space that are kept, about 15 MB; all are forgotten beyond."""

RANGES = ["task", "method", "budget", "repeat", "query"]
"""Columns of which a file states the range, so that a reader can skip it. Ranges of all take a third of the writing."""

TEXTS = [name for name, kind in COLUMNS.items() if kind == "text"]


def packed(runs: Sequence[Run], space: SearchSpace) -> "pa.Buffer":
    """Packs runs into the bytes of a run file.

    Args:
        runs: At least one.
        space: Formats the architectures.
    """
    return packed_table(_table(runs, space), [vars(run.summary()) for run in runs])


def packed_table(table: "pa.Table", summaries: Sequence[Mapping[str, Any]]) -> "pa.Buffer":
    """Packs rows that are at hand as a table.

    Args:
        table: The rows of some runs, one run after the other.
        summaries: The summaries of these runs, in the same order.
    """
    import pyarrow as pa
    import pyarrow.parquet as pq

    sink = pa.BufferOutputStream()
    table = table.replace_schema_metadata({"equipoise": json.dumps(list(summaries))})
    options: dict[str, Any] = {"use_dictionary": TEXTS, "write_statistics": RANGES, "write_page_checksum": True}
    pq.write_table(table, sink, compression="zstd", **options)
    return sink.getvalue()


def file_name(run_ids: Sequence[str], content: "bytes | pa.Buffer") -> str:
    """Names a run file by its first and last run, their number, and 16 hexadecimal digits of SHA-256 of its bytes.

    Args:
        run_ids: Of the runs in it, in their order.
        content: Its bytes.
    """
    digest = hashlib.sha256(content).hexdigest()[:16]
    return f"{run_ids[0]}-{run_ids[-1][:8]}-{len(run_ids)}-{digest}.parquet"


def _table(runs: Sequence[Run], space: SearchSpace) -> "pa.Table":
    import pyarrow as pa

    counts = [len(run.trajectory) for run in runs]
    arrays: dict[str, Any] = {
        "task": _repeated([run.spec.task for run in runs], counts),
        "method": _repeated([run.spec.label for run in runs], counts),
        "budget": pa.array(np.repeat([run.spec.budget.limit for run in runs], counts), "float64"),
        "repeat": pa.array(np.repeat([run.spec.repeat for run in runs], counts), "int32"),
        "query": pa.array(np.concatenate([np.arange(1, count + 1) for count in counts]), "int32"),
    }
    for name, kind in COLUMNS.items():
        if name not in arrays:
            entries = chain.from_iterable(getattr(run.trajectory, name) for run in runs)
            if kind == "text":
                codes = _Codes()
                indices = pa.array(np.fromiter(map(codes.__getitem__, entries), np.int32, sum(counts)))
                words = _formatted(codes, space) if name == "architecture" else codes
                arrays[name] = pa.DictionaryArray.from_arrays(indices, pa.array(list(words), pa.string()))
            else:
                arrays[name] = pa.array(list(entries), kind)
    for name, column in objective_columns([row for run in runs for row in run.trajectory.objectives]).items():
        arrays[name] = pa.array(column, "float64")
    return pa.table(arrays)


def _repeated(texts: Sequence[str], counts: Sequence[int]) -> "pa.DictionaryArray":
    """A column of one text per run, each repeated for the rows of its run."""
    import pyarrow as pa

    codes = _Codes()
    numbers = [codes[text] if count else 0 for text, count in zip(texts, counts, strict=True)]
    indices = np.repeat(np.array(numbers, np.int32), counts)
    return pa.DictionaryArray.from_arrays(pa.array(indices), pa.array(list(codes), pa.string()))


def _formatted(architectures: Iterable[Architecture], space: SearchSpace) -> list[str]:
    """The texts of architectures; those of one space come again from file to file, so they are kept."""
    texts = _texts(space)
    if len(texts) >= MOST_TEXTS:
        texts.clear()
    return [texts.get(one) or texts.setdefault(one, space.format(one)) for one in architectures]


@lru_cache(maxsize=4)
def _texts(_: SearchSpace) -> dict[Architecture, str]:
    """Architecture to text, kept for all files that a worker writes of one space."""
    return {}


class _Codes(dict[Any, int]):
    """Numbers values in the order in which they are first asked for."""

    def __missing__(self, value: Any) -> int:
        self[value] = code = len(self)
        return code
