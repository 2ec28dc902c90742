"""Search spaces that look into their dataset_api where NASLib's do, and sample and mutate as they do."""

import itertools
import random

import numpy as np

from .core.query_metrics import Metric

TRANSNAS = {
    "class_scene": "top1",
    "class_object": "top1",
    "jigsaw": "top1",
    "room_layout": "neg_loss",
    "segmentsemantic": "acc",
    "autoencoder": "ssim",
    "normal": "ssim",
}


class _ByIndices:
    QUERYABLE = True
    OPTIMIZER_SCOPE = ("all",)
    choices, length = 0, 6

    def __init__(self, dataset="jigsaw"):
        self.op_indices, self.instantiate_model, self.dataset = None, True, dataset

    def clone(self):
        return type(self)(self.dataset)

    def set_spec(self, op_indices, dataset_api=None):
        if self.instantiate_model:
            assert self.op_indices is None, "an architecture has already been assigned"
        self.op_indices = op_indices

    def get_op_indices(self):
        return self.op_indices

    def get_hash(self):
        return tuple(self.op_indices)

    def sample_random_architecture(self, dataset_api=None):
        self.set_spec(np.random.randint(self.choices, size=self.length).tolist())  # noqa: NPY002

    def mutate(self, parent, dataset_api=None):
        op_indices = list(parent.get_op_indices())
        edge = np.random.choice(len(op_indices))  # noqa: NPY002
        op_indices[edge] = np.random.choice([o for o in range(self.choices) if o != op_indices[edge]])  # noqa: NPY002
        self.set_spec(op_indices)


class NasBench201SearchSpace(_ByIndices):
    choices = 5
    names = ("skip_connect", "none", "nor_conv_3x3", "nor_conv_1x1", "avg_pool_3x3")
    edges = ((1, 2), (1, 3), (1, 4), (2, 3), (2, 4), (3, 4))

    def query(self, metric, dataset, path=None, epoch=-1, full_lc=False, dataset_api=None):
        assert dataset in ("cifar10", "cifar100", "ImageNet16-120", "ninapro")
        named = {edge: self.names[op] for edge, op in zip(self.edges, self.op_indices, strict=True)}
        nodes = [[f"{named[source, node]}~{source - 1}" for source in range(1, node)] for node in (2, 3, 4)]
        found = dataset_api["nb201_data"]["+".join(f"|{'|'.join(words)}|" for words in nodes)]
        if metric is Metric.RAW:
            return found
        found = found["cifar10-valid" if dataset == "cifar10" else dataset]
        if metric is Metric.TRAIN_TIME:
            return found["cost_info"]["train_time"]
        values = found["train_acc1es" if metric is Metric.TRAIN_ACCURACY else "eval_acc1es"]
        if full_lc:
            return values[:epoch] if epoch != -1 else values[:]
        return values[epoch]


class _TransNas(_ByIndices):
    def query(self, metric=None, dataset=None, path=None, epoch=-1, full_lc=False, dataset_api=None):
        task = dataset_api["task"]
        splits = {Metric.TRAIN_ACCURACY: "train", Metric.VAL_ACCURACY: "valid", Metric.TEST_ACCURACY: "test"}
        name = "time_elapsed" if metric is Metric.TRAIN_TIME else f"{splits[metric]}_{TRANSNAS[task]}"
        return dataset_api["api"].get_single_metric(self.text(), task, name, mode="final")


class TransBench101SearchSpaceMicro(_TransNas):
    choices = 4

    def text(self):
        return "64-41414-{}_{}{}_{}{}{}".format(*self.op_indices)


class TransBench101SearchSpaceMacro(_TransNas):
    def text(self):
        return f"64-{''.join(str(op) for op in self.op_indices if op != 0)}-basic"


class NasBench101SearchSpace:
    QUERYABLE = True
    OPTIMIZER_SCOPE = ("all",)

    def __init__(self):
        self.spec, self.instantiate_model = None, True

    def clone(self):
        return type(self)()

    def set_spec(self, spec, dataset_api=None):
        if self.instantiate_model:
            assert self.spec is None, "an architecture has already been assigned"
        self.spec = spec

    def query(self, metric, dataset="cifar10", path=None, epoch=-1, full_lc=False, dataset_api=None):
        assert np.shape(self.spec["matrix"]) == (7, 7)
        spec = dataset_api["api"].ModelSpec(**self.spec)
        if not dataset_api["nb101_data"].is_valid(spec):
            return -1
        found = dataset_api["nb101_data"].query(spec)
        if metric is Metric.TRAIN_TIME:
            return found["training_time"]
        return 100 * found["validation_accuracy" if metric is Metric.VAL_ACCURACY else "test_accuracy"]

    def sample_random_architecture(self, dataset_api):
        operations = ("conv3x3-bn-relu", "conv1x1-bn-relu", "maxpool3x3")
        while True:
            matrix = np.triu(np.random.choice([0, 1], size=(7, 7)), 1)  # noqa: NPY002
            ops = ["input", *np.random.choice(operations, size=5).tolist(), "output"]  # noqa: NPY002
            if dataset_api["nb101_data"].is_valid(dataset_api["api"].ModelSpec(matrix=matrix, ops=ops)):
                break
        self.set_spec({"matrix": matrix, "ops": ops})


class NATSBenchSizeSearchSpace:
    QUERYABLE = True
    OPTIMIZER_SCOPE = ("all",)
    candidates = tuple(range(8, 65, 8))

    def __init__(self):
        self.channels = [8] * 5

    def clone(self):
        return type(self)()

    def set_spec(self, channels, dataset_api=None):
        self.channels = channels

    def query(self, metric=None, dataset=None, path=None, epoch=-1, full_lc=False, dataset_api=None, hp=90):
        assert not (dataset == "cifar10" and metric is Metric.VAL_ACCURACY), "not available"
        names = {
            Metric.VAL_ACCURACY: "valid-accuracy",
            Metric.TEST_ACCURACY: "test-accuracy",
            Metric.TRAIN_TIME: "train-all-time",
            Metric.TRAIN_ACCURACY: "train-accuracy",
        }
        index = int("".join(str(width // 8 - 1) for width in self.channels), 8)
        found = dataset_api.get_more_info(index, dataset, iepoch=hp - 1, hp=f"{hp:02d}", is_random=False)
        return found[names[metric]]

    def sample_random_architecture(self, dataset_api=None):
        self.set_spec(random.choices(self.candidates, k=5))


def all_cells():
    return itertools.product(range(5), repeat=6)
