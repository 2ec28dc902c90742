"""The page of the Python API documents every public name."""

from pathlib import Path

import equipoise

PAGE = (Path(__file__).resolve().parents[2] / "docs" / "api.md").read_text()


def test_every_name_of_the_package_is_documented() -> None:
    assert [name for name in equipoise.__all__ if f":: equipoise.{name}\n" not in PAGE] == []
