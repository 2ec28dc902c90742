"""The file of a journal: one line of JSON per evaluation, each with a checksum of all lines so far.

A line reads ``CRC JSON``, where CRC is the CRC-32 of the JSON in eight hexadecimal digits, continued from line to line:
a line that was changed, lost, repeated or moved is noticed. Lines of older journals are JSON alone.
"""

import json
import os
import sys
import zlib
from collections.abc import Iterable
from pathlib import Path
from typing import Any

from equipoise.harness.core.errors import StoreError, reason_of
from equipoise.harness.core.files import parse_json, write_whole

__all__ = ["JournalFile"]


class JournalFile:
    """The journal of one run. From the first bad line on, a file is dropped, and named on stderr.

    Args:
        path: Read if it exists.

    Raises:
        StoreError: It is there and cannot be read or rewritten.

    Attributes:
        entries: The content of its lines.
    """

    def __init__(self, path: Path) -> None:
        self._path, self._crc, self._process = path, 0, os.getpid()
        self.entries: list[list[Any]] = []
        try:
            content = path.read_bytes()
        except FileNotFoundError:
            return
        except OSError as error:
            raise StoreError(f"{path}: cannot be read ({error.strerror}); delete it to start its run again") from error
        kept = 0
        whole = content[: content.rfind(b"\n") + 1]  # a crash may have cut off the last line
        for number, line in enumerate(whole.splitlines(keepends=True), 1):
            try:
                self.entries.append(self._entry(line[:-1]))
            except ValueError as error:
                sys.stderr.write(
                    f"equipoise: {path}: line {number} is damaged ({reason_of(error)}); dropped from there on, what it "
                    "held is evaluated again\n"
                )
                break
            kept += len(line)
        if kept < len(content):
            write_whole(path, content[:kept])

    def _entry(self, line: bytes) -> list[Any]:
        text = line
        if not line.startswith(b"["):
            text = line[9:]
            if line[:9] != b"%08x " % zlib.crc32(text, self._crc):
                raise ValueError("its checksum does not agree")
        entry = parse_json(text)
        if not isinstance(entry, list) or len(entry) < 4 or not isinstance(entry[0], list):
            raise ValueError("no evaluation")
        self._crc = zlib.crc32(text, self._crc)
        return entry

    def append(self, entries: Iterable[object]) -> None:
        """Writes further lines.

        Raises:
            StoreError: They cannot be written.
        """
        if os.getpid() != self._process:
            return  # a child that the method forked executes the same run again
        lines = bytearray()
        for entry in entries:
            text = json.dumps(entry).encode()
            self._crc = zlib.crc32(text, self._crc)
            lines += b"%08x %s\n" % (self._crc, text)
        try:
            self._path.parent.mkdir(parents=True, exist_ok=True)
            with self._path.open("ab") as file:
                file.write(lines)
        except OSError as error:
            raise StoreError(f"{self._path}: cannot be written ({error.strerror}); free some space") from error
