"""The limits of a run, and the present use of a worker's processes."""

import os
import re
from dataclasses import dataclass
from pathlib import Path

from equipoise.harness.core.protocol import Protocol

__all__ = ["Limits", "memory_is_told", "memory_of_group"]

_PAGE = os.sysconf("SC_PAGE_SIZE")
_SHARE = re.compile(r"^Pss:\s+(\d+) kB", re.MULTILINE)


@dataclass(frozen=True)
class Limits:
    """The limits beyond which the worker of a run is killed and the run recorded as failed.

    Attributes:
        seconds: Wall time; None for any.
        memory: Resident bytes of the worker and its children; None for any.
    """

    seconds: float | None = None
    memory: int | None = None

    @classmethod
    def of(cls, protocol: Protocol) -> "Limits":
        """The limits of a suite."""
        return cls(protocol.seconds_per_run, protocol.memory_bytes)

    def exceeded(self, seconds: float, group: int) -> str | None:
        """Says which limit a run has exceeded.

        Args:
            seconds: Since the run began.
            group: The process group of its worker.
        """
        if self.seconds is not None and seconds > self.seconds:
            return f"stopped after {seconds:.1f} s: [protocol] seconds_per_run = {self.seconds:g}"
        if self.memory is not None and (held := memory_of_group(group)) > self.memory:
            return f"stopped at {held / 1e9:.2f} GB of memory: [protocol] memory_per_run = {self.memory / 1e9:g} GB"
        return None


def memory_is_told() -> bool:
    """Whether this system tells the memory of processes; without, no limit of it can be kept."""
    return Path("/proc/self/stat").is_file()


def memory_of_group(group: int) -> int:
    """Sums the resident bytes of the processes of a group; 0 where the system does not tell.

    Pages that several of them share, as a process and its forked children do, count once.
    """
    found: dict[Path, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rpartition(")")[2].split()
            if int(fields[2]) == group:
                found[folder] = int(fields[21]) * _PAGE
        except (OSError, ValueError, IndexError):  # it has ended meanwhile
            continue
    return sum(found.values()) if len(found) < 2 else sum(_share(*one) for one in found.items())


def _share(folder: Path, resident: int) -> int:
    """The resident bytes of a process, pages that it shares divided by the number of those that share them."""
    try:
        match = _SHARE.search((folder / "smaps_rollup").read_text())
    except OSError:  # it has ended meanwhile, or the system does not tell
        return resident
    return resident if match is None else int(match[1]) * 1024
