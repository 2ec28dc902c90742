"""The largest networks first: a control that knows nothing but size."""

from equipoise.methods._shared.size_order import SizeOrderMethod

__all__ = ["LargestFirst"]


class LargestFirst(SizeOrderMethod):
    """Proposes architectures by size, the largest first, without looking at any error.

    Where a method is no better than this or `smallest_first`, it may have found that size matters, and no more.

    Args:
        problem: What is known before the search.
        rng: Breaks ties.
        measure: What size means: ``parameters`` or ``flops``; the task must tell it.

    Raises:
        SettingError: There is no such measure.
    """

    largest = True
