"""Watches the results folder of a suite that runs, from outside: progress, rate, time left and failures."""

import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from equipoise.harness.core.errors import StoreError
from equipoise.harness.store.overview import MethodOverview, Overview, overview_of

__all__ = ["Snapshot", "SuiteWatch"]

WINDOW_SECONDS = 300.0
"""The rate is that of the last minutes."""


class _Seen(NamedTuple):
    at: float
    stored: int


@dataclass(frozen=True)
class Snapshot:
    """The state of a suite at one moment.

    Attributes:
        name: Of the suite.
        methods: Runs planned, stored and failed, per method.
        failures: One line per run that failed and is still not stored.
        version: Changes whenever runs or failures are added.
        rate: Runs per minute, lately; None before a second look saw progress.
    """

    name: str
    methods: tuple[MethodOverview, ...]
    failures: tuple[str, ...]
    version: str
    rate: float | None

    @property
    def planned(self) -> int:
        """Runs that the suite asks for."""
        return sum(entry.planned for entry in self.methods)

    @property
    def stored(self) -> int:
        """Runs that are stored."""
        return sum(entry.stored for entry in self.methods)

    @property
    def failed(self) -> int:
        """Runs that failed."""
        return sum(entry.failed for entry in self.methods)

    @property
    def complete(self) -> bool:
        """Whether every run is stored or has failed."""
        return self.stored + self.failed >= self.planned

    @property
    def minutes_left(self) -> float | None:
        """At the rate so far; None where it is unknown."""
        left = self.planned - self.stored - self.failed
        return left / self.rate if self.rate and left > 0 else None

    @property
    def headline(self) -> str:
        """The state in one line."""
        said = f"{self.name}: {self.stored:,} of {self.planned:,} runs stored"
        said += f", {self.failed:,} failed" if self.failed else ""
        if self.complete:
            return f"{said}; complete"
        said += f", {self.rate:.3g} runs per minute" if self.rate else ""
        return said + (f", about {_duration(left)} left" if (left := self.minutes_left) is not None else "")


class SuiteWatch:
    """Looks at a results folder again and again; files are read only where some were added.

    Args:
        folder: The results folder.
        clock: Seconds that only grow.
    """

    def __init__(self, folder: Path, clock: Callable[[], float] = time.monotonic) -> None:
        self.folder = folder
        self._clock = clock
        self._seen: deque[_Seen] = deque()
        self._overview: tuple[str, Overview] | None = None

    def look(self) -> Snapshot:
        """The state now.

        Raises:
            StoreError: The folder holds no results, or a file in it is damaged.
        """
        version = self._version()
        if self._overview is None or self._overview[0] != version:
            self._overview = version, overview_of(self.folder)
        overview = self._overview[1]
        stored = sum(entry.stored for entry in overview.methods)
        failures = tuple(
            f"{failure['method']} on {failure['task']}, repeat {failure['repeat']}: {failure['error']}"
            for failure in overview.failures
        )
        return Snapshot(overview.suite.name, overview.methods, failures, version, self._rate(stored))

    def _rate(self, stored: int) -> float | None:
        now = self._clock()
        self._seen.append(_Seen(now, stored))
        while len(self._seen) > 2 and self._seen[1].at < now - WINDOW_SECONDS:
            self._seen.popleft()
        first = self._seen[0]
        gained, seconds = stored - first.stored, now - first.at
        return gained / seconds * 60 if gained > 0 and seconds > 0 else None

    def _version(self) -> str:
        """Names and times of what `overview_of` reads."""
        parts = [path.name for path in sorted((self.folder / "runs").glob("*.parquet"))]
        for name in ("manifest.json", "failures.jsonl"):
            try:
                state = (self.folder / name).stat()
            except FileNotFoundError:
                continue
            except OSError as error:
                raise StoreError(f"{self.folder / name}: cannot be read ({error.strerror})") from error
            parts.append(f"{name} {state.st_mtime_ns} {state.st_size}")
        return f"{len(parts)}-{hash(tuple(parts)) & 0xFFFFFFFFFFFF:012x}"


def _duration(minutes: float) -> str:
    if minutes < 1:
        return f"{60 * minutes:.0f} s"
    return f"{minutes:.0f} min" if minutes < 60 else f"{int(minutes // 60)} h {int(minutes) % 60:02d} min"
