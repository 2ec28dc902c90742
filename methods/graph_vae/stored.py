"""Models that were trained beforehand: files of half-precision weights that come with the method."""

from functools import lru_cache
from hashlib import sha256
from pathlib import Path
from typing import Literal

import numpy as np
import torch

from equipoise.harness.core.errors import DataError
from equipoise.harness.core.space import SearchSpace
from equipoise.methods.graph_vae.digests import DIGESTS
from equipoise.methods.graph_vae.model import Sizes, Vae
from equipoise.methods.graph_vae.pretraining import edit_radius, train_for

__all__ = ["FOLDER", "Backend", "load", "model_of", "save", "untrained"]

Backend = Literal["torch", "dgl"]
FOLDER = Path(__file__).parent / "weights"
FEWEST, STEPS_PER_DECISION, MOST = 200, 50, 500
"""Steps of Adam for a space without stored weights: so many per decision, within bounds."""


def untrained(space: SearchSpace, backend: Backend = "torch") -> Vae:
    """A model with the weights that training starts from (an ablation)."""
    torch.set_num_threads(1)
    model = Vae(space, np.random.default_rng(2), backend=backend)
    model.radius = edit_radius(model, space.sample(model.rng, 200))
    return model


@lru_cache(maxsize=8)
def model_of(space: SearchSpace, backend: Backend = "torch") -> Vae:
    """The trained model of a space: stored weights where there are any, else trained now, once per process.

    It is shared between the runs of a process, and must not be changed.
    """
    torch.set_num_threads(1)
    path = FOLDER / f"{space.name}.npz"
    if space.name in DIGESTS and not space.parameters:
        model = load(space, path, DIGESTS[space.name])
    else:
        model = train_for(space, min(MOST, max(FEWEST, STEPS_PER_DECISION * len(space.cardinalities))))
    model.backend = backend
    return model


def save(model: Vae, path: Path) -> str:
    """Writes the weights of a model, and gives the digest of the file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    weights = model.parameters.flat.detach().numpy().astype(np.float16)
    with path.open("wb") as file:
        np.savez(file, sizes=np.array(model.sizes), radius=np.array(model.radius), weights=weights)
    return sha256(path.read_bytes()).hexdigest()


def load(space: SearchSpace, path: Path, digest: str) -> Vae:
    """Reads the weights of a model.

    Raises:
        DataError: The file is missing, damaged or for other networks.
    """
    try:
        found = sha256(path.read_bytes()).hexdigest()
    except OSError as error:
        raise DataError(
            f"{path}: {error.strerror}; install equipoise again, or run studies/graph_vae_weights.py"
        ) from error
    if found != digest:
        raise DataError(f"{path}: digest {found[:12]}, expected {digest[:12]}; run studies/graph_vae_weights.py")
    with np.load(path) as stored:
        model = Vae(space, np.random.default_rng(0), sizes=Sizes(*stored["sizes"].tolist()))
        weights = torch.from_numpy(stored["weights"].astype(np.float32))
        if weights.shape != model.parameters.flat.shape:
            raise DataError(f"{path}: {len(weights)} weights, expected {len(model.parameters.flat)}; the space changed")
        with torch.no_grad():
            model.parameters.flat.copy_(weights)
        model.radius = float(stored["radius"])
    return model
