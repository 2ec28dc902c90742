"""GDAS: gradient descent on the architecture through one sampled operation an edge."""

from collections.abc import Iterator
from typing import TYPE_CHECKING

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Problem
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.one_shot import EPOCHS_NOT_UPDATES, RESTARTS, OneShot, check_positive

if TYPE_CHECKING:
    import torch

    from equipoise.harness.training.weight_sharing import SharedWeights

__all__ = ["Gdas"]


class Gdas(OneShot):
    """One operation per edge is drawn and computed; the gradient is that of the softmax it was drawn from.

    In each step the weights descend on the training half with one draw, then the architecture parameters on the judging
    half with another. The temperature of the softmax falls linearly from epoch to epoch.

    Source: Dong and Yang, Searching for a Robust Neural Architecture in Four GPU Hours, CVPR 2019; settings of
    NAS-Bench-201 (Dong and Yang, ICLR 2020, appendix).

    Differs from the paper: the macro architecture is that of the task's stand-alone networks. The epochs are those
    published, and where there are fewer images, so are the updates.

    Args:
        problem: See `OneShot`, as the next ten.
        rng: Source of randomness.
        images: A proxy in place of the task's images.
        epochs: Of a search.
        batch_size: Images per step.
        learning_rate: Of the weights at the start.
        final_learning_rate: At the end.
        weight_decay: Of the weights.
        gradient_clip: Largest norm of the weights' gradient.
        architecture_learning_rate: Of Adam.
        architecture_weight_decay: Of Adam.
        temperature: At the first epoch.
        final_temperature: At the last.
        most_images: Use no more training images than this.
        derive: ``last`` asks for the architecture after the last epoch, as published; ``every`` for that of each epoch:
            each pays a query, and the best counts.
        updates: Train for the number of epochs nearest to so many updates of the weights; None for `epochs`. Published
            are 250 epochs of 25,000 images in batches of 64: 97,750.

    Raises:
        SettingError: A setting is out of range.
        SpaceError: There is no supernet of the space.
    """

    source = "Dong and Yang, Searching for a Robust Neural Architecture in Four GPU Hours, CVPR 2019"
    deviations = ("The macro architecture is that of the task's stand-alone networks.", EPOCHS_NOT_UPDATES, RESTARTS)
    nesterov = True

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        images: str | None = None,
        epochs: int = 250,
        batch_size: int = 64,
        learning_rate: float = 0.025,
        final_learning_rate: float = 0.001,
        weight_decay: float = 5e-4,
        gradient_clip: float = 5.0,
        architecture_learning_rate: float = 3e-4,
        architecture_weight_decay: float = 1e-3,
        temperature: float = 10.0,
        final_temperature: float = 0.1,
        most_images: int | None = None,
        derive: str = "last",
        updates: int | None = None,
    ) -> None:
        super().__init__(
            problem,
            rng,
            images=images,
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            final_learning_rate=final_learning_rate,
            weight_decay=weight_decay,
            gradient_clip=gradient_clip,
            most_images=most_images,
            derive=derive,
            updates=updates,
        )
        check_positive("Gdas", architecture_learning_rate=architecture_learning_rate)
        check_positive("Gdas", or_zero=True, architecture_weight_decay=architecture_weight_decay)
        check_positive("Gdas", temperature=temperature, final_temperature=final_temperature)
        if final_temperature > temperature:
            raise SettingError(f"Gdas: final_temperature = {final_temperature} is above {temperature = }")
        self._rate, self._decay = architecture_learning_rate, architecture_weight_decay
        self._temperatures = temperature, final_temperature

    def search(self, shared: "SharedWeights", generator: "torch.Generator") -> Iterator[Architecture]:
        """Yields the architecture of the largest weights after each epoch; ``none`` may win."""
        import torch

        from equipoise.harness.training.supernet import sampled

        alphas = shared.supernet.alphas(generator)
        adam = torch.optim.Adam(alphas, lr=self._rate, betas=(0.5, 0.999), weight_decay=self._decay)
        for temperature in np.linspace(*self._temperatures, shared.configuration.epochs).tolist():
            for training, judging in shared.epoch():
                fixed = [alpha.detach() for alpha in alphas]
                shared.step(training, sampled(fixed, temperature, generator), "sampled")
                loss = shared.loss(judging, sampled(alphas, temperature, generator), "sampled")
                # a draw of none alone may cut one kind of cell off: its gradient is zero then
                gradient = torch.autograd.grad(loss, alphas, materialize_grads=True)
                for alpha, partial in zip(alphas, gradient, strict=True):
                    alpha.grad = partial
                adam.step()
            yield shared.supernet.derive([alpha.detach().softmax(dim=-1) for alpha in alphas], with_none=True)
