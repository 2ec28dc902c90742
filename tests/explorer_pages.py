"""Reads an explorer page back as its scripts do, for tests."""

import base64
import json
import re
import zlib
from typing import Any

import numpy as np

__all__ = ["array", "bytes_of", "column", "description", "unpacked"]

KINDS = {"u8": "u1", "u16": "<u2", "u32": "<u4", "f32": "<f4"}


def description(page: str) -> dict[str, Any]:
    """The text by which the page describes itself."""
    match = re.search(r'<script type="application/json" id="description">(.*?)</script>', page, re.DOTALL)
    assert match
    return json.loads(match[1])


def bytes_of(block: str) -> bytes:
    """The arrays of a block."""
    return zlib.decompress(base64.b64decode(block), -15)


def unpacked(page: str, key: str) -> bytes:
    """The bytes of a block of a page."""
    match = re.search(rf'<script type="text/plain" data-block="{re.escape(key)}">(.*?)</script>', page)
    assert match
    return bytes_of(match[1])


def array(content: bytes, place: tuple[str, int, int]) -> Any:
    """One array: byte k of all numbers stands before byte k + 1 of any."""
    kind, offset, length = place
    width = np.dtype(KINDS[kind]).itemsize
    planes = np.frombuffer(content, np.uint8, length * width, offset).reshape(width, length)
    return np.ascontiguousarray(planes.T).view(KINDS[kind]).reshape(-1)


def column(content: bytes, entry: dict[str, Any]) -> Any:
    """The values of a packed column."""
    codes = array(content, entry["parts"]["codes"]).astype(int)
    if entry["codec"] == "exact":
        values = np.append(array(content, entry["parts"]["values"]).astype(float), np.nan)
        return values[codes]
    values = entry["low"] + codes * (entry["high"] - entry["low"]) / 65_534
    values[codes > 65_534] = np.nan
    return np.exp(values) if entry["codec"] == "log" else values
