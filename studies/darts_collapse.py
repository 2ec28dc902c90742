"""Whether DARTS collapses to skip connections on the embedded images: its cell after each epoch.

Run ``python studies/darts_collapse.py [order] [architecture learning rate] [seeds] [epochs] [weights' learning rate]``.
One line for each epoch at which the cell changed: the counts of its operations, and its accuracy on NAS-Bench-201
cifar10, for comparison with the mean of all 15,625 cells. The training equivalents charged follow at the end.

Measured (training is chaotic: other processors give other cells of the same kind):

- ``1 3e-4 2 50``: at the third epoch five and six of the six edges are convolutions; at the 50th one and two are skips,
  3 x 3 convolutions have given way to 1 x 1, and accuracy fell from 90.2 and 90.6 at best to 88.4 and 86.6 %.
- ``2 3e-4 2 50``: later and weaker: no skip and one; 90.2 to 89.3 and 90.6 to 86.4 %.
- ``1 3e-4 1 50 0.2``, the weights' rate of a stand-alone training: four skips from the 35th epoch on; with order 2
  three from the 32nd and two at the end. The cells keep two and three 3 x 3 convolutions and 89.4 %.

Over five seeds on the table of these images, `suites/one_shot.toml` and the report's section on what weight sharing
derives: in first order 2.2 skips and 1.0 3 x 3 convolutions at the 50th epoch, from 0 and 4.8 at the third, and regret
from 1.3 to 7.2 points, where a random architecture has 7.7.
"""

import sys
import time
from collections import Counter

import numpy as np
import torch

from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.registry import load_method, load_task, problem_of
from equipoise.harness.spaces.nasbench201 import OPERATIONS

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
            "derive": "every",
            "derive_none": False,
        }
        method = cls(problem, np.random.default_rng(seed), **settings)
        begin, before = time.process_time(), None
        for epoch in range(1, epochs + 1):
            cell = method.ask().architecture
            if cell != before or epoch == epochs:
                made = Counter(SHORT[OPERATIONS[option]] for option in cell)
                listed = ", ".join(f"{count} {word}" for word, count in made.most_common())
                accuracy = table.info.metric.show(table.expected(cell) or 0.0)
                print(f"seed {seed} epoch {epoch:3}: {''.join(map(str, cell))}  {accuracy:.1f} %  {listed}", flush=True)
            before = cell
        seconds = time.process_time() - begin
        charged = f"{method.training_equivalents:.1f} training equivalents charged"
        print(f"seed {seed}: {charged}, {seconds:.0f} s of CPU", flush=True)


if __name__ == "__main__":
    main(*(kind(text) for kind, text in zip((int, float, int, int, float), sys.argv[1:], strict=False)))
