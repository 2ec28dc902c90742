"""Attacks by files that somebody else may have written, and by names and places."""

import bz2
import json
import os
import socket
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from attack_tools import Outcome, call, run, start, suite

from equipoise.harness.store.run_store import RunStore


def pickles(outcome: Outcome, folder: Path) -> None:
    """Archives like those of NATS-Bench whose pickles take bytes for objects."""
    from equipoise.harness.data.official.nats_bench import META

    objects = b"cnumpy\ndtype\n(U\x01OI00\nI01\ntR(K\x03U\x01|NNNJ\xff\xff\xff\xffJ\xff\xff\xff\xffK\x00tb"
    forms = {
        "scalar": b"\x80\x03cnumpy.core.multiarray\nscalar\n(" + objects + b"C\x08AAAAAAAAtR.",
        "ndarray": b"\x80\x03cnumpy\nndarray\n((K\x01t" + objects + b"C\x08AAAAAAAAtR.",
        "reconstruct": b"\x80\x03cnumpy.core.multiarray\n_reconstruct\n(cnumpy\nndarray\n(K\x00tC\x01btR(K\x01(K\x01t"
        + objects + b"I00\nC\x08AAAAAAAAtb.",
        "buffer": b"\x80\x03cnumpy.core.numeric\n_frombuffer\n(C\x08AAAAAAAA" + objects + b"(K\x01tU\x01CtR.",
        "system": b"cos\nsystem\n(U\x0dtouch harmedtR.",
    }  # fmt: skip
    for form, content in forms.items():
        archive = folder / f"NATS-tss-{form}-simple"
        archive.mkdir()
        (archive / META).write_bytes(bz2.compress(content))
        outcome.judge(call(folder, "data", "import", archive.name), [2], "not a readable pickle|not on the allow-list")
        file = folder / f"NAS-Bench-201-v1_1-{form}.pth"
        file.write_bytes(content)
        outcome.judge(call(folder, "data", "import", file.name), [2], "not a readable|not on the allow-list|no .*pth")
    outcome.expect(not (folder / "harmed").exists(), "a pickle called os.system")


def caches(outcome: Outcome, folder: Path) -> None:
    """A column of 3 MB, damaged in 48 places; lists of columns that are odd."""
    from equipoise.harness.data.cache import open_columns

    outcome.flips(folder, **{"cached column": 1, "list of cached columns": 1})
    os.environ["EQUIPOISE_CACHE"] = str(folder / "cache")
    good = np.arange(400_000.0)

    def opened() -> bool:
        return bool(np.array_equal(open_columns("a", "d" * 64, lambda: {"values": good})["values"], good))

    opened()
    (entry,) = (folder / "cache").glob("a-*")
    size = (entry / "values.npy").stat().st_size
    for place in np.linspace(200, size - 1, 48).astype(int).tolist():
        with (entry / "values.npy").open("r+b") as file:
            file.seek(place)
            byte = file.read(1)[0]
            file.seek(place)
            file.write(bytes([byte ^ 16]))
        outcome.expect(opened(), f"a column with byte {place} changed was used", loud=True)
    for text in ('{"files": {}}', '{"files": []}', "[]", "7", "", '{"files": {"values": 3}}', "[" * 100_000):
        (entry / "meta.json").write_text(text)
        outcome.expect(opened(), f"meta.json {text[:20]} was used", loud=True)


