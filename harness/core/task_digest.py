"""The digest of what a task answers from: its data and, for a benchmark that does not ship with Equipoise, its code."""

import hashlib

from equipoise.harness.core.method_code import code_of_class
from equipoise.harness.core.registry import locate_task
from equipoise.harness.core.task import Task

__all__ = ["task_digest"]


def task_digest(name: str, task: Task) -> str:
    """Digests the data of a task, and the code that a benchmark of a third party answers by.

    The code counts as that of a method does: the modules of the benchmark and of the task, with what they import from
    their own package or folder. A benchmark that ships with Equipoise answers from data alone.

    Args:
        name: Leads to the task: ``benchmark/dataset``, ``path.py/dataset`` or ``package.module:Class/dataset``.
        task: The task of that name.

    Returns:
        `TaskInfo.data_digest` where no code counts; else the SHA-256 of both.
    """
    classes = (type(locate_task(name)[0]), type(task))
    codes = {code_of_class(cls): None for cls in classes if not cls.__module__.startswith("equipoise.")}
    told = [task.info.data_digest, *filter(None, codes)]
    return told[0] if len(told) == 1 else hashlib.sha256("\0".join(told).encode()).hexdigest()
