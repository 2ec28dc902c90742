"""Files of every kind that is read back, and what their readers make of damage to them.

A kind writes a good file and reads it. A reader gives what it found, and what it told; it raises the project's own
error where it refuses. What is found in a damaged file must be what is in the good one, or a part of it that is told.
"""

import io
import json
import logging
import os
import pickle
import tarfile
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager, redirect_stderr
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pyarrow as pa
from made import MadeSpace
from made_manifest import BARE
from made_runs import made_run

from equipoise.harness.core.errors import EquipoiseError
from equipoise.harness.core.sealed import KEY, sealed
from equipoise.harness.data.cache import open_columns
from equipoise.harness.engine.journal_file import JournalFile
from equipoise.harness.engine.worker import failure_of
from equipoise.harness.store.manifest_file import read_manifest
from equipoise.harness.store.run_file_reader import check_rows
from equipoise.harness.store.run_store import RunStore
from equipoise.harness.tables.table import open_table, peek
from equipoise.harness.training.cifar import Layout, read_cifar
from equipoise.harness.training.piece import packed_piece, rows_of_piece

__all__ = ["KINDS", "Kind", "Tally", "flip"]


@dataclass(frozen=True)
class Kind:
    """A kind of file.

    Attributes:
        name: Its name.
        write: Writes a good file into a folder; returns its path.
        read: Reads it, as text that tells every value.
        part: Whether a told part of what the good file holds may be found in a damaged one.
        step: Which bytes "every byte" means; more than 1 for long files that are alike everywhere.
    """

    name: str
    write: Callable[[Path], Path]
    read: Callable[[Path], Sequence[str]]
    part: bool = False
    step: int = 1


@dataclass
class Tally:
    """Counts of damaged files by what their readers made of them.

    Attributes:
        refused: The project's own error, which names the file.
        told: Set aside, or read in part, and told in a line that names the file.
        same: Everything that was read is as in the good file.
        wrong: Something else was read, or a part without a word.
        tracebacks: Another exception.
    """

    refused: int = 0
    told: int = 0
    same: int = 0
    wrong: list[str] = field(default_factory=list)
    tracebacks: list[str] = field(default_factory=list)

    @property
    def tried(self) -> int:
        """The number of damaged files."""
        return self.refused + self.told + self.same + len(self.wrong) + len(self.tracebacks)


