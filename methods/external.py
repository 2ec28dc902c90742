"""A method in another process, in any language, that talks in lines of JSON."""

import math
import shlex
import sys
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import asdict
from pathlib import Path
from typing import Any, ClassVar

import numpy as np

from equipoise.harness.core.errors import ProposalError, SearchEnded, SettingError, SpaceError, one_line
from equipoise.harness.core.method import Method, Observation, Problem, Query, settings_of
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.line_process import LineProcess

__all__ = ["External"]

PROTOCOL = 1
MOST_DRAWS = 10_000
_CLIENT = Path(__file__).parent / "_shared" / "line_client.py"


class External(Method):
    """Runs a command and asks it for architectures, one JSON object per line.

    ``docs/external_methods.md`` has the protocol. The first line tells the program the space, the budget and a seed; a
    run is reproducible if the program draws from that seed alone. It may ask back: for samples, legal options, mutants,
    neighbours, keys and graphs. Which of them it uses is not known here, so `knowledge` names all. A subclass in a file
    of yours says what your program knows, where it comes from, and which labels it has seen.

    Args:
        problem: What is known before the search.
        rng: Source of randomness: the program's seed, and the samples and mutants it asks for.
        command: The command line, for example ``perl my_method.pl``; paths are relative to where Equipoise runs. The
            files that it names count as the method's code.
        seconds: Wall time that the program has for a proposal.

    Raises:
        SettingError: There is no command, it does not start, or the time is none.
    """

    family = "hpo"
    origin = "library"
    source = "A program of its user, through lines of JSON"
    knowledge = ("decisions", "legality", "isomorphism", "graph", "fidelities")
    check_settings: ClassVar[Mapping[str, Any]] = {"command": shlex.join([sys.executable, str(_CLIENT)])}

    def __init__(self, problem: Problem, rng: np.random.Generator, *, command: str = "", seconds: float = 60.0) -> None:
        super().__init__(problem, rng)
        if not str(command).strip():
            raise SettingError(f"external: command = {command!r}; accepted: a command line, as 'perl my_method.pl'")
        if not 0 < seconds < math.inf:
            raise SettingError(f"external: seconds = {seconds}; accepted: numbers above 0")
        self.seconds, self._asked = seconds, 0
        self._process = LineProcess(str(command), "external")
        self._send({"start": self._start()})

    @classmethod
    def code_files(cls, settings: Mapping[str, Any]) -> tuple[Path, ...]:
        """The files that the command names: they are the code of the method under these settings."""
        try:
            words = shlex.split(str(settings_of(cls, settings, "external")["command"]))
        except ValueError:
            return ()
        return tuple(path for path in map(Path, words) if path.is_file())

    def _start(self) -> dict[str, Any]:
        decisions = [{"name": one.name, "options": list(one.options)} for one in self.space.decisions]
        return {
            "protocol": PROTOCOL,
            "seed": int(self.rng.integers(2**31)),
            "space": {"name": self.space.name, "decisions": decisions},
            "budget": {unit: amount for unit, amount in asdict(self.problem.budget).items() if amount is not None},
            "fidelities": list(self.problem.fidelities),
        }

    def ask(self) -> Query:
        """The program's next proposal.

        Raises:
            SearchEnded: The program says that it has ended.
            RunError: It dies, hangs, or does not keep to the protocol.
        """
        self._asked += 1
        deadline = self._deadline()
        self._process.send({"ask": self._asked}, deadline)
        while True:
            told = self._process.receive(deadline)
            if "architecture" in told:
                return self._query(told)
            if "end" in told:
                raise SearchEnded(f"the program has ended: {one_line(str(told['end']), 200)}")
            self._process.send(self._answer(told), deadline)

    def tell(self, observation: Observation) -> None:
        """Passes any observation on.

        Raises:
            RunError: The program has died, or does not read.
        """
        query, error, seconds = observation.query, observation.validation_error, observation.cost_seconds
        told = {"architecture": list(query.architecture), "fidelity": query.fidelity, "validation_error": float(error)}
        self._send({"tell": {**told, "cost_seconds": float(seconds) if math.isfinite(seconds) else None}})

    def _send(self, message: object) -> None:
        self._process.send(message, self._deadline())

    def _deadline(self) -> float:
        return time.monotonic() + self.seconds

    def _query(self, told: Mapping[str, Any]) -> Query:
        given, fidelity = told["architecture"], told.get("fidelity")
        if isinstance(given, str):
            try:
                given = self.space.parse(given)
            except SpaceError as error:
                raise ProposalError(f"external: {error}") from error
        widths = self.space.cardinalities
        if not _is_prefix(given, widths) or len(given) != len(widths):
            raise self._process.refuse(told, f"{len(widths)} option numbers from 0 on, one per decision, or a text")
        if fidelity is not None and fidelity not in self.problem.fidelities:
            epochs = ", ".join(map(str, self.problem.fidelities)) or "none, for the task has one level only"
            raise self._process.refuse(told, f"fidelity: {epochs}")
        return Query(tuple(given), fidelity)

    def _answer(self, told: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a request, under its own name."""
        for name, given in told.items():
            if name == "sample" and type(given) is int and 1 <= given <= MOST_DRAWS:
                return {name: [list(drawn) for drawn in self.space.sample(self.rng, given)]}
            if name == "legal" and self._is_legal(given):
                return {name: self.space.legal(tuple(given)).tolist()}
            if (
                name in self._of_one
                and _is_prefix(given, self.space.cardinalities)
                and self.space.contains(tuple(given))
            ):
                return {name: self._of_one[name](tuple(given))}
        raise self._process.refuse(
            told,
            "architecture, end, or a request: sample (1 to 10000), legal (a legal prefix), mutate, neighbours, key or "
            "graph (an architecture of the space)",
        )

    @property
    def _of_one(self) -> dict[str, Callable[[Architecture], Any]]:
        return {
            "mutate": lambda one: list(self.space.mutate(one, self.rng)),
            "neighbours": lambda one: [list(other) for other in self.space.neighbours(one)],
            "key": lambda one: list(self.space.key(one)),
            "graph": lambda one: self.space.graph(one)._asdict(),
        }

    def _is_legal(self, given: object) -> bool:
        widths = self.space.cardinalities
        if not _is_prefix(given, widths) or len(given) >= len(widths):  # type: ignore[arg-type]
            return False
        prefix: Architecture = tuple(given)  # type: ignore[arg-type]
        return all(self.space.legal(prefix[:position])[option] for position, option in enumerate(prefix))


def _is_prefix(given: object, widths: Sequence[int]) -> bool:
    """Whether these are options in range, as many as there are decisions at most."""
    if not isinstance(given, list | tuple) or len(given) > len(widths):
        return False
    return all(type(option) is int and 0 <= option < width for option, width in zip(given, widths, strict=False))
