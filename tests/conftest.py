"""Fixtures shared by all tests."""

import os
import shutil
import sys
import tempfile
from functools import partial
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.append(str(Path(__file__).resolve().parent.parent))  # for `studies`; last, so that the wheel is what is tested

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # how fast examples are drawn says something of the machine, not of the code


FAST = {"core", "data", "reports", "spaces", "store", "tables"}
"""Folders of the subset of `tox -e fast`: they start no process and train nothing."""


def pytest_configure(config: pytest.Config) -> None:
    """Keeps the tests out of the user's data cache, in one that all processes of the tests share."""
    if not hasattr(config, "workerinput"):  # processes of xdist have it from the first
        folder = tempfile.mkdtemp(prefix="equipoise-tests-")
        os.environ["EQUIPOISE_CACHE"] = folder
        config.add_cleanup(partial(shutil.rmtree, folder, ignore_errors=True))


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of these folders."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and item.path.relative_to(here).parts[0] in FAST:
            item.add_marker(pytest.mark.fast)


@pytest.fixture
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parent.parent
