"""A cache that several processes build at once, one of them killed."""

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

BUILDER = """
import sys, time
import numpy as np
from equipoise.harness.data.cache import open_columns

def build():
    time.sleep(float(sys.argv[1]))
    return {"values": np.arange(300_000.0)}

print(open_columns("a", "d" * 64, build)["values"].sum())
"""


def start(folder: Path, seconds: float) -> "subprocess.Popen[str]":
    environment = {**os.environ, "EQUIPOISE_CACHE": str(folder)}
    command = [sys.executable, "-c", BUILDER, str(seconds)]
    return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, text=True)


def test_processes_that_build_at_once_end_with_one_good_entry(tmp_path: Path) -> None:
    killed = start(tmp_path, 60)
    builders = [start(tmp_path, 0.3) for _ in range(3)]
    deadline = time.monotonic() + 60
    while not list(tmp_path.glob(".a-*")) and time.monotonic() < deadline:
        time.sleep(0.02)
    killed.send_signal(signal.SIGKILL)
    killed.communicate()
    assert [builder.communicate()[0] for builder in builders] == ["44999850000.0\n"] * 3
    (entry,) = tmp_path.glob("a-*")
    content = bytearray((entry / "values.npy").read_bytes())
    content[1_000_000] ^= 1  # and damaged under their hands
    (entry / "values.npy").write_bytes(content)
    builders = [start(tmp_path, 0.3) for _ in range(3)]
    assert [builder.communicate()[0] for builder in builders] == ["44999850000.0\n"] * 3
    assert len(list(tmp_path.glob("a-*"))) == 1
