"""Random search with weight sharing."""

from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from equipoise.harness.core.method import Knowledge, Problem
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.one_shot import RESTARTS, OneShot, check_whole

if TYPE_CHECKING:
    import torch

    from equipoise.harness.training.weight_sharing import SharedWeights

__all__ = ["RandomSearchWithWeightSharing"]


class RandomSearchWithWeightSharing(OneShot):
    """Each batch trains the path of one random architecture; then random ones are ranked by their shared weights.

    After the training, `candidates` architectures are drawn and judged, with the weights they share, on a few batches
    of the judging half; the best `finalists` of them then on the whole of it. They are asked for from the best on; each
    pays a query.

    Source: Li and Talwalkar, Random Search and Reproducibility for Neural Architecture Search, UAI 2019, section 4;
    published code.

    Differs from the paper: the macro architecture is that of the task's stand-alone networks; and the whole ranking is
    asked for, where the paper trains the best few.

    Args:
        problem: See `OneShot`, as the next eight.
        rng: Source of randomness.
        images: A proxy in place of the task's images.
        epochs: Of the training.
        batch_size: Images per step.
        learning_rate: Of the weights at the start.
        final_learning_rate: At the end.
        weight_decay: Of the weights.
        gradient_clip: Largest norm of the weights' gradient.
        candidates: Random architectures that are ranked.
        judging_batches: Batches on which each is judged.
        finalists: The best of these, judged again on the whole judging half, as the published code does with 10.
        most_images: Use no more training images than this.

    Raises:
        SettingError: A setting is out of range.
        SpaceError: There is no supernet of the space.
    """

    source = "Li and Talwalkar, Random Search and Reproducibility for NAS, UAI 2019"
    knowledge: ClassVar[tuple[Knowledge, ...]] = ("decisions", "legality", "images")
    deviations = (
        "The macro architecture is that of the task's stand-alone networks.",
        "The whole ranking is asked for and pays, and the best counts; the paper trains the best few.",
        RESTARTS,
    )
    check_settings: ClassVar[Mapping[str, Any]] = {**OneShot.check_settings, "candidates": 20, "judging_batches": 1}

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        images: str | None = None,
        epochs: int = 50,
        batch_size: int = 64,
        learning_rate: float = 0.025,
        final_learning_rate: float = 0.001,
        weight_decay: float = 3e-4,
        gradient_clip: float = 5.0,
        candidates: int = 1000,
        judging_batches: int = 10,
        finalists: int = 10,
        most_images: int | None = None,
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
        )
        name = "RandomSearchWithWeightSharing"
        check_whole(name, 1, candidates=candidates, judging_batches=judging_batches, finalists=finalists)
        self._candidates, self._judging_batches, self._finalists = candidates, judging_batches, finalists

    def search(self, shared: "SharedWeights", generator: "torch.Generator") -> Iterator[Architecture]:  # noqa: ARG002 - paths are drawn from the space
        """Yields the candidates, best first."""
        supernet = shared.supernet
        for _ in range(shared.configuration.epochs):
            for training, _ in shared.epoch():
                (architecture,) = self.space.sample(self.rng, 1)
                shared.step(training, supernet.path(architecture), "path")
        validation = shared.validation_batches(shared.configuration.batch_size, self._judging_batches)
        drawn = dict.fromkeys(self.space.sample(self.rng, self._candidates))
        errors = {one: shared.error(validation, supernet.path(one)) for one in drawn}
        ranked = sorted(errors, key=errors.__getitem__)
        whole = shared.validation_batches(shared.configuration.batch_size, shared.steps + 1)
        final = {one: shared.error(whole, supernet.path(one)) for one in ranked[: self._finalists]}
        yield from sorted(final, key=final.__getitem__)
        yield from ranked[self._finalists :]
