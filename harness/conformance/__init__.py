"""Checks that anyone can run on a method, task or space of their own: ``equipoise check KIND NAME``.

A check is a small function that raises `AssertionError` with what it saw. `METHOD_CHECKS` take a method class,
`TASK_CHECKS` a task, `SPACE_CHECKS` a space. Each has a deliberately cheating class in the tests that fails it.
"""

from equipoise.harness.conformance.checks import Check, checks_of, failures_of
from equipoise.harness.conformance.methods import METHOD_CHECKS
from equipoise.harness.conformance.spaces import SPACE_CHECKS
from equipoise.harness.conformance.subjects import KINDS, Kind, subject_of
from equipoise.harness.conformance.tasks import TASK_CHECKS

__all__ = [
    "KINDS",
    "METHOD_CHECKS",
    "SPACE_CHECKS",
    "TASK_CHECKS",
    "Check",
    "Kind",
    "checks_of",
    "failures_of",
    "subject_of",
]
