"""Benchmark files in PyPI packages: found without importing the package, checked by digest."""

import hashlib
from importlib.util import find_spec
from pathlib import Path

from equipoise.harness.core.errors import DataError

__all__ = ["package_file"]


def package_file(package: str, distribution: str, relative: str, sha256: str) -> Path:
    """Finds a data file of an installed package and checks its digest.

    Args:
        package: Import name; it is not imported.
        distribution: Name on PyPI with version, for the message.
        relative: Path inside the package.
        sha256: The digest of the file.

    Raises:
        DataError: The package is missing, or holds another file.
    """
    spec = find_spec(package)
    if spec is None or not spec.submodule_search_locations:
        raise DataError(f"{package} is not installed: pip install {distribution}")
    path = Path(next(iter(spec.submodule_search_locations))) / relative
    try:
        digest = hashlib.sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(
            f"{path}: cannot be read ({error.strerror}); pip install --force-reinstall {distribution}"
        ) from error
    if digest != sha256:
        raise DataError(
            f"{path}: SHA-256 is {digest[:16]}..., expected {sha256[:16]}...; "
            f"pip install --force-reinstall {distribution}"
        )
    return path
