"""Stores of format 1: the charge of a method's own training, read back from the charge of the row."""

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["derive_training_charge"]

ROUNDING = 1e-9
"""Relative; a smaller remainder is a rounding error of the sum that was stored."""


def derive_training_charge(frame: "pd.DataFrame", suite: Mapping[str, Any]) -> None:
    """Fills ``training_charge`` where it is NaN and the row tells it: the charge minus what the proposal itself costs.

    A proposal costs one query, its epochs or its seconds, by the unit of the budget; nothing where the protocol makes
    it free. An invalid one costs the mean of the valid ones before it under a budget of epochs or seconds, which its
    row does not tell: NaN remains.

    Args:
        frame: Rows with ``charge``, ``training_charge``, ``status``, ``fidelity`` and ``cost_seconds``; changed.
        suite: The suite of the manifest; without one, NaN remains.
    """
    unit = next(iter(suite.get("budget", ())), None)
    charge = frame["charge"].to_numpy(np.float64)
    if unit == "queries":
        due = np.ones(len(frame))
    elif unit in ("epochs", "cost_seconds"):
        asked = frame["fidelity" if unit == "epochs" else "cost_seconds"].to_numpy(np.float64)
        due = np.where(frame["status"] == "invalid", np.nan, asked)
    else:
        return
    protocol = suite.get("protocol", {})
    due[(frame["status"] == "duplicate") & (protocol.get("duplicates") == "free")] = 0.0
    due[(frame["status"] == "invalid") & (protocol.get("invalid") == "redraw")] = 0.0
    beyond = charge - due
    beyond[np.abs(beyond) <= ROUNDING * np.maximum(charge, 1.0)] = 0.0
    stored = frame["training_charge"].to_numpy(np.float64)
    frame["training_charge"] = np.where(np.isnan(stored), beyond, stored)
