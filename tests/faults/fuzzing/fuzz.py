"""Feeds the parsers what atheris makes of good files, guided by the branches that it reaches.

    python tests/faults/fuzzing/fuzz.py --seconds 60             # every parser in turn; tox -e fuzz
    python tests/faults/fuzzing/fuzz.py pickle --seconds 600

A parser reads, or raises the project's own error. Anything else is a crash; its input is kept in the folder ``--keep``.
Run files are named as they were before names stated a digest of the bytes: the others are refused without being parsed.
More than 2 GB of memory or 20 s for one input is a crash too.
"""

import argparse
import io
import json
import os
import pickle
import re
import subprocess
import sys
import tempfile
from collections.abc import Callable
from contextlib import suppress
from itertools import islice
from pathlib import Path

import atheris

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))

import numpy as np
import pyarrow.parquet  # noqa: F401 - before the instrumentation, which is for this project's modules

with atheris.instrument_imports(include=["equipoise", "json", "tomllib"]):
    from made import MadeSpace
    from made_manifest import BARE
    from made_runs import made_run

    from equipoise.harness.core.errors import EquipoiseError
    from equipoise.harness.core.sealed import sealed
    from equipoise.harness.core.suite import Suite
    from equipoise.harness.data.npz_arrays import load_npz
    from equipoise.harness.data.unpickle import ARRAYS, NUMPY_SCALARS, ORDERED, load_pickle
    from equipoise.harness.engine.journal_file import JournalFile
    from equipoise.harness.engine.worker import failure_of
    from equipoise.harness.store.overview import overview_of
    from equipoise.harness.store.run_file_reader import check_rows
    from equipoise.harness.store.run_store import RunStore
    from equipoise.harness.tables.header import TableHeader

SUITE = """name = "made"
[budget]
queries = 10
[protocol]
repeats = 2
seed = 0
noise = "mean"
seconds_per_run = 2.5
memory_per_run = "4GB"
[[tasks]]
name = "nasbench201/cifar10"
[[methods]]
name = "random_search"
label = "a"
settings = {replacement = true}
"""
Parser = Callable[[Path], object]


def manifest_of(suite: Suite) -> bytes:
    return json.dumps(sealed({**BARE, "suite": suite.to_dict()})).encode()


def parsers(folder: Path) -> dict[str, tuple[str, Parser, list[bytes]]]:
    """Every parser: the file that it reads in a folder of its own, the function of that file, and good contents."""
    suite_file = folder / "good.toml"
    suite_file.write_text(SUITE)
    suite = Suite.load(suite_file)
    run = RunStore(folder / "good").write([made_run(), made_run(repeat=2)], MadeSpace()).read_bytes()
    journal = JournalFile(folder / "good.jsonl")
    journal.append([((0, 0, 2), None, 0.5, 1.0), ((0, 0, 1), 4, 0.25, 2.0, {"latency": 3.0})])
    arrays = io.BytesIO()
    np.savez_compressed(arrays, a=np.arange(6.0).reshape(2, 3), b=np.array(["x", "yz"]))
    failure = json.dumps(sealed(failure_of(next(iter(suite.runs())), "no"))).encode() + b"\n"
    pickled = {"a": [np.float64(1.5), np.arange(3), "text", (1, 2)], "b": {"c": b"x" * 30, "d": list(range(30))}}
    return {
        "run file": ("runs/old.parquet", check_rows, [run]),
        "manifest": ("manifest.json", lambda path: str(overview_of(path.parent)), [manifest_of(suite)]),
        "failures": ("failures.jsonl", lambda path: RunStore(path.parent).failures(), [failure * 2]),
        "journal": ("a.jsonl", JournalFile, [(folder / "good.jsonl").read_bytes(), b"[[0], null, 0.5, 1.0]\n"]),
        "suite": ("a.toml", lambda path: list(islice(Suite.load(path).runs(), 2)), [SUITE.encode()]),
        "pickle": (
            "a.pkl",
            lambda path: load_pickle(path.read_bytes(), "a", {**NUMPY_SCALARS, **ARRAYS, **ORDERED}),
            [pickle.dumps(pickled, protocol) for protocol in (2, 4)],
        ),
        "npz": ("a.npz", _arrays, [arrays.getvalue()]),
        "table header": ("a.json", lambda path: TableHeader.from_json(path.read_text(errors="replace")), [b"{}"]),
    }


def _arrays(path: Path) -> object:
    with suppress(ValueError):  # what it is documented to raise
        return load_npz(path)
    return None


def fuzz(name: str, seconds: int, keep: Path) -> None:
    """Fuzzes one parser in this process; it ends the process."""
    base = Path("/dev/shm")
    folder = Path(tempfile.mkdtemp(dir=base if base.is_dir() else None))
    file, parse, good = parsers(folder)[name]
    (folder / "corpus").mkdir()
    for number, content in enumerate(good):
        (folder / "corpus" / str(number)).write_bytes(content)
    place = folder / "x" / file
    place.parent.mkdir(parents=True)
    sys.stderr.flush()
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
    said, sys.stderr = sys.stderr, io.StringIO()  # what a parser tells of damage

    def one(content: bytes) -> None:
        place.write_bytes(content)
        try:
            parse(place)
        except EquipoiseError:
            pass
        except BaseException:
            sys.stderr = said
            raise
        sys.stderr.seek(0)
        sys.stderr.truncate()

    options = [f"-max_total_time={seconds}", "-print_final_stats=1", "-rss_limit_mb=2048", "-timeout=20"]
    options += ["-max_len=6000", f"-artifact_prefix={keep}/{name.replace(' ', '-')}-", str(folder / "corpus")]
    atheris.Setup([sys.argv[0], *options], one)
    atheris.Fuzz()


def main() -> None:
    """Prints the executions and crashes of each parser; exits with 1 if there is a crash."""
    with tempfile.TemporaryDirectory() as folder:
        names = list(parsers(Path(folder)))
    asking = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    asking.add_argument("parser", nargs="?", choices=names)
    asking.add_argument("--seconds", type=int, default=60)
    asking.add_argument("--keep", type=Path, default=Path("crashes"))
    asked = asking.parse_args()
    asked.keep.mkdir(parents=True, exist_ok=True)
    if asked.parser:
        fuzz(asked.parser, asked.seconds, asked.keep)
    crashes = 0
    print(f"{'parser':<14} {'executions':>10} {'crashes':>8}")
    for name in names:
        line = [sys.executable, __file__, name, "--seconds", str(asked.seconds), "--keep", str(asked.keep)]
        ran = subprocess.run(line, capture_output=True, text=True, check=False, errors="replace")
        found = re.search(r"number_of_executed_units:\s*(\d+)", ran.stderr)
        crashes += ran.returncode != 0
        print(f"{name:<14} {found[1] if found else '?':>10} {int(ran.returncode != 0):>8}", flush=True)
        if ran.returncode:
            print("\n".join(ran.stderr.splitlines()[-25:]), flush=True)
    sys.exit(crashes > 0)


if __name__ == "__main__":
    main()
