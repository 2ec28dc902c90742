"""Tables whose images and training configurations are at hand."""

from typing import Any

from equipoise.harness.benchmarks._table import TableTask

__all__ = ["TrainedTableTask"]


class TrainedTableTask(TableTask):
    """A table whose images and training configurations are at hand, for methods that train themselves."""

    def resource(self, name: str) -> Any | None:
        """``images``: of the data set that the cells were trained on, where they are at hand, without the test images.

        On CIFAR they are divided by Equipoise, not by the benchmark (see the pitfalls). ``training``: the macro
        architecture and the training configuration, as published.
        """
        if name not in ("images", "training"):
            return super().resource(name)
        if self._missing_images():
            return None
        from equipoise.harness.training.catalogue import collection
        from equipoise.harness.training.setup import training_settings

        images = collection(self.info.dataset)
        return (
            images.load().without_test() if name == "images" else training_settings(self.space.name, images.side(), {})
        )

    def missing(self, name: str) -> str:
        """The way to get the images of CIFAR."""
        return (self._missing_images() if name == "images" else None) or super().missing(name)

    def _missing_images(self) -> str | None:
        from equipoise.harness.training.catalogue import (  # imported late, since only weight sharing asks for images
            NAMES,
            collection,
        )

        dataset = self.info.dataset
        return collection(dataset).missing() if dataset in NAMES else super().missing("images")
