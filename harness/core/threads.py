"""One thread per process for numerical libraries."""

from collections.abc import Iterator
from contextlib import contextmanager

__all__ = ["one_thread"]


@contextmanager
def one_thread() -> Iterator[None]:
    """Lets numerical libraries use one thread, as in a worker: sums round the same wherever a run is executed."""
    from threadpoolctl import threadpool_limits  # here: workers never need it

    with threadpool_limits(1):
        yield
