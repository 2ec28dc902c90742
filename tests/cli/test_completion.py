"""Shell completion, as the shell asks for it."""

import os
import subprocess
import sys

import pytest

CODE = "import sys; sys.argv = ['equipoise']; from equipoise.harness.cli.main import main; main()"


@pytest.mark.parametrize(
    ("typed", "completed"),
    [
        ("list m", ["methods"]),
        ("run qu", ["quick"]),
        ("run quick --only local", ["local_search"]),
        ("check sp", ["space"]),
        ("check regul", ["regularized_evolution"]),
        ("check space nats", ["nats_sss"]),
        ("check task nasbench201/i", ["nasbench201/imagenet16-120"]),
        ("new me", ["method"]),
        ("stat", ["status"]),
    ],
)
def test_names_are_completed(typed: str, completed: list[str]) -> None:
    asked = {
        "_EQUIPOISE_COMPLETE": "complete_bash",
        "COMP_WORDS": f"equipoise {typed}",
        "COMP_CWORD": str(len(typed.split())),
    }
    ran = subprocess.run(
        [sys.executable, "-c", CODE], capture_output=True, text=True, env={**os.environ, **asked}, check=False
    )
    assert ran.stdout.split() == completed, ran.stderr
