"""Fixtures shared by all tests."""

import os
import sys
from pathlib import Path

import pytest
from hypothesis import HealthCheck, settings

sys.path.append(str(Path(__file__).resolve().parent.parent))  # for `studies`; last, so that the wheel is what is tested

settings.register_profile("any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow])
settings.load_profile("any machine")  # how fast examples are drawn says something of the machine, not of the code


FAST = {"core", "data", "reports", "spaces", "store", "tables"}
"""Folders of the subset of `tox -e fast`: they start no process and train nothing."""


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Marks the tests of these folders."""
    here = Path(__file__).parent
    for item in items:
        if item.path.is_relative_to(here) and item.path.relative_to(here).parts[0] in FAST:
            item.add_marker(pytest.mark.fast)


@pytest.fixture(autouse=True, scope="session")
def _own_cache(tmp_path_factory: pytest.TempPathFactory) -> None:
    """Keeps the tests out of the user's data cache, in one that all processes of the tests share."""
    base = tmp_path_factory.getbasetemp()
    shared = base.parent if "PYTEST_XDIST_WORKER" in os.environ else base
    os.environ["EQUIPOISE_CACHE"] = str(shared / "cache")


@pytest.fixture
def root() -> Path:
    """The checkout."""
    return Path(__file__).resolve().parent.parent
