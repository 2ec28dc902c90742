"""Trains several replicas of one network together, epoch by epoch."""

import time
from collections.abc import Sequence
from contextlib import nullcontext
from operator import itemgetter
from typing import Any, NamedTuple

import torch
import torch.nn.functional as F
from torch import Tensor

from equipoise.harness.core.errors import DataError
from equipoise.harness.training.augment import Draws, augmented, draw
from equipoise.harness.training.configuration import TrainingConfiguration
from equipoise.harness.training.images import PARTS, ImageDataset
from equipoise.harness.training.layers import initialise
from equipoise.harness.training.networks import Network

__all__ = ["DeviceImages", "Epoch", "Trainer"]

EVALUATION_BATCH = 500


class Epoch(NamedTuple):
    """The results of one epoch, for each replica.

    Attributes:
        train_loss: Mean cross-entropy over the epoch's steps.
        validation_error: Error on the validation images; an output that is not finite counts as an error.
        cost_seconds: Time of the epoch and its validation, divided by the number of replicas: processor time on the
            CPU, wall time on a GPU.
    """

    train_loss: list[float]
    validation_error: list[float]
    cost_seconds: float


class DeviceImages:
    """Normalised images that stay on one device.

    Args:
        images: The images.
        device: For example ``cpu`` or ``cuda``.
    """

    def __init__(self, images: ImageDataset, device: str = "cpu") -> None:
        self.device, self.classes, self.channels = device, images.classes, images.channels
        mean, deviation = (torch.from_numpy(values)[None, :, None, None] for values in images.scale)
        self.black = (-mean / deviation).to(device)
        self.x = {part: ((torch.from_numpy(images.x[part]) / 255.0 - mean) / deviation).to(device) for part in PARTS}
        self.y = {part: torch.from_numpy(images.y[part]).to(device) for part in PARTS}


