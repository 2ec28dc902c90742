"""Whether DARTS collapses to skip connections on the embedded images: its cell after each epoch.

Run ``python speed/darts_collapse.py [order] [architecture learning rate] [seeds] [epochs] [weights' learning rate]``.
One line for each epoch at which the cell changed: the operations it is made of, and its accuracy on NAS-Bench-201's
cifar10, where the mean of all 15,625 cells is the yardstick. The trainings charged stand at its end.

Measured with ``1 3e-4 2 50``: no collapse. At the third epoch five and six of the six edges are convolutions; at the
50th the one cell has no skip and the other a single one, while 3 x 3 convolutions have given way to 1 x 1.
With the weights' rate of the stand-alone training in place of the published one, ``1 3e-4 1 50 0.2``: collapse. Five of
six edges are convolutions at the fifth epoch, three are skips at the 36th and four from the 39th to the 50th.
"""

import sys
import time
from collections import Counter

import numpy as np
import torch

from harness.ledger import Budget
from harness.plugins import load_method, load_task, problem_of
from harness.spaces.nasbench201 import OPERATIONS

SHORT = {"none": "none", "skip_connect": "skip", "nor_conv_1x1": "1x1", "nor_conv_3x3": "3x3", "avg_pool_3x3": "pool"}


def main(order: int = 1, rate: float = 3e-4, seeds: int = 3, epochs: int = 50, learning_rate: float = 0.025) -> None:
    """Prints the cells of some searches."""
    torch.set_num_threads(1)
    table, task, cls = (
        load_task("nasbench201/cifar10"),
        load_task("training/nasbench201/fashion14"),
        load_method("darts"),
    )
    landscape = table.landscape()
    assert landscape is not None
    mean = 100 - 100 * landscape.mean()
    print(f"order {order}, learning rates {rate:g} and {learning_rate:g}; NAS-Bench-201 mean {mean:.1f} %")
    problem = problem_of(cls, task, Budget(queries=1000))
    for seed in range(seeds):
        settings = {
            "order": order,
            "architecture_learning_rate": rate,
            "epochs": epochs,
            "learning_rate": learning_rate,
        }
        method = cls(problem, np.random.default_rng(seed), **settings)
        begin, before = time.process_time(), None
        for epoch in range(1, epochs + 1):
            cell = method.ask().architecture
            if cell != before or epoch == epochs:
                made = Counter(SHORT[OPERATIONS[option]] for option in cell)
                listed = ", ".join(f"{count} {word}" for word, count in made.most_common())
                accuracy = table.metric.show(table.expected(cell) or 0.0)
                print(f"seed {seed} epoch {epoch:3}: {''.join(map(str, cell))}  {accuracy:.1f} %  {listed}", flush=True)
            before = cell
        seconds = time.process_time() - begin
        print(f"seed {seed}: {method.trainings:.1f} stand-alone trainings charged, {seconds:.0f} s of CPU", flush=True)


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((int, float, int, int, float), sys.argv[1:], strict=False)))