def flip(kind: Kind, folder: Path, step: int = 1) -> Tally:
    """Changes each `step`-th byte of a file, all its bits and then one of them, and reads.

    Args:
        kind: The kind of file.
        folder: An empty one.
        step: 1 for every byte; the bit that is changed alone goes through all eight from byte to byte.
    """
    path = kind.write(folder)
    whole, tally = path.read_bytes(), Tally()
    good, told = _read(kind, path)
    assert not told, told
    for place in range(0, len(whole), step):
        for number, mask in enumerate((0xFF, 1 << (place // step) % 8)):
            content = bytearray(whole)
            content[place] ^= mask
            path.write_bytes(content)
            os.utime(path, ns=(0, 2 * place + number))  # another state of the file, whatever the clock shows
            _count(tally, kind, path, good, f"byte {place} ^ {mask:#04x}")
    return tally


def _count(tally: Tally, kind: Kind, path: Path, good: Sequence[str], where: str) -> None:
    try:
        found, told = _read(kind, path)
    except EquipoiseError as error:
        if path.name in str(error) and "\n" not in str(error):
            tally.refused += 1
        else:
            tally.wrong.append(f"{kind.name}, {where}: the error is {error}")
    except BaseException as error:
        tally.tracebacks.append(f"{kind.name}, {where}: {error!r}")
    else:
        if found == good:
            tally.same += 1
        elif kind.part and set(found) <= set(good) and path.name in told and told.count("\n") >= 1:
            tally.told += 1
        else:
            tally.wrong.append(f"{kind.name}, {where}: found {str(found)[:200]}, told {told!r}")


def _read(kind: Kind, path: Path) -> tuple[Sequence[str], str]:
    with redirect_stderr(io.StringIO()) as said, _logged(said):
        found = kind.read(path)
    return found, said.getvalue()


@contextmanager
def _logged(sink: io.StringIO) -> Iterator[None]:
    log, handler = logging.getLogger("equipoise"), logging.StreamHandler(sink)
    log.addHandler(handler)
    try:
        yield
    finally:
        log.removeHandler(handler)


# Kinds.


def _run_file(folder: Path) -> Path:
    return RunStore(folder).write([made_run(), made_run(repeat=2)], MadeSpace())


def _rows(path: Path) -> Sequence[str]:
    store = RunStore(path.parent.parent)
    return [*map(str, store.summaries().values()), store.frame().to_csv()]


def _former_run_file(folder: Path) -> Path:
    """As it was named before names stated a digest: nothing covers its footer."""
    path = _run_file(folder)
    return path.rename(path.with_name(f"{path.stem[:-17]}.parquet"))


def _former_rows(path: Path) -> Sequence[str]:
    check_rows(path)
    return [RunStore(path.parent.parent).frame().to_csv()]


def _set_aside(path: Path) -> Sequence[str]:
    """As ``run`` does at its start; a damaged file is moved away and told."""
    store = RunStore(path.parent.parent)
    said = store.drop_damaged()
    for line in said:
        logging.getLogger("equipoise").warning("%s", line)
    if said:
        assert path.with_suffix(".damaged").exists()
        assert not path.exists()
    return [*map(str, store.summaries().values())]


def _journal(folder: Path) -> Path:
    path = folder / "run.jsonl"
    journal = JournalFile(path)
    journal.append(
        [((0, 0, 2), None, 0.5, 1.0), ((0, 0, 1), 4, 0.25, 2.0, {"latency": 3.0}), ((1, 1, 0), 4, 0.75, 9.5)]
    )
    return path


def _entries(path: Path) -> Sequence[str]:
    whole = path.read_bytes()
    found = [json.dumps(entry) for entry in JournalFile(path).entries]
    if len(found) < 3 and whole[-1:] != b"\n":  # as a crash cuts it off
        logging.getLogger("equipoise").warning("%s: cut off", path)
    assert [json.dumps(entry) for entry in JournalFile(path).entries] == found  # the tail was dropped
    return found


def _checkpoint(finished: bool) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        import torch

        from equipoise.harness.training.checkpoints import Checkpoint, Curve

        state = {"weights": torch.arange(64.0), "epochs_done": 1}
        curve = Curve([0.5, 0.4], [0.3, 0.2], [1.5, 1.6], 0.25) if finished else Curve([0.5], [0.3], [1.5], None, state)
        Checkpoint(folder, "a cell").write(curve)
        (path,) = folder.glob("*.pt")
        return path

    return write


def _curve(path: Path) -> Sequence[str]:
    from equipoise.harness.training.checkpoints import Checkpoint, Curve

    curve = Checkpoint(path.parent, "a cell").read()
    return [] if curve == Curve() else [str(vars(curve))]


def _manifest(folder: Path) -> Path:
    suite = {"name": "made", "tasks": [{"name": "a"}], "methods": [{"name": "m"}], "budget": {"queries": 10}}
    RunStore(folder).write_manifest({**BARE, "suite": suite, "machine": {"cores": 2, "seconds": 0.25}})
    return folder / "manifest.json"


def _keys(path: Path) -> Sequence[str]:
    """The content; a damaged name of the checksum leaves all else as it was."""
    content = dict(read_manifest(path) or {})
    kept = {key: content[key] for key in (*BARE, "suite") if key in content}
    more = [value for key, value in content.items() if key not in kept]
    assert not more or (len(more) == 1 and sealed(kept)[KEY] == more[0])
    return [json.dumps(kept, sort_keys=True)]


def _failures(folder: Path) -> Path:
    for repeat in (1, 2, 3):
        RunStore(folder).record_failure(failure_of(made_run(repeat=repeat).spec, "an error"))
    return folder / "failures.jsonl"


def _failed(path: Path) -> Sequence[str]:
    names = ("run_id", "task", "method", "budget", "repeat", "error", "traceback", "at")
    return [str([failure[name] for name in names]) for failure in RunStore(path.parent).failures()]


COLUMNS = {"values": np.arange(12.0), "more": np.eye(3)}


def _entry(name: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        os.environ["EQUIPOISE_CACHE"] = str(folder)
        open_columns("a", "d" * 64, lambda: COLUMNS)
        (path,) = folder.glob(f"a-*/{name}")
        return path

    return write


def _columns(path: Path) -> Sequence[str]:
    """Builds the entry again where it is damaged."""
    return [f"{name} {values.tolist()}" for name, values in open_columns("a", "d" * 64, lambda: COLUMNS).items()]


def _note(folder: Path) -> Path:
    import made_tables

    os.environ["EQUIPOISE_CACHE"] = str(folder / "cache")
    table = made_tables.write(folder / "t.csv", made_tables.rows())
    peek(table)
    (path,) = (folder / "cache" / "seen").glob("*.json")
    return path


def _noted(path: Path) -> Sequence[str]:
    header, digest = peek(path.parents[2] / "t.csv")
    return [header.to_json(), digest]


def _table(name: str) -> Callable[[Path], Path]:
    def write(folder: Path) -> Path:
        import made_tables

        os.environ["EQUIPOISE_CACHE"] = str(folder / "cache")
        return made_tables.write(folder / name, made_tables.rows())

    return write


def _opened(path: Path) -> Sequence[str]:
    """Whatever is in a user's table is taken for what the user means: another digest makes it another table."""
    open_table(path)
    return []


ROWS = {"architecture": ["a", "b"], "epoch": [1, 2], "validation_error": [0.25, 0.5], "test_error": [None, 0.75]}


def _piece(folder: Path) -> Path:
    path = folder / "0000000-2.parquet"
    path.write_bytes(packed_piece(pa.table(ROWS), "d" * 64, "2.0"))
    return path


def _scores(folder: Path) -> Path:
    path = folder / "scores-0000000.json"
    path.write_text(json.dumps(sealed({"digest": "d" * 64, "rows": [{"synflow": 0.25}, {"synflow": 1.5}]})))
    return path


def _scored(path: Path) -> Sequence[str]:
    from equipoise.harness.training.score_table import _rows

    return list(map(str, _rows(path, "d" * 64)))


LAYOUT = Layout(("a/train",), "a/test", b"labels", 10)


def _images(folder: Path) -> Path:
    rng, path = np.random.default_rng(0), folder / "cifar.tar.gz"
    with tarfile.open(path, "w:gz") as archive:
        for name in ("a/train", "a/test"):
            images = rng.integers(0, 3, (4, 3072), dtype=np.uint8)
            content = pickle.dumps({b"data": images, b"labels": [0, 1, 2, 3]}, 3)
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return path


def _pixels(path: Path) -> Sequence[str]:
    return [f"{name} {values.tolist()}" for name, values in read_cifar(path, LAYOUT).items()]


KINDS = (
    Kind("run file, read", _run_file, _rows),
    Kind("run file of a former version", _former_run_file, _former_rows),
    Kind("run file, at the start of a run", _run_file, _set_aside, part=True),
    Kind("journal", _journal, _entries, part=True),
    Kind("finished curve", _checkpoint(True), _curve, part=True),
    Kind("unfinished checkpoint", _checkpoint(False), _curve, part=True),
    Kind("manifest", _manifest, _keys),
    Kind("failures", _failures, _failed, part=True),
    Kind("cached column", _entry("values.npy"), _columns),
    Kind("list of cached columns", _entry("meta.json"), _columns),
    Kind("note of a table", _note, _noted),
    Kind("piece of a trained table", _piece, lambda path: list(map(str, rows_of_piece(path, "d" * 64)))),
    Kind("piece of scores", _scores, _scored),
    Kind("archive of images", _images, _pixels, step=23),
    Kind("user's table, Parquet", _table("t.parquet"), _opened, step=7),
    Kind("user's table, CSV", _table("t.csv"), _opened),
    Kind("user's table, gzipped CSV", _table("t.csv.gz"), _opened),
)
