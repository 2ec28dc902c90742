"""BOHB: Hyperband whose new architectures come from a density estimate of the good ones."""

from collections import defaultdict
from collections.abc import Mapping
from typing import Any

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.encoding import Parameter
from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query, Requirements
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.brackets import Brackets
from equipoise.methods._shared.kde import Density
from equipoise.methods._shared.search_parameters import SearchParameters

__all__ = ["Bohb"]

Array = npt.NDArray[np.float64]


class Bohb(Method):
    """Hyperband's brackets; on a first rung, the best of `n_candidates` draws by the ratio of two densities.

    The densities are of the better and of the worse architectures at the most epochs for which there are enough
    observations (twice the number of parameters plus two). For tasks that answer after several numbers of epochs:
    ``training/*``, ``nasbench101``, ``nats_tss``, ``nats_sss``, ``nasbench201_full``. Every training is paid from its
    start, unless ``[protocol] continue_training = true``. The defaults are those of the authors' code, HpBandSter.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        encoding: The parameters to search over: one of `SearchSpace.encodings`; None for the space's default one. All
            parameters are taken to matter always.
        eta: One of so many architectures goes on, to so many times the epochs.
        least_epochs: The shortest training; None for the task's shortest.
        random_share: Share of new architectures whose parameters are drawn uniformly.
        top_share: Share of the observations that counts as better.
        n_candidates: Draws from the better density.
        bandwidth_factor: Numbers are drawn with so many times the bandwidth.
        least_bandwidth: Smallest bandwidth.

    Raises:
        SettingError: A setting is out of range.
    """

    family = "hpo"
    origin = "published"
    source = "Falkner, Klein and Hutter, BOHB, ICML 2018; defaults and bracket sizes of HpBandSter 0.7"
    knowledge = ("decisions", "fidelities")
    deviations = (
        "Where the task does not offer R / eta^k epochs, the nearest it offers are trained; levels that fall together "
        "count as one, and rungs are sized by the real ratios of the levels.",
        "The bandwidth of c options is at most (c - 1) / c, and the kernel knows all c: HpBandSter's may exceed 1, and "
        "its kernel counts the observed options alone.",
    )

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        encoding: str | None = None,
        eta: int = 3,
        least_epochs: int | None = None,
        random_share: float = 1 / 3,
        top_share: float = 0.15,
        n_candidates: int = 64,
        bandwidth_factor: float = 3.0,
        least_bandwidth: float = 0.001,
    ) -> None:
        super().__init__(problem, rng)
        if not 0 <= random_share <= 1:
            raise SettingError(f"bohb: random_share = {random_share}; accepted: numbers from 0 to 1")
        if not 0 < top_share < 1:
            raise SettingError(f"bohb: top_share = {top_share}; accepted: numbers above 0 and below 1")
        if n_candidates < 1:
            raise SettingError(f"bohb: n_candidates = {n_candidates}; accepted: whole numbers from 1 on")
        if not bandwidth_factor > 0:
            raise SettingError(f"bohb: bandwidth_factor = {bandwidth_factor}; accepted: numbers above 0")
        if not 0 < least_bandwidth < 0.5:
            raise SettingError(f"bohb: least_bandwidth = {least_bandwidth}; accepted: numbers above 0 and below 0.5")
        self._brackets = Brackets("bohb", problem.fidelities, eta, least_epochs, published=False)
        self._parameters = SearchParameters("bohb", problem.space, encoding)
        self._specs = list(self._parameters.specs.values())
        self._random_share, self._top_share, self._n_candidates = random_share, top_share, n_candidates
        self._factor, self._least = bandwidth_factor, least_bandwidth
        self._drawn: dict[Architecture, list[float]] = {}
        self._points: defaultdict[int, list[list[float]]] = defaultdict(list)
        self._errors: defaultdict[int, list[float]] = defaultdict(list)
        self._densities: tuple[Density, Density] | None = None

    @classmethod
    def requirements(cls, settings: Mapping[str, Any]) -> Requirements:  # noqa: ARG003
        """Several fidelities."""
        return Requirements(fidelities=True)

    def ask(self) -> Query:
        """The next of the bracket: a draw on its first rung, a survivor on the others."""
        return Query(*self._brackets.next(lambda _: self._draw()))

    def _draw(self) -> Architecture:
        densities = self._fitted()
        if densities is None or self.rng.random() < self._random_share:
            point = np.array([self._uniform(spec) for spec in self._specs])
        else:
            better, worse = densities
            candidates = better.draw(self._n_candidates, self._factor, self.rng)
            ratio = np.maximum(better.at(candidates), 1e-32) / np.maximum(worse.at(candidates), 1e-32)
            point = candidates[int(ratio.argmax())]
        architecture = self._read(point)
        self._drawn.setdefault(architecture, point.tolist())
        return architecture

    def _uniform(self, spec: Parameter) -> float:
        if spec.kind == "float":
            return float(self.rng.random())
        return int(self.rng.integers(spec.size)) / (spec.size - 1 if spec.kind == "integer" else 1)

    def _read(self, point: Array) -> Architecture:
        values: dict[str, int | float] = {}
        for (name, spec), value in zip(self._parameters.specs.items(), point.tolist(), strict=True):
            scaled = value * (spec.size - 1) if spec.kind == "integer" else value
            values[name] = value if spec.kind == "float" else round(scaled)
        return self._parameters.architecture(values)

    def _write(self, architecture: Architecture) -> list[float]:
        values = self._parameters.values(architecture)
        return [
            values[name] / (spec.size - 1) if spec.kind == "integer" else float(values[name])
            for name, spec in self._parameters.specs.items()
        ]

    def _fitted(self) -> tuple[Density, Density] | None:
        """The densities at the most epochs with enough observations; None before there are."""
        least = len(self._specs) + 1
        if self._densities is None:
            enough = [epochs for epochs, errors in self._errors.items() if len(errors) >= 2 * least]
            if enough:
                epochs = max(enough)
                points = np.array(self._points[epochs])[np.argsort(self._errors[epochs], kind="stable")]
                n = max(least, int(self._top_share * len(points)))
                parts = points[:n], points[n : n + max(least, int((1 - self._top_share) * len(points)))]
                better, worse = (Density(part, self._specs, self._least) for part in parts)
                self._densities = better, worse
        return self._densities

    def tell(self, observation: Observation) -> None:
        """Learns from any observation, and decides, once a rung is complete, who goes on."""
        architecture, fidelity, _ = observation.query
        epochs = self.problem.fidelities[-1] if fidelity is None else fidelity
        point = self._drawn.get(architecture)
        if point is not None or self.space.contains(architecture):
            self._points[epochs].append(point or self._write(architecture))
            self._errors[epochs].append(observation.validation_error)
            self._densities = None
        self._brackets.tell(observation)
