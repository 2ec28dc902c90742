"""Classes that live in a notebook or a script: they have a name like any other, but no module to import them from.

A class that is handed over instead of named is given an address, by which a suite and its workers name it. Where the
address cannot be imported, the class itself is kept here and travels to workers by value.
"""

import pickle
import sys
from functools import lru_cache
from typing import Any

__all__ = ["address_of", "adopt", "adopted", "by_value", "local_class"]

PLUGIN = "equipoise_plugin_"
"""Begins the module name of a file that was named by its path."""

_ADOPTED: dict[str, type[Any]] = {}


def address_of(cls: type[Any]) -> str:
    """The name under which the registry finds a class; one that cannot be imported is remembered here."""
    module = sys.modules.get(cls.__module__)
    if cls.__module__.startswith(PLUGIN) and module is not None:
        return str(module.__file__)
    address = f"{cls.__module__}:{cls.__qualname__}"
    if cls.__module__ == "__main__" or getattr(module, cls.__qualname__, None) is not cls:
        _ADOPTED[address] = cls
    return address


def local_class(address: str) -> type[Any] | None:
    """The class of that address, if it lives here; the latest, where a notebook has defined it again."""
    return _ADOPTED.get(address)


def adopted() -> dict[str, type[Any]]:
    """All of them by address: what a worker must be given before it can run a suite that names them."""
    return dict(_ADOPTED)


def by_value(classes: dict[str, type[Any]]) -> bytes:
    """Classes with the code of their methods, for a process that cannot import them; empty if there are none."""
    if not classes:
        return b""
    import cloudpickle  # here: few suites name a class of a notebook

    return bytes(cloudpickle.dumps(classes))


@lru_cache(maxsize=1)
def adopt(classes: bytes) -> None:
    """Takes over the classes of another process, as `by_value` wrote them; the same ones are read once."""
    if classes:
        _ADOPTED.update(pickle.loads(classes))
