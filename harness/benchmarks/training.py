"""Real training on real images: the tasks that look nothing up."""

from collections import OrderedDict
from dataclasses import dataclass, field, replace
from functools import cached_property
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any

import numpy as np

from harness.errors import RunError
from harness.space import Architecture
from harness.spaces.nasbench201 import NasBench201
from harness.task import Evaluation, Metric, Task
from harness.training.images import PARTS, ImageSet, load

if TYPE_CHECKING:
    from harness.training.setup import Setup
    from harness.training.trainer import Trainer

__all__ = ["TrainingTask"]

CHECKPOINTS = 64
"""Networks kept in memory so that a higher fidelity goes on where a lower one stopped."""


@dataclass
class _Curve:
    trainer: "Trainer"
    errors: list[float] = field(default_factory=list)
    seconds: list[float] = field(default_factory=list)


class TrainingTask(Task):
    """Trains each architecture when it is asked for, with one seed that belongs to the architecture.

    Fidelity e is the first e epochs of the full schedule. Asking for more epochs of a network that is still in memory
    continues its training; its cost is told as if it had been trained from the start, so that what a method pays does
    not depend on what happens to be in memory.
    """

    benchmark = "training"
    datasets = ("nasbench201/fashion14",)
    source = "Networks of Dong and Yang, NAS-Bench-201, ICLR 2020, trained here on images of Fashion-MNIST at 14 x 14"
    licence = "MIT (Fashion-MNIST)"
    pitfalls = (
        "Each architecture is trained once, with a seed of its own: the values hold the noise of one training.",
        "cost_seconds is measured (processor time on the CPU): it differs from machine to machine and from run to run.",
        "Errors repeat bit for bit on one machine with one thread, not from one kind of processor to another.",
    )
    space = NasBench201()
    metric = Metric.accuracy()
    measured_cost = True

    @property
    def data_digest(self) -> str:
        """SHA-256 of the images."""
        return self._images.digest

    @cached_property
    def fidelities(self) -> tuple[int, ...]:  # type: ignore[override]
        """Every epoch of the recipe."""
        return tuple(range(1, self._setup.recipe.epochs + 1)) if self.skip() is None else ()

    def skip(self) -> str | None:
        """PyTorch is missing, if it is."""
        return None if find_spec("torch") else "needs torch: pip install 'equipoise[torch]'"

    def give(self, need: str) -> Any | None:
        """``images``: those to train and to validate on. The test images are replaced by none."""
        if need != "images":
            return None
        images = self._images
        hidden = {part: slice(0 if part == "test" else None) for part in PARTS}
        x = {part: images.x[part][hidden[part]] for part in PARTS}
        return replace(images, x=x, y={part: images.y[part][hidden[part]] for part in PARTS})

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:  # noqa: ARG002 - the seed belongs to the architecture
        """Trains as far as asked.

        Raises:
            RunError: The device ran out of memory or was lost.
        """
        epochs = self.fidelities[-1] if fidelity is None else fidelity
        curve = self._trained(architecture, epochs)
        return Evaluation(curve.errors[epochs - 1], sum(curve.seconds[:epochs]))

    def reveal(self, architecture: Architecture) -> float:
        """The test error after full training."""
        return self._trained(architecture, self.fidelities[-1]).trainer.errors("test")[0]

    def _trained(self, architecture: Architecture, epochs: int) -> _Curve:
        import torch

        curve = self._curves.pop(architecture, None) or _Curve(self._setup.trainer(architecture))
        threads = torch.get_num_threads()
        torch.set_num_threads(1)
        try:
            while len(curve.errors) < epochs:
                epoch = curve.trainer.epoch()
                curve.errors.append(epoch.validation_error[0])
                curve.seconds.append(epoch.cost_seconds)
        except (torch.OutOfMemoryError, torch.AcceleratorError) as error:
            raise RunError(
                f"{self.name}: training {self.space.format(architecture)} failed: {str(error).splitlines()[0]}"
            ) from error
        finally:
            torch.set_num_threads(threads)
        self._curves[architecture] = curve
        if len(self._curves) > CHECKPOINTS:
            self._curves.popitem(last=False)
        return curve

    @cached_property
    def _curves(self) -> "OrderedDict[Architecture, _Curve]":
        return OrderedDict()

    @cached_property
    def _images(self) -> ImageSet:
        return load(self.dataset.partition("/")[2])

    @cached_property
    def _setup(self) -> "Setup":
        from harness.training.setup import Setup

        space, _, images = self.dataset.partition("/")
        return Setup.named(space, images, copies=1)

    def __getstate__(self) -> dict[str, object]:
        """Leaves networks and images behind."""
        return {"dataset": self.dataset, "noise": self.noise}
