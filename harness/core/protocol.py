"""The rules that hold for every method of a suite."""

import re
from dataclasses import dataclass, fields
from typing import Any, Literal, get_args

from equipoise.harness.core.errors import SuiteError, nearest
from equipoise.harness.core.isomorphism import Isomorphism
from equipoise.harness.core.ledger import Duplicates, Invalid
from equipoise.harness.core.suite_values import as_bool, as_list, as_positive, check_keys, check_unique, shown
from equipoise.harness.core.task_info import Noise

__all__ = ["NO_RULES", "Protocol", "protocol_of"]

NO_RULES = ("repeats", "seconds_per_run", "memory_per_run")
"""Keys of the protocol that decide nothing in the rows of a finished run."""

MEMORY = re.compile(r"(\d{1,9}(?:\.\d{1,9})?) ?(MB|GB)")
"""The accepted forms of ``memory_per_run``."""

Seeds = Literal["all", "split"]


@dataclass(frozen=True)
class Protocol:
    """The rules that hold for every method of a suite.

    Attributes:
        repeats: Runs of each method on each task.
        seed: Root of all randomness.
        duplicates: Whether proposing the same again costs.
        invalid: Whether an invalid proposal costs (``penalise``), or is free and asked again (``redraw``). Either way
            the method is told the worst error, so that an optimiser that knows no legality learns where not to look.
            In the experiments on NAS-Bench-101 invalid cells are told error 1 and take no time (Ying et al. 2019,
            published code): that is ``redraw``.
        noise: Whether a query shows the mean of the stored training seeds or one drawn at random.
        initial: Whether methods start on their own, or from the same random architectures in each repeat.
        initial_size: How many those are.
        seeds: Whether the search sees all stored training seeds, or one is held out in each repeat, which then judges:
            seed (repeat - 1) mod S of the S that every architecture of the task has (`Protocol.held_out`).
        isomorphism: Whether isomorphism of architectures is used by whoever does (``own``), hidden from all methods
            (``none``), or open to all (``all``): then each proposal is replaced by the representative of its class, and
            a class that the run has evaluated is answered from memory without charge.
        history: Tasks of which methods that learn from other tasks are told evaluations, uncharged, before their first
            query; each search leaves out those of another space and those of its own images.
        history_size: Evaluations per task of the history, drawn at random in each repeat; all of a smaller space.
        continue_training: Whether a query for more epochs of an architecture than the run has trained it pays the
            further ones only, as where a training goes on; otherwise each training is paid from its start. For tasks
            whose fidelities are the epochs of one training, and budgets of epochs or seconds.
        seconds_per_run: Wall time after which a run is stopped and recorded as failed; None for any.
        memory_per_run: Memory of a run and its children, likewise: a number with ``MB`` or ``GB``, of 10^6 or 10^9
            bytes. Neither limit decides the rows of a run that keeps it, so neither is part of what a run is.
    """

    repeats: int
    seed: int
    duplicates: Duplicates = "charge"
    invalid: Invalid = "penalise"
    noise: Noise = "mean"
    initial: Literal["own", "shared"] = "own"
    initial_size: int = 10
    seeds: Seeds = "all"
    isomorphism: Isomorphism = "own"
    history: tuple[str, ...] = ()
    history_size: int = 100
    continue_training: bool = False
    seconds_per_run: float | None = None
    memory_per_run: str | None = None

    @property
    def memory_bytes(self) -> int | None:
        """The limit of memory in bytes."""
        if self.memory_per_run is None:
            return None
        match = MEMORY.fullmatch(self.memory_per_run)
        assert match is not None  # `protocol_of` refuses others
        return int(float(match[1]) * {"MB": 1e6, "GB": 1e9}[match[2]])

    def rules(self) -> dict[str, Any]:
        """All of it for a file or a hash. Rules that came later are absent at their default, so that ids stay."""
        later: dict[str, Any] = {"seeds": "all", "isomorphism": "own", "seconds_per_run": None, "memory_per_run": None}
        later |= {"continue_training": False, "history": (), "history_size": 100}
        kept = {key: value for key, value in vars(self).items() if later.get(key) != value}
        return {key: list(value) if isinstance(value, tuple) else value for key, value in kept.items()}

    def held_out(self, seeds: int, repeat: int) -> int | None:
        """The number of the training seed that is held out of a repeat; None if none is.

        Args:
            seeds: Those that every architecture of the task has.
            repeat: From 1.
        """
        return (repeat - 1) % seeds if self.seeds == "split" else None


def protocol_of(content: dict[str, Any]) -> Protocol:
    """The rules in the table ``[protocol]`` of a suite file.

    Raises:
        SuiteError: A key is unknown or missing, or its value is not accepted.
    """
    choices = {
        "duplicates": Duplicates,
        "invalid": Invalid,
        "noise": Noise,
        "initial": Literal["own", "shared"],
        "seeds": Seeds,
        "isomorphism": Isomorphism,
    }
    check_keys(content, [f.name for f in fields(Protocol)], "[protocol]")
    for required in ("repeats", "seed"):
        if required not in content:
            raise SuiteError(f"[protocol]: '{required}' is missing")
    for key, value in content.items():
        if key in choices:
            if value not in get_args(choices[key]):
                raise SuiteError(f"[protocol]: {key} = {value!r}; {nearest(str(value), get_args(choices[key]))}")
        elif key == "seconds_per_run":
            if isinstance(value, bool) or not isinstance(value, int | float) or not 0 < value < 1e9:
                raise SuiteError(f"[protocol]: seconds_per_run = {value!r} is not a positive number of seconds")
        elif key == "memory_per_run":
            if not isinstance(value, str) or not MEMORY.fullmatch(value) or not float(value[:-2]):
                raise SuiteError(f"[protocol]: memory_per_run = {shown(value)}; write for example '4GB' or '500MB'")
        elif key == "history":
            texts = as_list(value, "[protocol]: history")
            if wrong := [text for text in texts if not isinstance(text, str)]:
                raise SuiteError(f"[protocol]: history: {wrong[0]!r} is not the name of a task")
            check_unique(texts, "[protocol]: history", "name each task once")
            content = {**content, "history": tuple(texts)}
        elif key == "continue_training":
            as_bool(value, "[protocol]: continue_training")
        elif key == "seed":
            if isinstance(value, bool) or not isinstance(value, int) or value < 0:
                raise SuiteError(f"[protocol]: seed = {value!r} is not a whole number from 0 on")
        else:
            as_positive(value, f"[protocol]: {key}")
    return Protocol(**content)
