"""Small archives in the official formats, made with the benchmarks' own classes where those can be had."""

import base64
import bz2
import json
import pickle
import struct
from collections.abc import Iterable, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from nats_bench.api_utils import ArchResults, ResultsCount

from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench_asr import OPERATIONS, NasBenchAsr

SEEDS = {"cifar10-valid": (777, 888, 999), "cifar10": (777, 888), "cifar100": (777,), "ImageNet16-120": (777, 999)}


def made_run(rng: np.random.Generator, trained: str, seed: int, epochs: int) -> ResultsCount:
    """One training with the evaluation splits that the real archives hold, at the epochs at which they hold them."""
    curve = dict(enumerate(rng.uniform(10, 99, epochs).tolist()))
    run = ResultsCount(trained, None, curve, curve, 1.0, 2.0, {"arch_str": "", "class_num": 10}, seed, epochs, [0.1])
    run.update_train_info(curve, None, curve, dict(enumerate(rng.uniform(1, 9, epochs).tolist())))
    every = "x-valid" if trained == "cifar10-valid" else "ori-test"
    accuracies = rng.uniform(10, 99, epochs).tolist()
    values = {f"{every}@{epoch}": value for epoch, value in enumerate(accuracies)}
    run.update_eval(values, values, dict.fromkeys(values, 1.5))
    for split in {"cifar10-valid": ("ori-test",), "cifar10": ()}.get(trained, ("x-valid", "x-test")):
        last = {epochs - 1: float(rng.uniform(10, 99))}
        run.update_OLD_eval(split, last, last)
        run.reset_pseudo_eval_times(split, 2.5)
    return run


def made_results(rng: np.random.Generator, index: int, text: str, epochs: int) -> dict[str, Any]:
    """The state of an ArchResults: every data set, several seeds."""
    results = ArchResults(index, text)
    for trained, seeds in SEEDS.items():
        for seed in seeds:
            results.update(trained, seed, made_run(rng, trained, seed, epochs))
    state: dict[str, Any] = results.state_dict()
    return state


def write_compressed(path: Path, content: Any) -> None:
    path.write_bytes(bz2.compress(pickle.dumps(content, protocol=4), 1))


def made_nats_folder(folder: Path, texts: Sequence[str], evaluated: Iterable[int], epochs: dict[str, int]) -> Path:
    """A fast-mode folder; `epochs` by the name that the archive gives them."""
    folder.mkdir()
    evaluated = list(evaluated)
    write_compressed(folder / "meta.pickle.pbz2", {"meta_archs": list(texts), "evaluated_indexes": set(evaluated)})
    for index in evaluated:
        rng = np.random.default_rng(index)
        stored = {name: made_results(rng, index, texts[index], number) for name, number in epochs.items()}
        write_compressed(folder / f"{index:06d}.pickle.pbz2", stored)
    return folder


def made_metrics(evaluations: Sequence[tuple[float, float, float]]) -> bytes:
    """A ModelMetrics message; an evaluation is (training seconds, validation accuracy, test accuracy)."""
    message = b""
    for epoch, (seconds, validation, test) in enumerate(evaluations):
        doubles = enumerate((float(epoch), seconds, 0.99, validation, test), 1)
        inner = b"".join(bytes([number << 3 | 1]) + struct.pack("<d", value) for number, value in doubles)
        inner += b"\x32\x05a/b-1"  # where the checkpoint lay
        message += b"\x0a" + bytes([len(inner)]) + inner
    return message + b"\x10\xaa\xf6\xe3\x04" + b"\x19" + struct.pack("<d", 12.5)  # parameters, total time


def made_row(space: NasBench101, cell: tuple[int, ...], epochs: object, message: bytes, **changed: object) -> bytes:
    """One line of the NAS-Bench-101 file."""
    matrix, labels = space.matrix(cell)
    row = {
        "hash": space.graph_hash(cell),
        "epochs": epochs,
        "adjacency": "".join(map(str, matrix.ravel())),
        "operations": ",".join(labels),
        "metrics": base64.b64encode(message).decode(),
        **changed,
    }
    return json.dumps(list(row.values())).encode()


def made_asr_file(
    folder: Path, epochs: int, seed: int, cells: Sequence[tuple[int, ...]], header: dict[str, Any] | None = None
) -> Path:
    """A training file of NAS-Bench-ASR: header and rows, one pickle behind the other."""
    space, rng = NasBenchAsr(), np.random.default_rng(seed + epochs)
    stated = {
        "dataset_type": "training",
        "version": 1,
        "epochs": epochs,
        "seed": seed,
        "columns": ["model_hash", "val_per", "test_per", "arch_vec"],
        "search_space": {"shape": [[6, 2], [6, 2, 2], [6, 2, 2, 2]], "ops": list(OPERATIONS), "nodes": 3},
        **(header or {}),
    }
    rows = []
    for cell in cells:
        errors = np.sort(rng.uniform(0.2, 1.0, epochs))[::-1].astype(np.float32) - epochs / 1000
        vector = [tuple(node) for node in json.loads(space.format(cell))]
        rows.append([space.graph_hash(cell), list(errors), float(rng.uniform(0.2, 1.0)), vector])
    path = folder / f"nb-asr-e{epochs}-{seed}.pickle"
    path.write_bytes(pickle.dumps(stated) + pickle.dumps(rows))
    return path
