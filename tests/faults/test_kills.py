"""Nothing is lost when a suite is killed; EQUIPOISE_KILLS=200 for the long form."""

import os
import subprocess
import sys
from pathlib import Path

import pytest

HERE = Path(__file__).parent


@pytest.mark.faults
def test_a_suite_that_is_killed_ends_as_if_it_had_not_been() -> None:
    kills = os.environ.get("EQUIPOISE_KILLS", "8")
    environment = {**os.environ, "PYTHONPATH": os.pathsep.join([str(HERE.parent), *sys.path])}
    command = [sys.executable, str(HERE / "kills.py"), "--kills", kills]
    ran = subprocess.run(command, capture_output=True, text=True, env=environment, check=False)
    print(ran.stdout)
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert f"\n{kills} kills (" in ran.stdout
    assert "Traceback" not in ran.stderr