class Trainer:
    """Several replicas of one network, and the state of their training.

    Every replica has its own weights, order of images and augmentation, drawn from its own seed. Up to rounding, it
    ends where it would have ended alone. On the CPU with one thread the same seeds give the same bits.

    Args:
        network: Maps n x (replicas * channels) x height x width to logits, n x replicas x classes, the main head first.
        configuration: The training configuration.
        images: The images to train on.
        seeds: One per replica.

    Raises:
        DataError: The batch is larger than the training part, or leaves a single image for the last batch.
    """

    def __init__(
        self, network: Network, configuration: TrainingConfiguration, images: DeviceImages, seeds: Sequence[int]
    ) -> None:
        count = len(images.y["train"])
        if configuration.batch_size > count:
            raise DataError(f"a batch of {configuration.batch_size} is larger than the {count} training images")
        if configuration.batch_size == 1 or count % configuration.batch_size == 1:
            raise DataError(
                f"{count} training images in batches of {configuration.batch_size} leave a batch of one, which batch "
                "normalisation cannot use; set another batch_size"
            )
        self.configuration, self.images, self.replicas, self.epochs_done = configuration, images, len(seeds), 0
        self._generators = [torch.Generator().manual_seed(seed) for seed in seeds]
        initialise(network, self._generators)
        self.network: Network = network.to(device=torch.device(images.device), memory_format=torch.channels_last)
        self._steps_an_epoch = -(-count // configuration.batch_size)
        self._optimiser = torch.optim.SGD(
            self.network.parameters(),
            lr=configuration.learning_rate,
            momentum=configuration.momentum,
            nesterov=configuration.nesterov,
            weight_decay=configuration.weight_decay,
            fused=True,
        )

    def epoch(self) -> Epoch:
        """Trains one more epoch and validates."""
        started = self._clock()
        losses = self._train()
        wrong = self.errors("validation")
        self.epochs_done += 1
        return Epoch(losses, wrong, (self._clock() - started) / self.replicas)

    def errors(self, part: str) -> list[float]:
        """The error on a part of the images, for each replica."""
        x, y = self.images.x[part], self.images.y[part]
        right = torch.zeros(self.replicas, dtype=torch.int64, device=x.device)
        self.network.eval()
        with torch.inference_mode(), self._precision():
            for start in range(0, len(y), EVALUATION_BATCH):
                batch = x[start : start + EVALUATION_BATCH].repeat(1, self.replicas, 1, 1)
                logits = self.network(batch.contiguous(memory_format=torch.channels_last))[0]
                hit = logits.argmax(dim=2) == y[start : start + EVALUATION_BATCH, None]
                right += (hit & logits.isfinite().all(dim=2)).sum(dim=0)
        return [1.0 - count / len(y) for count in right.tolist()]

    def _train(self) -> list[float]:
        configuration, x, y = self.configuration, self.images.x["train"], self.images.y["train"]
        draws = self._draw()
        total = torch.zeros(self.replicas, device=x.device)
        self.network.train()
        for step in range(self._steps_an_epoch):
            chosen = slice(step * configuration.batch_size, (step + 1) * configuration.batch_size)
            order = draws.order[chosen]
            done = self.epochs_done * self._steps_an_epoch + step
            for group in self._optimiser.param_groups:
                group["lr"] = configuration.rate(done, configuration.epochs * self._steps_an_epoch)
            batch = self._batch(_taken(x, order), draws.of(itemgetter(chosen)))
            targets = y[order]
            kept = self._kept(len(order))
            with self._precision():
                heads = self.network(batch) if kept is None else self.network(batch, kept)
            losses = [_losses(logits.float(), targets) for logits in heads]
            objective = losses[0].sum()
            for auxiliary in losses[1:]:
                objective = objective + configuration.auxiliary * auxiliary.sum()
            self._optimiser.zero_grad()
            objective.backward()
            if configuration.gradient_clip is not None:
                self._clip(configuration.gradient_clip)
            self._optimiser.step()
            total += losses[0].detach()
        return [loss / self._steps_an_epoch for loss in total.tolist()]

    def _draw(self) -> Draws:
        """The draws of all replicas, side by side: n x replicas (x 2)."""
        n, side = len(self.images.y["train"]), self.images.x["train"].shape[-1]
        drawn = [draw(self.configuration, n, side, generator) for generator in self._generators]
        parts = [None if parts[0] is None else torch.stack(parts, dim=1) for parts in zip(*drawn, strict=True)]
        return Draws._make(parts).of(lambda part: part.to(self.images.device))

    def _kept(self, n: int) -> Tensor | None:
        """The factors of drop-path, paths x n x replicas; None keeps all."""
        paths = self.network.paths
        kept = 1.0 - self.configuration.drop_path * self.epochs_done / self.configuration.epochs
        if not paths or kept == 1.0:
            return None
        drawn = [torch.rand((paths, n), generator=generator) for generator in self._generators]
        return ((torch.stack(drawn, dim=2) < kept) / kept).to(self.images.device)

    def _batch(self, x: Tensor, draws: Draws) -> Tensor:
        """From n x replicas x channels x height x width to the network's input."""
        n = len(x)
        if draws[1:] != (None, None, None):
            flat = draws.of(lambda part: part.flatten(0, 1))
            x = augmented(x.flatten(0, 1), flat, self.configuration, self.images.black)
        return x.reshape(n, -1, *x.shape[-2:]).contiguous(memory_format=torch.channels_last)

    def _clip(self, limit: float) -> None:
        """Scales each replica's gradient down to the limit."""
        gradients = [p.grad.unflatten(0, (self.replicas, -1)) for p in self.network.parameters() if p.grad is not None]
        norms = torch.stack([part.square().flatten(1).sum(dim=1) for part in gradients]).sum(dim=0).sqrt()
        factors = (limit / (norms + 1e-6)).clamp(max=1.0)
        for part in gradients:
            part.mul_(factors.view(-1, *[1] * (part.dim() - 1)))

    def _precision(self) -> Any:
        """Autocast to bfloat16 on a GPU."""
        device = torch.device(self.images.device).type
        return nullcontext() if device == "cpu" else torch.autocast(device, dtype=torch.bfloat16)

    def _clock(self) -> float:
        if torch.device(self.images.device).type == "cuda":
            torch.cuda.synchronize(self.images.device)
            return time.perf_counter()
        return time.process_time()

    def state(self) -> dict[str, Any]:
        """The state from which `restore` continues."""
        return {
            "epochs_done": self.epochs_done,
            "network": self.network.state_dict(),
            "optimiser": self._optimiser.state_dict(),
            "generators": [generator.get_state() for generator in self._generators],
        }

    def restore(self, state: dict[str, Any]) -> None:
        """Continues from a `state` of a trainer made with the same arguments."""
        self.epochs_done = state["epochs_done"]
        self.network.load_state_dict(state["network"])
        self._optimiser.load_state_dict(state["optimiser"])
        for generator, saved in zip(self._generators, state["generators"], strict=True):
            generator.set_state(saved)


def _taken(x: Tensor, order: Tensor) -> Tensor:
    """The images at n x replicas positions: x[order], but faster."""
    return x.index_select(0, order.flatten()).unflatten(0, order.shape)


def _losses(logits: Tensor, targets: Tensor) -> Tensor:
    """The mean cross-entropy of each replica: n x replicas x classes and n x replicas to replicas."""
    each = F.cross_entropy(logits.flatten(0, 1), targets.flatten(), reduction="none")
    return each.view(targets.shape).mean(dim=0)
