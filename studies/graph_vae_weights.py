"""Trains the models of graph_vae that come with it, on unlabelled draws, and writes their files and digests.

    python studies/graph_vae_weights.py [SPACE ...]

It takes about two minutes of one core. A space without a file is trained at first use, in a second or two.
"""

import sys
import time
from pathlib import Path

import numpy as np
import torch

from equipoise.harness.core.registry import spaces
from equipoise.methods.graph_vae import digests
from equipoise.methods.graph_vae.decoding import decode
from equipoise.methods.graph_vae.pretraining import draws_of, train_for
from equipoise.methods.graph_vae.stored import FOLDER, save

STEPS = {"nasbench201": 600, "nasbench_graph": 700, "nasbench101": 2_500, "darts": 2_500}
"""Steps of Adam per space."""


def main(names: list[str]) -> None:
    """Trains and writes."""
    torch.set_num_threads(1)
    found = dict(digests.DIGESTS)
    for cls in spaces():
        if cls.name not in names:
            continue
        space, begin = cls(), time.process_time()
        model = train_for(space, STEPS[space.name])
        found[space.name] = save(model, FOLDER / f"{space.name}.npz")
        known = draws_of(space)
        taught = set(known)
        unseen = [cell for cell in space.sample(np.random.default_rng(3), 2_000) if cell not in taught]
        shares = []
        for cells in (known[:1_000], unseen[:1_000]):
            again, _ = decode(model, model.means(cells), model.rng)
            shares.append(np.mean([a == b for a, b in zip(cells, again, strict=True)]))
        size = (FOLDER / f"{space.name}.npz").stat().st_size / 1024
        sys.stdout.write(
            f"{space.name}: {STEPS[space.name]} steps, {time.process_time() - begin:.0f} s CPU, {size:.0f} kB; "
            f"reconstructs {shares[0]:.1%} of its draws and {shares[1]:.1%} of {len(unseen[:1_000])} others\n"
        )
        sys.stdout.flush()
    lines = "".join(f'    "{name}": "{digest}",\n' for name, digest in sorted(found.items()))
    path = Path(digests.__file__)
    head, _, _ = path.read_text(encoding="utf-8").partition("DIGESTS: dict")
    path.write_text(f"{head}DIGESTS: dict[str, str] = {{\n{lines}}}\n", encoding="utf-8")


if __name__ == "__main__":
    main(sys.argv[1:] or list(STEPS))
