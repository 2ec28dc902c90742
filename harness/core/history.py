"""Evaluations of other tasks that a suite gives to methods before their first query."""

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["TaskHistory"]


@dataclass(frozen=True, eq=False)
class TaskHistory:
    """Evaluations of one other task, drawn at random.

    Attributes:
        task: Its name.
        space: Its space.
        architectures: n distinct ones.
        errors: Their n validation errors after full training, in the unit of that task.
    """

    task: str
    space: SearchSpace
    architectures: tuple[Architecture, ...]
    errors: npt.NDArray[np.float64]

    def __len__(self) -> int:
        return len(self.architectures)
