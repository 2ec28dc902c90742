"""Overhead of live training: images per second against a plain PyTorch loop, and peak memory.

Run ``python speed/training.py`` (about three minutes). Both loops train the same networks on the same images with one
thread, in turn, and processor time is compared, so that other load on the machine matters little. A GPU is
measured too where there is one: also with several networks side by side.
"""

import resource
import subprocess
import sys
import time
from collections.abc import Callable
from statistics import median

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from equipoise.harness.spaces.darts import Darts
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.training.flops import count_multiply_adds
from equipoise.harness.training.images import load
from equipoise.harness.training.networks import networks_of
from equipoise.harness.training.trainer import DeviceImages, Trainer

SPACES = {"nasbench201": NasBench201(), "darts": Darts()}
TURNS = {"nasbench201": 15, "darts": 3}
ALLOWED = 1.05

MEMORY = """
import resource, sys, numpy as np
from equipoise.harness.core.registry import load_task
if len(sys.argv) > 1:
    task = load_task(sys.argv[1], ignore_cache=True)
    task.evaluate(task.space.sample(np.random.default_rng(0), 1)[0], 1, np.random.default_rng(0))
else:
    import torch
print(resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024)
"""


def plain_epoch(network: nn.Module, images: DeviceImages, batch_size: int) -> Callable[[], None]:
    """One epoch of a plain loop: no schedule, no replicas, no augmentation."""
    network = network.to(device=images.device, memory_format=torch.channels_last)
    optimiser = torch.optim.SGD(
        network.parameters(), lr=0.05, momentum=0.9, nesterov=True, weight_decay=5e-4, fused=True
    )
    x, y = images.x["train"].contiguous(memory_format=torch.channels_last), images.y["train"]

    def epoch() -> None:
        network.train()
        for batch in torch.randperm(len(y)).to(images.device).split(batch_size):
            with torch.autocast(images.device, torch.bfloat16, enabled=images.device != "cpu"):
                logits = network(x[batch])[0][:, 0]
            optimiser.zero_grad()
            F.cross_entropy(logits.float(), y[batch]).backward()
            optimiser.step()

    return epoch


def seconds(run: Callable[[], object], device: str) -> float:
    """Time of a call: processor time on the CPU, wall time on a GPU."""
    clock = time.process_time if device == "cpu" else time.perf_counter
    if device != "cpu":
        torch.cuda.synchronize()
    begin = clock()
    run()
    if device != "cpu":
        torch.cuda.synchronize()
    return clock() - begin


def compare(space: str, device: str, networks: int) -> None:
    """Prints the images per second of both loops on three networks of a space, and the ratio of their times."""
    module = networks_of(space)
    pictures = load("fashion14")
    macro, configuration = module.settings(pictures.side)
    images = DeviceImages(pictures, device)
    total_plain, total_ours, operations = 0.0, 0.0, 0
    for cell in SPACES[space].sample(np.random.default_rng(1), 3):
        alone = module.build(cell, macro, 1, 10)
        operations += count_multiply_adds(alone, 1, pictures.side)
        plain = plain_epoch(alone, images, configuration.batch_size)
        trainer = Trainer(module.build(cell, macro, 1, 10, networks), configuration, images, range(networks))
        ours = trainer._train
        seconds(plain, device), seconds(ours, device)
        pairs = [(seconds(plain, device), seconds(ours, device) / networks) for _ in range(TURNS[space])]
        total_plain += median(their for their, _ in pairs)
        total_ours += median(our for _, our in pairs)
    count = 3 * len(images.y["train"])
    speeds = f"{count / total_ours:8.0f} images/s, plain {count / total_plain:.0f}"
    told = f"{space:12} {networks} at once on {device}: {speeds}"
    ratio = total_ours / total_plain
    verdict = "" if networks > 1 else f" ({'within' if ratio <= ALLOWED else 'ABOVE'} the allowed {ALLOWED})"
    rate = 3 * 2 * operations * len(images.y["train"]) / total_ours / 1e9
    print(f"{told}, ratio of time {ratio:.3f}{verdict}; {rate:.1f} GFLOP/s counting 3 x 2 x multiply-adds")


def peak(*arguments: str) -> float:
    """Peak resident memory in MB of a fresh process that evaluates a task for one epoch, or just loads PyTorch."""
    ran = subprocess.run([sys.executable, "-c", MEMORY, *arguments], capture_output=True, text=True, check=True)
    return float(ran.stdout)


def main() -> None:
    """Prints all measurements."""
    torch.set_num_threads(1)
    for space, networks in (("nasbench201", 1), ("nasbench201", 3), ("darts", 1)):
        compare(space, "cpu", networks)
    if torch.cuda.is_available():
        print(torch.cuda.get_device_name())
        for networks in (1, 3, 8, 32):
            compare("nasbench201", "cuda", networks)
        print(f"peak memory on the GPU: {torch.cuda.max_memory_allocated() / 2**20:.0f} MB")
    else:
        print("GPU: not measured, PyTorch finds none here")
    print(f"peak memory of a process with PyTorch loaded: {peak():.0f} MB")
    for task in ("training/nasbench201/fashion14", "training/darts/fashion14"):
        print(f"peak memory of one epoch of {task}: {peak(task):.0f} MB")
    print(f"peak memory here: {resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024:.0f} MB")


if __name__ == "__main__":
    main()
