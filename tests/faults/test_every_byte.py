"""Every byte of every file that is read back: damage is refused or told, or changes nothing; never a traceback."""

from pathlib import Path

import pytest
from damaged_files import KINDS, Kind, flip

LOADS_TORCH = (
    "finished curve",
    "unfinished checkpoint",
    "piece of scores",
)  # sampled in tests/training/test_checkpoints.py
REPAIRED = ("cached column", "cached columns", "note of a table", "Parquet", "CSV", "former version")
"""Built or read again, or with bytes that nothing covers."""
SAMPLE = 12
"""Bytes per file in the default tests."""


def check(kind: Kind, folder: Path, step: int) -> None:
    tally = flip(kind, folder, step)
    assert tally.tracebacks == []
    assert tally.wrong == []
    assert tally.tried > 2 * SAMPLE
    told = tally.refused + tally.told
    assert told > tally.same or kind.name.endswith(REPAIRED)


@pytest.fixture(autouse=True)
def own_cache(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("EQUIPOISE_CACHE", str(tmp_path))  # restored afterwards


@pytest.mark.parametrize("kind", [kind for kind in KINDS if kind.name not in LOADS_TORCH], ids=lambda kind: kind.name)
def test_a_sample_of_bytes(tmp_path: Path, kind: Kind) -> None:
    (tmp_path / "size").mkdir()
    check(kind, tmp_path, kind.write(tmp_path / "size").stat().st_size // SAMPLE)


@pytest.mark.faults
@pytest.mark.parametrize("kind", KINDS, ids=lambda kind: kind.name)
def test_every_byte(tmp_path: Path, kind: Kind) -> None:
    check(kind, tmp_path, kind.step)
