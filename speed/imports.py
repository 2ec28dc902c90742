"""Time and peak memory of importing official archives, on synthetic ones of the real shape and size.

Run ``python speed/imports.py nats`` (15,625 cells, 1.5 GB of temporary files, several minutes), ``... nasbench101``
(20,000 cells in 240,000 records) or ``... pth`` (200 cells, read by us and by ``torch.load``). A second argument sets
the number of cells. Each reading runs in a separate process; its peak memory includes the interpreter.

Measured on two busy cores (processor time, peak memory): the archive of 15,625 cells 261 s, 234 MB, including writing
and checking three tables; 240,000 records of NAS-Bench-101 20 s; a ``.pth`` of 200 and of 600 cells 177 and 191 MB,
4.6 and 17 s, where ``torch.load`` takes 525 and 1,123 MB.
"""

import base64
import bz2
import json
import pickle
import struct
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from itertools import islice
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.harness.data.official import tfrecord
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201

TEMPLATES = 16
SEEDS = {"cifar10-valid": (777, 888, 999), "cifar10": (777, 888), "cifar100": (777, 888), "ImageNet16-120": (777, 888)}

MEASURE = """
import resource, sys, time
sys.path.insert(0, sys.argv[3])
from pathlib import Path
from importlib import import_module
if sys.argv[1] == "import":
    from equipoise.harness.benchmarks._official import import_archive
    read = lambda path: len(import_archive(path))
elif sys.argv[1] == "torch":
    import torch
    read = lambda path: len(torch.load(path, weights_only=False)["arch2infos"])
else:
    records = import_module(f"equipoise.harness.data.official.{sys.argv[1]}").records
    read = lambda path: sum(1 for _ in records(path))
start = time.perf_counter()
number = read(Path(sys.argv[2]))
used = resource.getrusage(resource.RUSAGE_SELF)
# Not ru_maxrss: it begins at what the parent had when it made this process.
peak = next(int(line.split()[1]) for line in open("/proc/self/status") if line.startswith("VmHWM"))
print(f"{number} read in {used.ru_utime + used.ru_stime:.1f} s of processor time "
      f"({time.perf_counter() - start:.1f} s passed), peak {peak / 1024:.0f} MB")
"""


def synthetic_run(rng: np.random.Generator, trained: str, seed: int, epochs: int, text: str) -> dict[str, Any]:
    """The state of one training, with the dictionaries of the real archives; accuracies rise with the epochs."""

    def curve(low: float, high: float) -> list[float]:
        return (np.sort(rng.uniform(low, high, epochs))).tolist()

    every = "x-valid" if trained == "cifar10-valid" else "ori-test"
    last = {"cifar10-valid": ("ori-test",), "cifar10": ()}.get(trained, ("x-valid", "x-test"))
    top = 40 + 50 * epochs / (epochs + 20)
    accuracies = {f"{every}@{epoch}": value for epoch, value in enumerate(curve(10, top))}
    accuracies |= {f"{split}@{epochs - 1}": float(rng.uniform(top - 10, top)) for split in last}
    return {
        "name": trained,
        "net_state_dict": None,
        "train_acc1es": dict(enumerate(curve(10, 100))),
        "train_acc5es": dict(enumerate(curve(10, 100))),
        "train_losses": dict(enumerate(curve(0, 2))),
        "train_times": dict(enumerate(rng.uniform(10, 11, epochs).tolist())),
        "arch_config": {"channel": 16, "num_cells": 5, "arch_str": text, "class_num": 10},
        "params": 1.0,
        "flop": 100.0,
        "seed": seed,
        "epochs": epochs,
        "latency": [0.01],
        "eval_names": [every, *last],
        "eval_acc1es": accuracies,
        "eval_losses": dict(accuracies),
        "eval_times": {f"{split}@{epoch}": 1.5 for split in (every, *last) for epoch in range(epochs)},
    }


def synthetic_results(rng: np.random.Generator, text: str, epochs: int) -> dict[str, Any]:
    """The state of all trainings of an architecture with one number of epochs."""
    runs = {(t, seed): synthetic_run(rng, t, seed, epochs, text) for t, seeds in SEEDS.items() for seed in seeds}
    seeds = {trained: list(found) for trained, found in SEEDS.items()}
    return {"arch_index": 0, "arch_str": text, "all_results": runs, "dataset_seed": seeds, "clear_net_done": True}