def greedy(outcome: Outcome, folder: Path) -> None:
    """Small files that state large sizes; no command may take more than 500 MB."""
    import io
    import zipfile

    pickled = {
        "memo": b"\x80\x03Nr\xf0\xff\xff\x10.",
        "bytes": b"\x80\x04B\xff\xff\xff\xeeabc.",
        "text": b"\x80\x04\x8d\x00\x00\x00\xff\x01\x00\x00\x00abc.",
        "array": b"\x80\x03cnumpy\nndarray\n((J\xff\xff\xff\x7ftU\x02f8tR.",
    }
    for name, content in pickled.items():
        (folder / f"NAS-Bench-201-v1_1-{name}.pth").write_bytes(content)
        weigh(outcome, folder, r"\.pth", "data", "import", f"NAS-Bench-201-v1_1-{name}.pth")
    array, sink = io.BytesIO(), io.BytesIO()
    np.lib.format.write_array_header_1_0(array, {"descr": "|u1", "fortran_order": False, "shape": (1 << 30,)})
    with (
        zipfile.ZipFile(sink, "w", zipfile.ZIP_DEFLATED) as archive,
        archive.open("train_x.npy", "w", force_zip64=True) as file,
    ):
        file.write(array.getvalue())
        for _ in range(1 << 10):  # a process that is started counts what this one has held
            file.write(bytes(1 << 20))
    (folder / "images.npz").write_bytes(sink.getvalue())
    for name, words in (("npz:images.npz", "no readable image archive"), ("fashion14?epochs=999999999999", "epochs")):
        suite(folder, "random_search", task=f"training/nasbench201/{name}")
        weigh(outcome, folder, words, "run", "suite.toml", "--out", "out")


def weigh(outcome: Outcome, folder: Path, words: str, *command: str) -> None:
    """Runs a command that must refuse, and looks at the memory that it took."""
    process = start(folder, *command)
    assert process.stderr is not None
    said = process.stderr.read()
    _, status, used = os.wait4(process.pid, 0)
    process.returncode = os.waitstatus_to_exitcode(status)
    outcome.judge(subprocess.CompletedProcess(process.args, process.returncode, "", said), [2], words)
    outcome.expect(used.ru_maxrss < 500_000, f"{' '.join(command)} took {used.ru_maxrss / 1e6:.2f} GB")


def strange(outcome: Outcome, folder: Path) -> None:
    """Suites, headers and manifests that are deep, huge or of other kinds."""
    for number, text in enumerate(
        (
            "a = " + "[" * 100_000,
            "a = " + "1" * 5000,
            "a = {b = " * 3000,
            "name = 'x'\nbudget = 1",
            "\0",
            "name = 1e400",
        )
    ):
        (folder / f"{number}.toml").write_text(text)
        outcome.judge(call(folder, "run", f"{number}.toml", "--out", "x"), [2], rf"{number}\.toml|suite")
    for text in ("[" * 100_000, '{"format": ' + "1" * 5000 + "}", "{}", "nul"):
        (folder / "t.csv").write_text(f"# {text}\narchitecture,validation_error\n")
        outcome.judge(call(folder, "data", "verify", "t.csv"), [2], r"t\.csv")
    for name in ("x" * 5000, "table:" + "x" * 5000 + ".csv", "x" * 300 + ".py"):
        outcome.judge(call(folder, "check", "task", name), [1, 2], "x")
    suite(folder, "random_search")
    run(folder)
    path = folder / "out" / "manifest.json"
    whole = json.loads(path.read_text())
    del whole["checksum"]
    for key in ("suite", "methods", "tasks", "left_out", "machine"):
        for value in (None, 7, [7], {"a": 7}):
            path.write_text(json.dumps({**whole, key: value}))
            command = ("status", "report", "verify")[len(key) % 3]
            outcome.judge(call(folder, command, "out"), [0, 1, 2], r"manifest\.json" if key == "suite" else "")
    path.write_text("[" * 100_000)
    for command in ("status", "report", "verify", "plan"):
        outcome.judge(call(folder, command, "out"), [2], r"manifest\.json")


