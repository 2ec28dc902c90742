"""CPU time of the predictions of a surrogate: in batches, one at a time, and looked up by the harness.

Run ``python speed/surrogate.py TASK``, for example ``nasbench101-surrogate/cifar10`` after `equipoise surrogate`, or
``surrogate:FILE``. Times are processor time on this machine, the best of several rounds; ratios are to the look-up.
"""

import sys
import time
from collections.abc import Callable

import numpy as np

from equipoise.harness.benchmarks._surrogate import SurrogateTask
from equipoise.harness.core.registry import load_task

ROUNDS = 5
BATCH = 4096


def microseconds(work: Callable[[], object], answers: int) -> float:
    """The least processor time per answer, in microseconds."""
    best = float("inf")
    for _ in range(ROUNDS):
        start = time.process_time()
        work()
        best = min(best, time.process_time() - start)
    return best / answers * 1e6


def opening(name: str) -> tuple[float, float]:
    """Milliseconds from naming a task to its first answer: processor and wall time."""
    task = load_task(name)
    (architecture,) = task.space.sample(np.random.default_rng(0), 1)
    task.space.index(architecture)  # the tables of the space are not counted
    cpu, wall = time.process_time(), time.perf_counter()
    load_task(name).evaluate(architecture, None, np.random.default_rng(0))
    return (time.process_time() - cpu) * 1e3, (time.perf_counter() - wall) * 1e3


def main(name: str) -> None:
    """Prints one row per kind of query."""
    task = load_task(name)
    assert isinstance(task, SurrogateTask), f"{name} is no surrogate"
    rng = np.random.default_rng(0)
    architectures = task.space.sample(rng, BATCH)
    few, model = architectures[:200], task.model
    told = model.features.of(architectures)
    model.predict(few)
    rows = {
        "features, in a batch": microseconds(lambda: model.features.of(architectures), BATCH),
        "prediction, in a batch": microseconds(lambda: model.predict_features(told, -1), BATCH),
        "features and prediction, in a batch": microseconds(lambda: model.predict(architectures), BATCH),
        "features and prediction, one at a time": microseconds(lambda: [model.predict([a]) for a in few], len(few)),
        "evaluate(), 'mean'": microseconds(lambda: [task.evaluate(a, None, rng) for a in architectures], BATCH),
    }
    single = load_task(name, "single")
    single.evaluate(few[0], None, rng)
    rows["evaluate(), 'single'"] = microseconds(lambda: [single.evaluate(a, None, rng) for a in few], len(few))
    least = rows["evaluate(), 'mean'"]
    print(f"{name}: {model.header.levels[-1].scores}")
    for what, cost in rows.items():
        print(f"{what:<40} {cost:10.2f} us   {cost / least:8.1f} x")
    cpu, wall = opening(name)
    print(f"{'opening, up to the first answer':<40} {cpu:10.1f} ms of processor time, {wall:.1f} ms passed")


if __name__ == "__main__":
    main(*sys.argv[1:2])
