"""Frames of rows from several places, stacked into one in the order of a manifest."""

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["stacked"]

ORDER = ["task", "method", "budget", "repeat", "query"]


def stacked(frames: Sequence["pd.DataFrame"], suite: Mapping[str, Any]) -> "pd.DataFrame":
    """Stacks frames of rows and sorts them by task, method (both as the suite lists them), budget, repeat and query.

    Args:
        frames: With the same columns, texts as categories.
        suite: Of the manifest.
    """
    import pandas as pd
    from pandas.api.types import union_categoricals

    frames = [frame for frame in frames if len(frame)] or frames[:1]  # one without rows has no types of its own
    columns: dict[str, Any] = {}
    for name in frames[0]:
        parts = [frame[name] for frame in frames]
        if isinstance(parts[0].dtype, pd.CategoricalDtype):
            joined = union_categoricals([part.cat.remove_unused_categories() for part in parts], sort_categories=True)
            columns[str(name)] = _ordered(str(name), joined, suite)
        else:
            columns[str(name)] = pd.concat(parts, ignore_index=True)
    frame = pd.DataFrame(columns)
    return frame.sort_values([name for name in ORDER if name in frame], ignore_index=True, kind="stable")


def _ordered(name: str, column: "pd.Categorical", suite: Mapping[str, Any]) -> "pd.Categorical":
    key = {"task": "tasks", "method": "methods"}.get(name)
    if key is None:
        return column
    listed = [entry.get("label", entry["name"]) for entry in suite.get(key, [])]
    present = sorted(column.categories)
    order = [label for label in listed if label in present] + [label for label in present if label not in listed]
    return column.set_categories(order)
