"""Every error Equipoise raises on purpose.

A message says what came, what is accepted, where, and what to do. The command line prints it as one line and exits
with status 2.

    EquipoiseError
    ├── SuiteError             a suite file or a command-line option that cannot be run as written
    ├── SettingError           a method was given a setting outside its accepted range
    ├── PluginError            a name that leads to no method or task, or to a file that does not load
    ├── SpaceError             an architecture, a text or an encoding that a space does not know
    ├── DataError              benchmark data that is missing, damaged, or not what it claims to be
    ├── StoreError             an output folder that cannot be used, or a damaged part in it
    ├── ClusterError           a cluster that cannot be reached, or that is gone
    └── RunError               a run that cannot go on (recorded in failures.jsonl; other runs go on)
        ├── ProposalError      a method returned something that is not a query of its space
        └── ReplayError        a resumed run did not repeat its recorded proposals

`SearchEnded` is no error: a method raises it from `ask` when it has nothing left to propose.
"""

from collections.abc import Iterable
from difflib import get_close_matches

__all__ = [
    "ClusterError",
    "DataError",
    "EquipoiseError",
    "PluginError",
    "ProposalError",
    "ReplayError",
    "RunError",
    "SearchEnded",
    "SettingError",
    "SpaceError",
    "StoreError",
    "SuiteError",
    "nearest",
    "one_line",
    "reason_of",
]


class EquipoiseError(Exception):
    """Root of all errors raised on purpose."""


class SuiteError(EquipoiseError):
    """A suite file or a command-line option cannot be run as written."""


class SettingError(EquipoiseError, ValueError):
    """A method was given a setting outside its accepted range."""


class PluginError(EquipoiseError):
    """A name leads to no method or task, or to a file that does not load."""


class SpaceError(EquipoiseError, ValueError):
    """A space does not know the architecture, text or encoding it was given."""


class DataError(EquipoiseError):
    """Benchmark data is missing, damaged, or not what it claims to be."""


class StoreError(EquipoiseError):
    """An output folder cannot be used, or a part in it is damaged."""


class ClusterError(EquipoiseError):
    """A cluster cannot be reached, or is gone."""


class RunError(EquipoiseError):
    """A run cannot go on."""


class ProposalError(RunError):
    """A method returned something that is not a query of its space."""


class ReplayError(RunError):
    """A resumed run did not repeat its recorded proposals."""


class SearchEnded(Exception):  # noqa: N818 - a signal, like StopIteration
    """Raised by `Method.ask` when nothing is left to propose: the run ends early and its unspent budget is reported."""


def one_line(text: str, most: int = 500) -> str:
    """Writes any text as one printable line: control characters and lone surrogates as escapes, its middle cut out.

    Args:
        text: May come from a method, a file or a library.
        most: Characters kept.
    """
    if len(text) > most:
        text = f"{text[: most // 2]} ... {text[-most // 2 :]}"
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def reason_of(error: BaseException) -> str:
    """Names an error in one printable line, whatever its text is: ``KeyError: 'a'``."""
    try:
        text = str(error)
    except Exception as failed:  # it is made of what came, which may be too deep or too long to be shown
        text = f"its text cannot be shown, {type(failed).__name__}"
    name = type(error).__name__
    return one_line(f"{name}: {text}" if text else name)


def nearest(word: str, accepted: Iterable[str]) -> str:
    """Words the hint that ends an error about an unknown name: the nearest accepted one, then all of them.

    Args:
        word: What came.
        accepted: Every name that would have been accepted.

    Returns:
        For example ``did you mean 'queries'? (accepted: cost_seconds, epochs, queries)``.
    """
    names = sorted(accepted)
    listing = ", ".join(names) if names else "none"
    close = get_close_matches(word, names, n=1, cutoff=0.5)
    return f"did you mean '{close[0]}'? (accepted: {listing})" if close else f"accepted: {listing}"
