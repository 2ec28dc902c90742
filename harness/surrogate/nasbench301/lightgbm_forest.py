"""LightGBM ensembles."""

import re
from collections.abc import Sequence
from itertools import zip_longest
from typing import Any

import lightgbm
import numpy as np
import numpy.typing as npt

from equipoise.harness.surrogate.nasbench301.forest import Forest, check_width

__all__ = ["Joined"]

NOTHING = """num_leaves=1
num_cat=0
split_feature=
split_gain=
threshold=
decision_type=
left_child=
right_child=
leaf_value=0
leaf_weight=
leaf_count=
internal_value=
internal_weight=
internal_count=
shrinkage=1
"""
"""A tree that adds zero: all outputs of a model have equally many trees."""


class Joined(Forest):
    """Trees of all members in one model in LightGBM's text format, the members in turn."""

    library = "lightgbm"

    @classmethod
    def joined(cls, states: Sequence[dict[str, Any]]) -> "Joined":
        """Takes the trees up to each member's best round, those that LightGBM itself would use."""
        heads, forests = zip(*map(_parts, states), strict=True)
        rounds = zip_longest(*forests, fillvalue=NOTHING)
        trees = [tree for together in rounds for tree in together]
        head = re.sub(r"^(num_class|num_tree_per_iteration)=1$", rf"\1={len(states)}", heads[0], flags=re.MULTILINE)
        listed = "\n\n".join(f"Tree={place}\n{tree}" for place, tree in enumerate(trees))
        return cls(f"{head}\n\n{listed}\n\nend of trees\n\nparameters:\n\nend of parameters\n".encode())

    def read(self, blob: bytes) -> Any:
        """A booster."""
        try:
            return lightgbm.Booster(model_str=blob.decode())
        except (lightgbm.basic.LightGBMError, UnicodeDecodeError) as error:
            raise ValueError(str(error)) from error

    def predict(self, told: npt.NDArray[np.float64]) -> npt.NDArray[np.float64]:
        """In double precision, as LightGBM computes, on one thread: workers are processes."""
        found = self.model.predict(told, raw_score=True, num_threads=1)
        return np.asarray(found, dtype=np.float64).reshape(len(told), -1).T


def _parts(state: dict[str, Any]) -> tuple[str, list[str]]:
    """The head of a member's text, without the sizes of its trees, and its trees without their numbers."""
    text = state.get("_handle", state.get("handle"))
    if not isinstance(text, str) or "\n\nend of trees" not in text:
        raise ValueError("a member holds no model in LightGBM's text format")
    head, *trees = re.split(r"\n+Tree=\d+\n", text.partition("\n\nend of trees")[0])
    told = dict(line.partition("=")[::2] for line in head.splitlines())
    if told.get("objective") != "regression" or told.get("num_tree_per_iteration") != "1" or "average_output" in told:
        raise ValueError(
            f"a member has objective {told.get('objective')} and {told.get('num_tree_per_iteration')} trees per round; "
            "accepted: regression, one tree per round, not averaged"
        )
    check_width(int(told["max_feature_idx"]) + 1)
    best = state.get("best_iteration")
    kept = trees[:best] if isinstance(best, int) and best > 0 else trees
    return re.sub(r"^tree_sizes=.*\n?", "", head, flags=re.MULTILINE).strip(), [tree.strip() + "\n" for tree in kept]