def names(*given: str, label: bool = False) -> Callable[[Outcome, Path], None]:
    """Names of suites that are paths, or labels that hold what cannot be printed."""

    def attack(outcome: Outcome, folder: Path) -> None:
        inside = folder / "a" / "b"
        inside.mkdir(parents=True)
        for name in given:
            suite(inside, "random_search", name=json.dumps(name))
            if not label:
                outcome.judge(call(inside, "run", "suite.toml"), [2], "name")
                left = [path.name for path in (folder / "a", folder) for path in path.iterdir() if path.name[0] == "x"]
                outcome.expect((not left and not Path(name).is_absolute()) or not Path(name).exists(), f"wrote {left}")
                continue
            text = (inside / "suite.toml").read_text()
            for odd in (r"\u0000", r"\u001b[31m", r"\n", r"\u202e"):
                (inside / "suite.toml").write_text(text.replace('label = "', f'label = "{odd}', 1))
                outcome.judge(run(inside), [2], "label")

    return attack


def listens(outcome: Outcome, folder: Path) -> None:
    """Open ports of a SLURM cluster, a scheduler that is not there, and a machine without SLURM."""
    suite(folder, "random_search")
    outcome.judge(run(folder, "--cluster", "tcp://127.0.0.1:9"), [2], "nobody answers there")
    bare, absent = {"PATH": str(folder)}, "no sbatch on this machine"
    outcome.judge(call(folder, "run", "suite.toml", "--cluster", "slurm", **bare), [2], absent)
    outcome.judge(call(folder, "sbatch", "suite.toml", "--time", "1:00", "--submit", **bare), [2], absent)
    (folder / "bin").mkdir()
    fake = folder / "bin" / "sbatch"
    fake.write_text("#!/bin/sh\necho Submitted batch job 7\n")
    fake.chmod(0o755)
    (folder / "cluster.toml").write_text("[equipoise]\nminutes-without-worker = 0.2\n[jobqueue.slurm]\ncores = 1\n")
    more = ("--cluster", "slurm", "--cluster-config", "cluster.toml")
    path = os.pathsep.join([str(folder / "bin"), os.environ["PATH"]])
    process = start(folder, "run", "suite.toml", "--out", "out", "--workers", "1", *more, PATH=path)
    seen: set[str] = set()
    while process.poll() is None:
        seen |= listening(process.pid)
        time.sleep(0.2)
    out, said = process.communicate()
    ran = subprocess.CompletedProcess(process.args, process.returncode, out, said)
    outcome.judge(ran, [2], "no worker for 0.2 minutes")
    outcome.expect(bool(seen), "no port was seen")
    outcome.expect(not seen & {"0.0.0.0", "::"}, f"listens on {seen}")


def listening(process: int) -> set[str]:
    """The addresses on which a process listens."""
    try:
        sockets = {os.readlink(path) for path in Path(f"/proc/{process}/fd").iterdir()}
        lines = Path(f"/proc/{process}/net/tcp").read_text().splitlines()[1:]
        six = Path(f"/proc/{process}/net/tcp6").read_text().splitlines()[1:]
    except OSError:
        return set()
    found = set()
    for line in (*lines, *six):
        fields = line.split()
        if fields[3] == "0A" and f"socket:[{fields[9]}]" in sockets:
            address = fields[1].partition(":")[0]
            if len(address) > 8:
                found.add("::" if int(address, 16) == 0 else address)
            else:
                found.add(socket.inet_ntoa(int(address, 16).to_bytes(4, sys.byteorder)))
    return found


def truncations(outcome: Outcome, folder: Path) -> None:
    """Run files cut off at 300 places, then one by the command."""
    suite(folder, "random_search")
    run(folder)
    store = RunStore(folder / "out")
    part = store.parts()[0]
    whole = part.read_bytes()
    for size in np.linspace(0, len(whole) - 1, 300).astype(int).tolist():
        part.write_bytes(whole[:size])
        said = store.drop_damaged()
        told = len(said) == 1 and part.name in said[0] and not part.exists()
        outcome.expect(told, f"cut to {size} bytes: {said}", loud=True)
    part.write_bytes(whole[:-9])
    outcome.judge(run(folder), [0], "moved aside, its runs are repeated")
