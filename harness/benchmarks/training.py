"""Real training on real images: the tasks that look nothing up."""

import shutil
import tempfile
import traceback
import warnings
import weakref
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from functools import cached_property
from importlib.util import find_spec
from pathlib import Path
from time import perf_counter
from typing import TYPE_CHECKING, Any

import numpy as np

from equipoise.harness.benchmarks._measured_latency import LATENCY, latency
from equipoise.harness.benchmarks.nasbench201 import CITATION as NASBENCH201_CITATION
from equipoise.harness.core.errors import RunError, SuiteError, nearest
from equipoise.harness.core.scores import FREE, SCORE, Score, ScoreValues
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.task import Benchmark, Evaluation, Metric, Noise, Task, TaskInfo
from equipoise.harness.data.cache import cache_folder
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.training.catalogue import NAMES, Collection, collection
from equipoise.harness.training.device import chosen_device, missing_device
from equipoise.harness.training.images import ImageDataset
from equipoise.harness.training.naming import TaskName, parse_task_name

if TYPE_CHECKING:
    from equipoise.harness.training.checkpoints import Curve
    from equipoise.harness.training.setup import Setup

__all__ = ["TrainingBenchmark", "TrainingTask"]

_SPACES: dict[str, type[SearchSpace]] = {"nasbench201": NasBench201, "darts": Darts}
SIZES = tuple(score.name for score in FREE)
_OUT_OF_MEMORY = ("out of memory", "can't allocate memory", "ALLOC_FAILED")

SOURCE = (
    "Networks of Dong and Yang, NAS-Bench-201, ICLR 2020, and of Liu, Simonyan and Yang, DARTS, ICLR 2019, trained "
    "here; images of Fashion-MNIST (Xiao et al. 2017), digits (Alpaydin and Kaynak 1998), CIFAR (Krizhevsky 2009)"
)
PITFALLS = (
    "Each architecture is trained once, with a seed of its own: the values hold the noise of one training.",
    "cost_seconds is measured (processor time on the CPU): it differs from machine to machine and from run to run.",
    "latency is measured on this machine when a suite asks for it (one image, one thread on the CPU, median of 31 "
    "passes with the distance between quartiles beside it): it does not repeat, and is not part of cost_seconds.",
    "Errors repeat bit for bit on one machine with one thread, not from one kind of processor to another, and on a "
    "GPU only nearly: the gradient of pooling has no deterministic kernel there.",
    "A network that does not fit into the memory of this machine is told an error of 1.",
    "Validation images are held out of the training images (half of them on CIFAR): the networks see less than in "
    "papers that train on all.",
)
CITATION = (
    NASBENCH201_CITATION
    + """
@inproceedings{liu2019darts,
  title = {{DARTS}: Differentiable Architecture Search},
  author = {Liu, Hanxiao and Simonyan, Karen and Yang, Yiming},
  booktitle = {International Conference on Learning Representations},
  year = {2019}
}"""
)


class TrainingBenchmark(Benchmark):
    """Offers real training: ``training/SPACE/IMAGES``.

    The images are one of `equipoise.harness.training.catalogue.NAMES` or ``npz:FILE``, and fields of the macro
    architecture and the training configuration may follow: ``training/nasbench201/cifar10,epochs=12`` is the short
    schedule of the paper, ``training/darts/cifar10,epochs=50,channels=16,cells=8,device=cuda`` a reduced network on a
    GPU. Images of 28 pixels and more are trained as published, smaller ones with a reduced macro architecture and
    configuration.
    """

    name = "training"
    datasets = tuple(f"{space}/{images}" for space in _SPACES for images in NAMES)
    open_ended = True

    def task(self, dataset: str, noise: Noise = "mean", ignore_cache: bool = False) -> "TrainingTask":
        """Makes the task of a space, images and settings.

        Raises:
            SuiteError: The name is of another form, or there is no such space or noise.
            PluginError: There are no such images.
        """
        asked = parse_task_name(dataset)
        if asked.space not in _SPACES:
            raise SuiteError(f"training/{dataset}: no networks of '{asked.space}'; {nearest(asked.space, _SPACES)}")
        collection(asked.images)
        return TrainingTask(f"{self.name}/{dataset}", asked, noise, ignore_cache)


