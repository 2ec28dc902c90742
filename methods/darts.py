"""DARTS: gradient descent on the architecture, first and second order."""

from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Problem
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.one_shot import EPOCHS_NOT_UPDATES, RESTARTS, OneShot, check_positive

if TYPE_CHECKING:
    import torch

    from equipoise.harness.training.weight_sharing import Batch, SharedWeights

__all__ = ["Darts"]


class Darts(OneShot):
    """Every operation of an edge, weighted by a softmax; weights and architecture descend in turn.

    Each step moves the architecture parameters by Adam along the gradient of the loss on the judging half of the
    training images, then the weights along that on the training half. After the last epoch the architecture of the
    largest weights is asked for.

    Source: Liu, Simonyan and Yang, DARTS: Differentiable Architecture Search, ICLR 2019, section 2 and appendix A.1;
    published code. On NAS-Bench-201 it is known to collapse to skip connections (Dong and Yang 2020, section 5;
    Zela et al., Understanding and Robustifying DARTS, ICLR 2020).

    Differs from the paper: the macro architecture is that of the task's stand-alone networks. On NAS-Bench-201 ``none``
    may win an edge, as in that benchmark's code; in the paper's rule it is in the mixture and never derived. The epochs
    are those of the paper, and where there are fewer images, so are the updates: 1,200 on fashion14 instead of 19,550.
    The learning rate follows its cosine from step to step, where the published code moves it from epoch to epoch.

    Args:
        problem: See `OneShot`, as the next nine.
        rng: Source of randomness.
        images: A proxy in place of the task's images.
        order: 1, or 2 for the gradient through one step of the weights.
        epochs: Of a search.
        batch_size: Images per step.
        learning_rate: Of the weights at the start.
        final_learning_rate: At the end.
        weight_decay: Of the weights.
        gradient_clip: Largest norm of the weights' gradient.
        architecture_learning_rate: Of Adam.
        architecture_weight_decay: Of Adam.
        most_images: Use no more training images than this.
        derive: ``last`` asks for the architecture after the last epoch, as published; ``every`` for that of each epoch:
            each pays a query, and the best counts.
        updates: Train for the number of epochs nearest to so many updates of the weights; None for `epochs`. Published
            are 50 epochs of 25,000 images in batches of 64: 19,550.
        derive_none: Whether ``none`` may win an edge, where the space has it (Dong and Yang 2020, published code); if
            not, the best other operation does (Liu, Simonyan and Yang 2019).

    Raises:
        SettingError: A setting is out of range.
        SpaceError: There is no supernet of the space.
    """

    source = "Liu, Simonyan and Yang, DARTS, ICLR 2019"
    deviations = (
        "The macro architecture is that of the task's stand-alone networks.",
        "On NAS-Bench-201, 'none' may win an edge, as in that benchmark's code; the paper's rule leaves it out.",
        EPOCHS_NOT_UPDATES,
        RESTARTS,
    )

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        images: str | None = None,
        order: int = 1,
        epochs: int = 50,
        batch_size: int = 64,
        learning_rate: float = 0.025,
        final_learning_rate: float = 0.001,
        weight_decay: float = 3e-4,
        gradient_clip: float = 5.0,
        architecture_learning_rate: float = 3e-4,
        architecture_weight_decay: float = 1e-3,
        most_images: int | None = None,
        derive: str = "last",
        updates: int | None = None,
        derive_none: bool = True,
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
        if order not in (1, 2):
            raise SettingError(f"Darts: order = {order!r}; accepted: 1, 2")
        check_positive("Darts", architecture_learning_rate=architecture_learning_rate)
        check_positive("Darts", or_zero=True, architecture_weight_decay=architecture_weight_decay)
        self._order, self._derive_none = order, derive_none
        self._rate, self._decay = architecture_learning_rate, architecture_weight_decay

    def search(self, shared: "SharedWeights", generator: "torch.Generator") -> Iterator[Architecture]:
        """Yields the architecture of the largest weights after each epoch."""
        import torch

        from equipoise.harness.training.supernet import mixture

        alphas = shared.supernet.alphas(generator)
        adam = torch.optim.Adam(alphas, lr=self._rate, betas=(0.5, 0.999), weight_decay=self._decay)
        for _ in range(shared.configuration.epochs):
            for training, judging in shared.epoch():
                gradient = self._gradient(shared, alphas, training, judging)
                for alpha, partial in zip(alphas, gradient, strict=True):
                    alpha.grad = partial
                adam.step()
                shared.step(training, mixture([alpha.detach() for alpha in alphas]), "mixture")
            yield shared.supernet.derive(
                [alpha.detach().softmax(dim=-1) for alpha in alphas], with_none=self._derive_none
            )

    def _gradient(
        self, shared: "SharedWeights", alphas: list[Any], training: "Batch", judging: "Batch"
    ) -> "list[torch.Tensor]":
        from torch.func import functional_call
        from torch.nn.functional import cross_entropy

        from equipoise.harness.training.architecture_gradient import first_order, unrolled
        from equipoise.harness.training.supernet import mixture

        weights = dict(shared.supernet.named_parameters())

        def loss(batch: "Batch", own: Any, at: Any) -> "torch.Tensor":
            return cross_entropy(functional_call(shared.supernet, own, (batch[0], mixture(at))), batch[1])

        shared.charge(judging, "mixture")
        if self._order == 1:
            return first_order(loss, weights, alphas, judging)
        shared.charge(training, "mixture", passes=3)  # the step, and the two ends of the finite difference
        return unrolled(loss, weights, alphas, training, judging, shared.rate, shared.drift())
