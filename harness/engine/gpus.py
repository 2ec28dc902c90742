"""The GPUs of this machine, told without loading a library for them, and their distribution over workers."""

import os
import re
from collections.abc import Mapping, Sequence
from pathlib import Path

__all__ = ["gpu_environment", "visible_gpus"]


def visible_gpus(environment: Mapping[str, str] = os.environ, devices: Path = Path("/dev")) -> list[str]:
    """The GPUs that a process sees, as ``CUDA_VISIBLE_DEVICES`` names them.

    Args:
        environment: Where SLURM or the user may have chosen some.
        devices: The folder of device files, which tells otherwise.
    """
    if (chosen := environment.get("CUDA_VISIBLE_DEVICES")) is not None:
        return [name.strip() for name in chosen.split(",") if name.strip()]
    numbers = (re.fullmatch(r"nvidia(\d+)", path.name) for path in devices.glob("nvidia*"))
    return sorted((match[1] for match in numbers if match), key=int)


def gpu_environment(worker: int, gpus: Sequence[str]) -> dict[str, str]:
    """The variables that give each worker another first GPU; the others stay visible to it.

    Args:
        worker: Its number, from 0.
        gpus: As `visible_gpus` tells them; with less than two there is nothing to share out.
    """
    if len(gpus) < 2:
        return {}
    first = worker % len(gpus)
    return {"CUDA_VISIBLE_DEVICES": ",".join([*gpus[first:], *gpus[:first]])}
