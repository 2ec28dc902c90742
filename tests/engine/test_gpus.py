from pathlib import Path

import pytest
import worker_calls

from equipoise.harness.core.registry import load_task
from equipoise.harness.core.suite import Suite
from equipoise.harness.engine.gpus import gpu_environment, visible_gpus
from equipoise.harness.engine.processes import WorkerProcesses
from equipoise.harness.engine.session import _usual_workers


@pytest.mark.parametrize(
    ("chosen", "found"),
    [(None, ["0", "1", "10"]), ("", []), ("2", ["2"]), ("3, 5", ["3", "5"]), ("GPU-ab,GPU-cd", ["GPU-ab", "GPU-cd"])],
)
def test_gpus_are_those_that_were_chosen_or_those_there_are(
    tmp_path: Path, chosen: str | None, found: list[str]
) -> None:
    for name in ("nvidia0", "nvidia10", "nvidia1", "nvidiactl", "nvidia-uvm"):
        (tmp_path / name).touch()
    environment = {} if chosen is None else {"CUDA_VISIBLE_DEVICES": chosen}
    assert visible_gpus(environment, tmp_path) == found


def test_each_worker_begins_with_another_gpu(monkeypatch) -> None:
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "3,5")
    pool = WorkerProcesses(2)
    try:
        seen = {future.result() for future in [pool.submit(worker_calls.first_gpus, n) for n in range(6)]}
    finally:
        pool.shutdown()
    assert seen == {"3,5", "5,3"}
    assert gpu_environment(7, ["0"]) == gpu_environment(1, []) == {}


def test_auto_is_a_gpu_where_there_is_one(monkeypatch) -> None:
    torch = pytest.importorskip("torch")
    suite = Suite.from_dict(
        {
            "name": "made",
            "budget": {"queries": 1},
            "protocol": {"repeats": 1, "seed": 0},
            "tasks": [{"name": "training/nasbench201/digits,device=auto"}],
            "methods": [{"name": "random_search"}],
        }
    )
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "0,1,2")
    assert load_task(suite.tasks[0]).skip() is None
    monkeypatch.setattr(torch.cuda, "is_available", lambda: True)
    assert load_task(suite.tasks[0]).device == "cuda"
    assert _usual_workers(suite) == 3