def synthetic_nats(folder: Path, cells: int) -> Path:
    """A fast-mode folder. Compressed files may have several streams: the common part is compressed only once."""
    space, mark = NasBench201(), "?" * 40
    texts = [space.format(cell) for cell in islice(space.enumerate(), cells)]
    templates = []
    for number in range(TEMPLATES):
        rng = np.random.default_rng(number)
        content = {str(epochs): synthetic_results(rng, mark, epochs) for epochs in (12, 200)}
        parts = pickle.dumps(content, protocol=3).split(b"X" + struct.pack("<I", len(mark)) + mark.encode())
        templates.append([bz2.compress(part) for part in parts])
    for index, text in enumerate(texts):
        name = bz2.compress(b"X" + struct.pack("<I", len(text)) + text.encode())
        (folder / f"{index:06d}.pickle.pbz2").write_bytes(name.join(templates[index % TEMPLATES]))
    meta = {"meta_archs": texts, "evaluated_indexes": set(range(len(texts)))}
    (folder / "meta.pickle.pbz2").write_bytes(bz2.compress(pickle.dumps(meta)))
    return folder


def synthetic_tfrecord(path: Path, cells: int) -> Path:
    """Twelve records per cell, as in the full file."""
    space, rng = NasBench101(), np.random.default_rng(0)

    def rows() -> Iterator[bytes]:
        for number in np.linspace(0, space.size - 1, cells).astype(int).tolist():
            cell = space.representative(number)
            matrix, labels = space.matrix(cell)
            head = space.graph_hash(cell), "".join(map(str, matrix.ravel().tolist())), ",".join(labels)
            for epochs in (4, 12, 36, 108) * 3:
                values = struct.pack("<bdbdbdbdbd", 9, 1.0, 17, 10.0 * epochs, 25, 0.99, 33, rng.random(), 41, 0.9)
                message = (b"\x0a" + bytes([len(values)]) + values) * 3 + b"\x10\xaa\xf6\xe3\x04"
                row = [head[0], epochs, head[1], head[2], base64.b64encode(message).decode()]
                yield json.dumps(row).encode()

    with path.open("wb") as file:
        made = rows()
        while batch := list(islice(made, 4_096)):
            file.write(tfrecord.framed(batch))
    return path


def synthetic_pth(path: Path, cells: int) -> Path:
    """The container that torch wrote before 1.6, without torch."""
    space = NasBench201()
    texts = [space.format(cell) for cell in islice(space.enumerate(), cells)]
    stored = {}
    for index, text in enumerate(texts):
        rng = np.random.default_rng(index)
        stored[index] = {"full": synthetic_results(rng, text, 200), "less": synthetic_results(rng, text, 12)}
    content = {"meta_archs": texts, "arch2infos": stored, "evaluated_indexes": set(range(cells))}
    machine = {"protocol_version": 1001, "little_endian": True, "type_sizes": {"short": 2, "int": 4, "long": 4}}
    with path.open("wb") as file:
        for part in (0x1950A86A20F9469CFC6C, 1001, machine, content, []):
            pickle.dump(part, file, protocol=2)
    return path


def report(how: str, path: Path) -> None:
    """Reads an archive in a separate process and prints its time and memory."""
    root = str(Path(__file__).resolve().parent.parent)
    answer = subprocess.run(
        [sys.executable, "-c", MEASURE, how, str(path), root], capture_output=True, text=True, check=True
    )
    print(f"{how:<12} {path.name:<28} {answer.stdout.strip()}", flush=True)


def main(kind: str, cells: int | None) -> None:
    """Makes one archive and reads it."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch)
        if kind == "nats":
            (archive := folder / "NATS-tss-simple").mkdir()
            synthetic_nats(archive, cells or 15_625)
            size = sum(file.stat().st_size for file in archive.iterdir())
            print(f"a made archive of {cells or 15_625} cells, {size / 1e9:.2f} GB", flush=True)
            report("nats_bench" if cells else "import", archive)
        elif kind == "nasbench101":
            report("nasbench101", synthetic_tfrecord(folder / "synthetic.tfrecord", cells or 20_000))
        else:
            archive = synthetic_pth(folder / "synthetic.pth", cells or 200)
            print(f"a made file of {cells or 200} cells, {archive.stat().st_size / 1e6:.0f} MB", flush=True)
            report("nasbench201", archive)
            report("torch", archive)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]) if len(sys.argv) > 2 else None)
