"""The base of the weight-sharing methods: one supernet in training, from which architectures are derived."""

from abc import ABC, abstractmethod
from collections import deque
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any, ClassVar, Literal, get_args

import numpy as np

from equipoise.harness.core.errors import SettingError, SpaceError
from equipoise.harness.core.method import Knowledge, Method, Observation, Problem, Query, Requirements
from equipoise.harness.core.space import Architecture
from equipoise.harness.training.configuration import TrainingConfiguration

if TYPE_CHECKING:
    import torch

    from equipoise.harness.training.images import ImageDataset
    from equipoise.harness.training.weight_sharing import SharedWeights

__all__ = ["EPOCHS_NOT_UPDATES", "RESTARTS", "Derive", "OneShot", "check_positive", "check_whole"]

Derive = Literal["last", "every"]

EPOCHS_NOT_UPDATES = (
    "The epochs are those published, so fewer images give fewer updates; the setting `updates` matches their number."
)
RESTARTS = "While budget is left, the search restarts with other random numbers; the papers run it 3 or 4 times."


class OneShot(Method, ABC):
    """Trains a supernet on the task's images and asks for the architectures that it derives.

    Its own training is charged by what it computes (`Query.training_cost`); each derived architecture then pays a
    query, whether it was derived before or not. Observations do not steer the search: weights are shared, and the
    answers come from another oracle. When a search has ended, the next begins with other random numbers, until the
    budget ends.

    Args:
        problem: What is known before the search; ``images`` among it, unless `images` names others.
        rng: Source of randomness.
        images: Search on these images instead of the task's (``fashion14``, ...): a proxy, and labelled as one.
        epochs: Of a search.
        batch_size: Images per step.
        learning_rate: Of the weights at the start; it falls to `final_learning_rate` along a cosine.
        final_learning_rate: At the end.
        weight_decay: Of the weights.
        gradient_clip: Largest norm of the weights' gradient.
        most_images: Use no more training images than this.
        derive: ``last`` asks for the architecture that a search yields last, ``every`` for each that it yields.
        updates: Train for the number of epochs nearest to so many updates of the weights; None for `epochs`.

    Attributes:
        training_equivalents: All training so far, in stand-alone trainings of a mean architecture.

    Raises:
        SettingError: A setting is out of range, or the images are not at hand.
        SpaceError: There is no supernet of the space.
    """

    family = "one-shot"
    origin = "published"
    knowledge: ClassVar[tuple[Knowledge, ...]] = ("decisions", "images")
    packages = (("torch", "torch"),)
    costly = True
    check_settings: ClassVar[Mapping[str, Any]] = {"images": "fashion14", "epochs": 3, "most_images": 16}
    nesterov = False

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        images: str | None,
        epochs: int,
        batch_size: int,
        learning_rate: float,
        final_learning_rate: float,
        weight_decay: float,
        gradient_clip: float,
        most_images: int | None,
        derive: str = "every",
        updates: int | None = None,
    ) -> None:
        super().__init__(problem, rng)
        name = type(self).__name__
        if most_images is not None:
            check_whole(name, 4, most_images=most_images)
        if derive not in get_args(Derive):
            raise SettingError(f"{name}: derive = {derive!r}; accepted: {', '.join(get_args(Derive))}")
        if updates is not None:
            check_whole(name, 1, updates=updates)
        check_positive(name, gradient_clip=gradient_clip)
        check_positive(name, or_zero=True, final_learning_rate=final_learning_rate, weight_decay=weight_decay)
        if final_learning_rate > learning_rate:
            raise SettingError(f"{name}: final_learning_rate = {final_learning_rate} is above {learning_rate = }")
        self._configuration = TrainingConfiguration(
            epochs=epochs,
            batch_size=batch_size,
            learning_rate=learning_rate,
            final_learning_rate=final_learning_rate,
            nesterov=self.nesterov,
            weight_decay=weight_decay,
            gradient_clip=gradient_clip,
        )
        self._check_space()
        self._images = self._proxy(images)
        self._most_images, self._derive, self._updates = most_images, derive, updates
        self._derived: Iterator[Architecture] = iter(())
        self._shared: SharedWeights | None = None
        self._earlier = 0.0
        self.training_equivalents = 0.0

    @classmethod
    def requirements(cls, settings: Mapping[str, Any]) -> Requirements:
        """The task's images and their training configurations, or the remark that a setting names a proxy."""
        if settings.get("images"):
            return Requirements(remark=f"proxy: {settings['images']}")
        return Requirements(resources=("images", "training"))

    def ask(self) -> Query:
        """Trains on until the search derives its next architecture."""
        import torch

        torch.set_num_threads(1)
        derived = next(self._derived, None)
        while derived is None:
            self._begin()
            derived = next(self._derived, None)
        assert self._shared is not None
        before, self.training_equivalents = self.training_equivalents, self._earlier + self._shared.training_equivalents
        return Query(derived, training_cost=self.training_equivalents - before)

    def tell(self, observation: Observation) -> None:
        """Learns nothing: the weights come from the images."""

    @abstractmethod
    def search(self, shared: "SharedWeights", generator: "torch.Generator") -> Iterator[Architecture]:
        """One search from its start: trains, and yields at least one architecture.

        Args:
            shared: The weights before their training.
            generator: The only source of randomness besides ``self.rng``.
        """

    def _begin(self) -> None:
        import torch

        from equipoise.harness.training.weight_sharing import SharedWeights

        if self._shared is not None:
            self._earlier += self._shared.training_equivalents
        generator = torch.Generator().manual_seed(int(self.rng.integers(2**62)))
        training = self.problem.resources.get("training")
        images = self._loaded()
        configuration = self._configuration
        if self._updates is not None:
            steps = SharedWeights.steps_per_epoch(len(images.y["train"]), self._most_images, configuration.batch_size)
            configuration = replace(configuration, epochs=max(1, round(self._updates / steps)))
        self._shared = SharedWeights(self.space, images, configuration, generator, self._most_images, training)
        derived = self.search(self._shared, generator)
        self._derived = derived if self._derive == "every" else _last_of(derived)

    def _loaded(self) -> "ImageDataset":
        from equipoise.harness.training.images import load

        images: ImageDataset = load(self._images) if self._images else self.problem.resources["images"]
        return images

    def _check_space(self) -> None:
        from equipoise.harness.training.naming import has_supernet

        if not has_supernet(self.space.name):
            raise SpaceError(f"needs a supernet of the space, which '{self.space.name}' does not have")

    def _proxy(self, images: str | None) -> str | None:
        from equipoise.harness.training.catalogue import collection

        if images is None:
            return None
        if (reason := collection(images).missing()) is not None:
            raise SettingError(f"{type(self).__name__}: images = '{images}': {reason}")
        return images


def _last_of(derived: Iterator[Architecture]) -> Iterator[Architecture]:
    """Runs a search to its end and yields what it derived last."""
    yield from deque(derived, maxlen=1)


def check_positive(method: str, or_zero: bool = False, **values: float) -> None:
    """Refuses numbers that are not positive.

    Raises:
        SettingError: One is not.
    """
    for setting, value in values.items():
        if not (0.0 < value < np.inf or (or_zero and value == 0.0)):
            accepted = "numbers from 0 on" if or_zero else "numbers above 0"
            raise SettingError(f"{method}: {setting} = {value}; accepted: {accepted}")


def check_whole(method: str, least: int, **values: int) -> None:
    """Refuses a value that is not a whole number, or too small.

    Raises:
        SettingError: One is not.
    """
    for setting, value in values.items():
        if type(value) is not int or value < least:
            raise SettingError(f"{method}: {setting} = {value!r}; accepted: whole numbers from {least} on")
