"""Where NASLib reads its data from files, the stand-in makes some up."""

import random
from types import SimpleNamespace

ANSWERS = {}
"""Set by a test: the dataset_api of (search space, data set)."""


def get_dataset_api(search_space=None, dataset=None):
    if search_space == "natsbenchsize":
        raise AssertionError("Could not find the archive. Please download it")
    if search_space == "nasbench101":
        return {"api": SimpleNamespace(ModelSpec=dict), "nb101_data": _Repeats()}
    return ANSWERS[search_space, dataset]


class _Repeats:
    """Answers with one of three repeats, drawn with the global generator, as NASLib's reader does."""

    def is_valid(self, spec):
        return True

    def query(self, spec):
        edges = int(spec["matrix"].sum())
        value = edges / 20 + random.randint(0, 2) / 100
        return {"validation_accuracy": value, "test_accuracy": value - 0.05, "training_time": 100.0 * edges}
