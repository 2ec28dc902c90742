"""Training configurations: published ones, and reduced ones for small images."""

import math
from dataclasses import dataclass

from equipoise.harness.core.errors import SettingError

__all__ = ["DARTS", "EMBEDDED", "EMBEDDED_DARTS", "NASBENCH201", "TrainingConfiguration"]


MOST = 1_000_000
"""Limit of epochs and of images per step; a schedule is held in memory."""


@dataclass(frozen=True)
class TrainingConfiguration:
    """Stochastic gradient descent with momentum on the cross-entropy, with a cosine schedule over the steps.

    Attributes:
        epochs: Epochs of the full schedule; a lower fidelity is its beginning.
        batch_size: Images per step; the last step of an epoch takes the remaining ones.
        learning_rate: Learning rate at the start of the cosine.
        final_learning_rate: Learning rate at its end.
        warm_up: Share of the steps in which the rate rises linearly from zero.
        momentum: Momentum of the gradient.
        nesterov: Whether Nesterov's momentum is used.
        weight_decay: Factor of half the squared norm of all parameters.
        gradient_clip: Largest norm of the gradient of one network; None for no limit.
        crop: Pixels of zero padding from which a window of the image's size is cut.
        flip: Whether images are mirrored at random.
        cutout: Side of a square set to the mean, at a random place; 0 for none.
        auxiliary: Weight of the auxiliary head's loss, where the network has one.
        drop_path: Probability of dropping a path at the last epoch, rising linearly from zero.
    """

    epochs: int
    batch_size: int
    learning_rate: float
    final_learning_rate: float = 0.0
    warm_up: float = 0.0
    momentum: float = 0.9
    nesterov: bool = False
    weight_decay: float = 5e-4
    gradient_clip: float | None = None
    crop: int = 0
    flip: bool = False
    cutout: int = 0
    auxiliary: float = 0.0
    drop_path: float = 0.0

    def __post_init__(self) -> None:
        for name in ("epochs", "batch_size"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or not 1 <= value <= MOST:
                raise SettingError(
                    f"training configuration: {name} = {value!r} is not a positive whole number up to {MOST}"
                )
        if not 0.0 < self.learning_rate < math.inf:
            raise SettingError(
                f"training configuration: learning_rate = {self.learning_rate!r} is not a positive number"
            )
        for name in ("final_learning_rate", "momentum", "weight_decay", "crop", "cutout", "auxiliary"):
            if not 0.0 <= getattr(self, name) < math.inf:
                raise SettingError(
                    f"training configuration: {name} = {getattr(self, name)!r} is not a number from 0 on"
                )
        if self.gradient_clip is not None and not 0.0 < self.gradient_clip < math.inf:
            raise SettingError(
                f"training configuration: gradient_clip = {self.gradient_clip!r} is not a positive number"
            )
        if self.nesterov and self.momentum == 0.0:
            raise SettingError(
                "training configuration: momentum = 0.0 with nesterov; set nesterov = false, or a momentum"
            )
        for name in ("warm_up", "drop_path"):
            if not 0.0 <= getattr(self, name) < 1.0:
                raise SettingError(
                    f"training configuration: {name} = {getattr(self, name)!r} is not a share from 0 up to 1"
                )

    def rate(self, step: int, steps: int) -> float:
        """The learning rate of a step, counted from 0, in a schedule of `steps` steps."""
        rising = self.warm_up * steps
        if step < rising:
            return self.learning_rate * step / rising
        share = (step - rising) / (steps - rising)
        span = self.learning_rate - self.final_learning_rate
        return self.final_learning_rate + 0.5 * span * (1.0 + math.cos(math.pi * share))


NASBENCH201 = TrainingConfiguration(epochs=200, batch_size=256, learning_rate=0.1, nesterov=True, crop=4, flip=True)
"""Dong and Yang 2020, section 3.2; the benchmark's short schedule is the same with ``epochs = 12``."""

DARTS = TrainingConfiguration(
    epochs=600,
    batch_size=96,
    learning_rate=0.025,
    weight_decay=3e-4,
    gradient_clip=5.0,
    crop=4,
    flip=True,
    cutout=16,
    auxiliary=0.4,
    drop_path=0.2,
)
"""Liu, Simonyan and Yang 2019, evaluation on CIFAR-10. Differs: the cosine is updated per step, not per epoch."""

EMBEDDED = TrainingConfiguration(epochs=8, batch_size=64, learning_rate=0.2, warm_up=0.15, nesterov=True)
"""The configuration of ``nasbench201/fashion14``."""

EMBEDDED_DARTS = TrainingConfiguration(
    epochs=8, batch_size=64, learning_rate=0.1, warm_up=0.15, nesterov=True, weight_decay=3e-4, gradient_clip=5.0
)
"""For DARTS networks on images below 28 pixels."""
