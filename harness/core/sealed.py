"""JSON objects with a checksum of their own: the manifest and the failures of a store, and notes of the cache."""

import hashlib
import json
from collections.abc import Mapping
from typing import Any

from equipoise.harness.core.files import parse_json

__all__ = ["KEY", "sealed", "unsealed"]

KEY = "checksum"
"""First 16 hexadecimal digits of the SHA-256 of the other entries, as JSON with sorted keys."""


def sealed(content: Mapping[str, Any]) -> dict[str, Any]:
    """The object with its checksum; lone surrogates and the like are not in it (`one_line`)."""
    bare = {key: value for key, value in content.items() if key != KEY}
    return {**bare, KEY: _digest(bare)}


def unsealed(text: str | bytes, required: bool = False) -> dict[str, Any]:
    """Reads an object, without its checksum.

    Args:
        text: The JSON.
        required: Whether to refuse an object without a checksum, as files had before there were checksums.

    Raises:
        ValueError: It is no JSON object, or its checksum does not agree.
    """
    content = parse_json(text)
    if not isinstance(content, dict):
        raise ValueError("not a JSON object")
    stated = content.pop(KEY, None)
    if required and stated is None:
        raise ValueError(f"it has no '{KEY}'")
    if stated is not None and stated != _digest(content):
        raise ValueError(f"its checksum does not agree; without the key '{KEY}' it is read as it is")
    return content


def _digest(content: Mapping[str, Any]) -> str:
    return hashlib.sha256(json.dumps(content, sort_keys=True).encode()).hexdigest()[:16]
