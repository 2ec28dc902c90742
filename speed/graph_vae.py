"""Profile of graph_vae in every space, on one core.

Run ``python speed/graph_vae.py [queries]``. CPU is `process_time` of this process with one thread; the errors are
a synthetic function of the graph, so that every space is measured in the same way, with or without benchmark data.
"""

import sys
import time
from collections import defaultdict
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Observation, Problem
from equipoise.harness.core.registry import load_method, spaces
from equipoise.harness.core.space import SearchSpace
from equipoise.methods._shared.structural_inputs import InputReader
from equipoise.methods._shared.structural_process import StructuralProcess
from equipoise.methods.graph_vae import latent_generator
from equipoise.methods.graph_vae.candidates import Candidates
from equipoise.methods.graph_vae.model import Vae

SECONDS: dict[str, float] = defaultdict(float)


def clocked(owner: Any, name: str, label: str) -> None:
    """Counts the CPU seconds spent in a function."""
    inner: Callable[..., Any] = getattr(owner, name)

    def outer(*args: Any, **kwargs: Any) -> Any:
        begin = time.process_time()
        try:
            return inner(*args, **kwargs)
        finally:
            SECONDS[label] += time.process_time() - begin

    setattr(owner, name, outer)


def synthetic_error(architecture: tuple[int, ...]) -> float:
    """A synthetic function of an architecture."""
    return sum(((option + 1) * (position + 3) * 7919) % 101 for position, option in enumerate(architecture)) / 1e4


def run(name: str, space: SearchSpace, queries: int, seed: int) -> float:
    """CPU seconds of one run."""
    begin = time.process_time()
    method = load_method(name)(Problem(space, Budget(queries=queries)), np.random.default_rng(seed))
    for _ in range(queries):
        query = method.ask()
        method.tell(Observation(query, synthetic_error(query.architecture), float("nan")))
    return time.process_time() - begin


def main(queries: int) -> None:
    """Prints one line per space."""
    torch.set_num_threads(1)
    clocked(latent_generator, "decode", "decode")
    clocked(Vae, "means", "encode")
    clocked(InputReader, "read", "read graph features")
    clocked(StructuralProcess, "refit", "fit the process")
    clocked(Candidates, "promise", "rank")
    clocked(Candidates, "pick", "rank")
    for cls in spaces():
        space = cls()
        space.sample(np.random.default_rng(0), 1)
        run("graph_vae", space, 30, 9)
        SECONDS.clear()
        total = run("graph_vae", space, queries, 0)
        parts = ", ".join(f"{label} {seconds:.2f}" for label, seconds in SECONDS.items())
        print(f"{space.name:16} {queries} queries: {total:.2f} s ({parts})", flush=True)


if __name__ == "__main__":
    main(int(sys.argv[1]) if len(sys.argv) > 1 else 300)