class TrainingTask(Task):
    """Trains each architecture when it is asked for, with one seed that belongs to the architecture.

    Fidelity e is the first e epochs of the full schedule. After every epoch the network is kept in the folder
    ``training`` of the cache: a higher fidelity goes on from a lower one, an evaluation that was cut goes on from its
    last epoch, and no network is trained again for another run on this machine. The cost is told as if it had been
    trained from the start, so that what a method pays does not depend on what was kept. A network that was fully
    trained keeps its curve and leaves its weights.

    A network that diverges is told as wrong wherever its output is not finite. One that does not fit into the memory is
    told the penalty, with a warning, and the run goes on. A lost device ends the run, which the same command resumes.

    Args:
        name: Of the task.
        asked: The parts of the name: space, images, device, and settings.
        noise: See `Task`.
        ignore_cache: Train in a folder that is gone with the task, not from what is kept on this machine.
    """

    def __init__(self, name: str, asked: TaskName, noise: Noise = "mean", ignore_cache: bool = False) -> None:
        self._name, self._wanted, self._ignore_cache = name, asked, ignore_cache
        super().__init__(noise)

    def __getstate__(self) -> dict[str, object]:
        """Leaves images behind."""
        return {name: vars(self)[name] for name in ("_name", "_wanted", "_ignore_cache", "noise")}

    @cached_property
    def info(self) -> TaskInfo:
        """The data sheet; the digest of the images and the epochs are read at the first question."""
        return TaskInfo(
            name=self._name,
            source=SOURCE,
            licence="MIT (Fashion-MNIST); CC BY 4.0 (digits); none stated (CIFAR)",
            metric=Metric.accuracy(),
            data_digest=self._images_digest,
            citation=CITATION,
            validation_split="images held out of the training images, balanced over the classes, the same for every "
            "network",
            test_split="test images that no network is trained on: the official ones (of them 3,000 on fashion14), a "
            "quarter of the file (digits), or those of the file (npz)",
            pitfalls=PITFALLS,
            fidelities=self._epochs,
            measured_cost=True,
            scores=self._scores,
            images=self._wanted.images,
            objectives=(LATENCY,),
        )

    @cached_property
    def space(self) -> SearchSpace:
        """The space that the name begins with."""
        return _SPACES[self._wanted.space]()

    def _images_digest(self) -> str:
        """SHA-256 of the images; empty where they are missing."""
        return "" if self._collection.missing() else self._images.digest

    def _epochs(self) -> tuple[int, ...]:
        """Every epoch of the training configuration; none where the task cannot run."""
        return () if self.skip() else tuple(range(1, self._training[1].epochs + 1))

    @cached_property
    def device(self) -> str:
        """The device that the networks are trained on."""
        return chosen_device(self._wanted.device)

    def skip(self) -> str | None:
        """PyTorch, the images or the device are missing, if one is."""
        if not find_spec("torch"):
            return "needs torch: pip install 'equipoise[torch]'"
        if (reason := missing_device(self._wanted.device)) is not None:
            return reason
        return self._collection.missing()

    def resource(self, name: str) -> Any | None:
        """``images``: those to train and to validate on, no test images; ``training``: as the name sets them.

        ``parameters`` and ``flops``: counted. ``score:NAME``: computed when asked for, by
        `equipoise.harness.training.scores`.
        """
        if name.startswith(SCORE):
            return super().resource(name)
        if name not in ("images", "training", *SIZES) or self.skip() is not None:
            return None
        if name in SIZES:
            from equipoise.harness.training.sizes import BuiltSizes

            return BuiltSizes(self._own_setup, name)
        return self._training if name == "training" else self._images.without_test()

    def score_values(self, name: str) -> ScoreValues | None:
        """The sizes, and the scores of the untrained networks, on one thread."""
        from equipoise.harness.training.live_scores import LiveScores

        return super().score_values(name) if name in SIZES else LiveScores(self._own_setup, name)

    def _scores(self) -> tuple[Score, ...]:
        """The sizes, and scores that are charged a training step each; none where the task cannot run."""
        if self.skip() is not None:
            return ()
        from equipoise.harness.training.scores import BATCH, LIVE_SCORES

        price = BATCH / (self._training[1].epochs * len(self._images.y["train"]))
        told = f"computed on {BATCH} training images; price: a training step of so many images"
        return (*FREE, *(Score(name, price, told) for name in LIVE_SCORES))

    def _own_setup(self) -> "Setup":
        return self._setup

    def evaluate(self, architecture: Architecture, fidelity: int | None, rng: np.random.Generator) -> Evaluation:
        """Trains as far as asked.

        Raises:
            RunError: The device was lost.
            DataError: The cache cannot be written.
        """
        epochs, began = self.info.fidelities[-1] if fidelity is None else fidelity, perf_counter()
        try:
            curve = self._trained(architecture, epochs)
        except (RuntimeError, MemoryError) as error:
            self._explain(error, architecture)
            return Evaluation(self.info.penalty, perf_counter() - began)
        return Evaluation(curve.validation_error[epochs - 1], sum(curve.cost_seconds[:epochs]))

    def measure(self, name: str, architecture: Architecture) -> Mapping[str, float]:
        """Measures the latency of the network, trained or not."""
        return latency(self._setup, architecture)

    def reveal(self, architecture: Architecture) -> float | None:
        """The test error after full training."""
        try:
            return self._trained(architecture, self.info.fidelities[-1]).test_error
        except (RuntimeError, MemoryError) as error:
            self._explain(error, architecture)
            return None

    def _explain(self, error: Exception, architecture: Architecture) -> None:
        """Warns of a network too large for the memory; anything else is an error of the run."""
        import torch

        line = (str(error) or type(error).__name__).splitlines()[0]
        too_large = isinstance(error, MemoryError | torch.OutOfMemoryError)
        said = f"{self.name}: training {self.space.format(architecture)} failed: {line}"
        if not too_large and not any(words in str(error) for words in _OUT_OF_MEMORY):
            if isinstance(error, torch.AcceleratorError):
                raise RunError(f"{said}; the device is lost: run the same command again to go on") from error
            raise error
        if torch.cuda.is_available():
            traceback.clear_frames(error.__traceback__)  # they hold the network
            torch.cuda.empty_cache()
        warnings.warn(f"{said}; told as an error of {self.info.penalty:g}", RuntimeWarning, stacklevel=3)

    def _trained(self, architecture: Architecture, epochs: int) -> "Curve":
        from equipoise.harness.training.checkpoints import Checkpoint

        checkpoint = Checkpoint(self._folder, self.space.format(architecture))
        with checkpoint.alone():
            curve = checkpoint.read()
            if len(curve.validation_error) >= epochs:
                return curve
            with _repeatable():
                trainer = self._setup.trainer(architecture)
                if curve.state is not None:
                    trainer.restore(curve.state)
                while len(curve.validation_error) < epochs:
                    epoch = trainer.epoch()
                    curve.train_loss += epoch.train_loss
                    curve.validation_error += epoch.validation_error
                    curve.cost_seconds.append(epoch.cost_seconds)
                    last = len(curve.validation_error) == self.info.fidelities[-1]
                    curve.state = None if last else trainer.state()
                    curve.test_error = trainer.errors("test")[0] if last else None
                    checkpoint.write(curve)
        return curve

    @property
    def _folder(self) -> Path:
        """The folder of the checkpoints; another setup, device or code has another folder."""
        if self._ignore_cache:
            return self._scratch
        return cache_folder() / "training" / self._digest

    @cached_property
    def _scratch(self) -> Path:
        """Gone with the task."""
        folder = Path(tempfile.mkdtemp(prefix="equipoise-"))
        weakref.finalize(self, shutil.rmtree, folder, ignore_errors=True)
        return folder

    @cached_property
    def _digest(self) -> str:
        from equipoise.harness.training.checkpoints import code_digest

        return self._setup.digest(code_digest())

    @cached_property
    def _collection(self) -> Collection:
        return collection(self._wanted.images)

    @cached_property
    def _images(self) -> ImageDataset:
        return self._collection.load()

    @cached_property
    def _training(self) -> tuple[Any, Any]:
        """The macro architecture and the training configuration."""
        from equipoise.harness.training.setup import training_settings

        return training_settings(self._wanted.space, self._collection.side(), self._wanted.changes)

    @cached_property
    def _setup(self) -> "Setup":
        from equipoise.harness.training.networks import networks_of
        from equipoise.harness.training.setup import Setup

        networks = networks_of(self._wanted.space)
        return Setup(self.space, networks, *self._training, self._images, replicas=1, device=self.device)


@contextmanager
def _repeatable() -> Iterator[None]:
    """One thread, and of several kernels on a GPU always the same."""
    import torch

    threads, chosen = torch.get_num_threads(), torch.backends.cudnn.deterministic
    torch.set_num_threads(1)
    torch.backends.cudnn.deterministic = True
    try:
        yield
    finally:
        torch.set_num_threads(threads)
        torch.backends.cudnn.deterministic = chosen
