"""The file of a task of a user's own."""

TASK = """
from equipoise.harness.core.task import Evaluation, Metric, Task, TaskInfo
from equipoise.harness.spaces.nasbench201 import NasBench201

class Count(Task):
    info = TaskInfo(
        name="convolutions/count", source="me", licence="CC0", metric=Metric.accuracy(), data_digest="none: computed"
    )
    space = NasBench201()

    def evaluate(self, architecture, fidelity, rng):
        return Evaluation(1 - architecture.count(3) / 6, 1.0)

    def expected(self, architecture):
        return self.evaluate(architecture, None, None).validation_error

    def optimum(self):
        return 0.0
"""
