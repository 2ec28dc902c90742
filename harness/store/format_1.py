"""Stores of format 1: the budget of a run, and the charge of a method's own training, read back from what is told."""

from collections.abc import Iterable, Mapping
from math import isnan, nan
from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.harness.core.suite import Suite

if TYPE_CHECKING:
    import pandas as pd

__all__ = ["derive_budgets", "derive_training_charge"]

ROUNDING = 1e-9
"""Relative; a smaller remainder is a rounding error of the sum that was stored."""


def derive_budgets(entries: Iterable[dict[str, Any]], suite: Mapping[str, Any]) -> None:
    """Fills ``budget`` where the summary of a run does not tell it: the only one of the suite.

    Where others were added to the suite since, its run_id tells which it is.

    Args:
        entries: Summaries of runs; changed.
        suite: The suite of the manifest; without one, NaN remains.
    """
    unknown = [entry for entry in entries if isnan(entry["budget"])]
    amounts = next(iter(suite.get("budget", {}).values()), nan)
    if not isinstance(amounts, list):
        for entry in unknown:
            entry["budget"] = float(amounts)
    elif unknown:
        known = {spec.run_id: spec.budget.limit for spec in Suite.from_dict({**suite}).runs()}
        for entry in unknown:
            entry["budget"] = float(known.get(entry["run_id"], max(amounts)))


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
