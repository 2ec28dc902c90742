"""The least that makes a manifest."""

BARE: dict[str, object] = {
    **{key: {} for key in ("methods", "tasks", "versions", "machine")},
    "left_out": [],
    "command": [],
    "started": "2026-01-01T00:00:00+00:00",
    "ended": None,
}
"""What a manifest holds beside the suite."""
