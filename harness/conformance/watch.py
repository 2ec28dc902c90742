"""Noticing calls of an object's methods while a check runs."""

from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from typing import Any

__all__ = ["watched"]


@contextmanager
def watched(cls: type, names: Sequence[str], outermost: bool = False) -> Iterator[list[str]]:
    """Notices calls of some methods of a class, whoever makes them.

    Args:
        cls: The class; it is as before afterwards.
        names: Methods of it.
        outermost: Whether to leave out calls that one of these methods makes itself.

    Yields:
        The names, call by call; filled while the context lasts.
    """
    touched: list[str] = []
    own = {name: getattr(cls, name) for name in names}
    depth = 0

    def spy(name: str) -> Callable[..., Any]:
        def call(*args: Any, **kwargs: Any) -> Any:
            nonlocal depth
            if not (outermost and depth):
                touched.append(name)
            depth += 1
            try:
                return own[name](*args, **kwargs)
            finally:
                depth -= 1

        return call

    before = {name: vars(cls).get(name) for name in names}
    try:
        for name in names:
            setattr(cls, name, spy(name))
        yield touched
    finally:
        for name, value in before.items():
            if value is None:
                delattr(cls, name)
            else:
                setattr(cls, name, value)
