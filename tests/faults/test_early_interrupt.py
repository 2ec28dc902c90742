"""Ctrl-C before the command has begun is one line and no traceback."""

import re
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest


@pytest.mark.parametrize("seconds", [0.15, pytest.param(0.4, marks=pytest.mark.faults), 0.8])
def test_ctrl_c_while_loading_is_one_line(tmp_path: Path, seconds: float) -> None:
    heeded = (
        "import signal; signal.signal(signal.SIGINT, signal.default_int_handler)"  # a job in the background ignores it
    )
    entry = f"{heeded}; from equipoise.__main__ import main; print('begun', flush=True); main()"
    command = [sys.executable, "-c", entry, "run", "quick", "--out", str(tmp_path / "out"), "--workers", "1"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        process.stdout.readline()
        time.sleep(seconds)
        process.send_signal(signal.SIGINT)
        try:
            _, told = process.communicate(timeout=15)
        except subprocess.TimeoutExpired:  # Python drops an interrupt that falls into a callback of its import system
            process.send_signal(signal.SIGINT)
            _, told = process.communicate(timeout=15)
    finally:
        process.kill()
        process.communicate()
    told = re.sub(r"Exception ignored in\b.*?KeyboardInterrupt:? *\n", "", told, flags=re.DOTALL)
    assert "Traceback" not in told
    assert process.returncode == 130
