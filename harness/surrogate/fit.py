"""Fits a surrogate to a table, and scores it on held-out architectures."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.errors import DataError
from equipoise.harness.surrogate.features import GraphFeatures
from equipoise.harness.surrogate.surrogate import Cost, Level, Scores, Surrogate, SurrogateHeader
from equipoise.harness.surrogate.surrogate_model import SurrogateModel, load_surrogate_model
from equipoise.harness.surrogate.target_transform import TargetTransform
from equipoise.harness.tables.table import LoadedTable, open_table

__all__ = ["HELD_OUT", "LEAST_ARCHITECTURES", "fit_surrogate"]

HELD_OUT = 0.1
"""The share of a table that is held out for the scores."""
LEAST_ARCHITECTURES = 100
"""So many must have a value at each fidelity."""
LEAST_HELD_OUT = 5
"""So many of them must be held out: fewer tell nothing of ranks and noise."""
WITHIN = 0.6827
"""The mass of a normal distribution within one standard deviation."""

_Floats = npt.NDArray[np.float64]


def fit_surrogate(
    path: Path, model: str = "trees", seed: int = 0, say: Callable[[str], object] = lambda _: None
) -> Surrogate:
    """Fits a surrogate to a table in the open format, whatever its coverage.

    Nine tenths of the architectures are the training part. The others give the scores and the factor of the noise.
    Architectures that are one network (`SearchSpace.canonical`) are in the same part.

    Args:
        path: The table.
        model: A file of ``harness/surrogate/models``.
        seed: Seed of the split and of the members.
        say: Takes a line of progress.

    Raises:
        DataError: The table is damaged, has too few values at a fidelity, or nothing to predict.
        PluginError: There is no such model, or its library is missing.
    """
    kind, table = load_surrogate_model(model), open_table(path)
    header, architectures = table.header, table.architectures
    if len(architectures) < LEAST_ARCHITECTURES:
        raise DataError(f"{path}: {len(architectures)} architectures; a surrogate needs {LEAST_ARCHITECTURES}")
    rng = np.random.default_rng(seed)
    held = _held_out([header.space.canonical(architecture) for architecture in architectures], rng)
    columns = _Columns.of(table, ~held)
    say(f"{header.name}: features of {len(architectures):,} architectures")
    features = GraphFeatures.seen_in(header.space, [a for a, out in zip(architectures, held, strict=True) if not out])
    told = features.of(architectures)
    say(f"{kind.said}: {columns.targets.shape[1]} targets, {told.shape[1]} features")
    ensemble = kind.fit(told[~held], columns.targets[~held], rng)
    levels, cost = columns.scored(ensemble, told[held], held)
    fitted = SurrogateHeader(
        model=model,
        table=header,
        table_digest=table.digest,
        fitted=int((~held).sum()),
        seed=seed,
        levels=levels,
        cost=cost,
        labels=features.labels,
        links=features.links,
    )
    for level in levels:
        say(f"{'full training' if level.epochs is None else f'{level.epochs} epochs'}: {level.scores}")
    return Surrogate(fitted, ensemble)


@dataclass(frozen=True)
class _Columns:
    """The targets.

    Attributes:
        names: One per target, for errors.
        epochs: Epochs of each level.
        errors: M x levels, NaN where missing.
        seconds: M x levels; None where the table has no costs.
        transforms: One per target: the levels, then the logarithm of the seconds of full training.
        targets: M x targets, transformed.
    """

    names: tuple[str, ...]
    epochs: tuple[int | None, ...]
    errors: _Floats
    seconds: _Floats | None
    transforms: tuple[TargetTransform, ...]
    targets: _Floats

    @classmethod
    def of(cls, table: LoadedTable, fitted: npt.NDArray[np.bool_]) -> "_Columns":
        header = table.header
        epochs = (header.fidelities if header.coverage == "sample" else header.offered_fidelities) or (None,)
        errors = np.array(table.columns["mean"]).T
        seconds = np.array(table.columns["seconds"]).T if header.cost is not None else None
        raw = [errors] if seconds is None else [errors, np.log(seconds[:, -1:])]
        levels = [f"level {number}" for number in range(1, len(epochs) + 1)]
        names = tuple(f"{header.name}, {what}" for what in (levels if seconds is None else [*levels, "seconds"]))
        values = np.hstack(raw).T
        transforms = tuple(_transform(column, fitted, name) for column, name in zip(values, names, strict=True))
        targets = np.stack(
            [transform.transform(column) for transform, column in zip(transforms, values, strict=True)], axis=1
        )
        return cls(names, epochs, errors, seconds, transforms, targets)

    def scored(
        self, ensemble: SurrogateModel, told: npt.NDArray[np.float32], held: npt.NDArray[np.bool_]
    ) -> tuple[tuple[Level, ...], Cost | None]:
        """Scores and factors from the features of the held-out architectures."""
        levels = []
        for number, epochs in enumerate(self.epochs):
            errors, transform = self.errors[held, number], self.transforms[number]
            there = np.isfinite(errors)
            members = ensemble.predict(told[there], number)
            factor = _factor(self.targets[held, number][there], members, self.names[number])
            levels.append(
                Level(epochs, transform, factor, _scores(errors[there], transform.inverse(members.mean(axis=0))))
            )
        if self.seconds is None:
            return tuple(levels), None
        transform, true = self.transforms[-1], self.seconds[held, -1]
        there = np.isfinite(true)
        predicted = np.exp(transform.inverse(ensemble.predict(told[there], len(levels)).mean(axis=0)))
        shares = tuple(np.nanmedian(self.seconds / self.seconds[:, -1:], axis=0).tolist())
        return tuple(levels), Cost(transform, shares, _scores(true[there], predicted))


def _transform(values: _Floats, fitted: npt.NDArray[np.bool_], what: str) -> TargetTransform:
    """The transform of one target, of which enough values are there and held out."""
    there = np.isfinite(values)
    if (count := np.count_nonzero(there)) < LEAST_ARCHITECTURES:
        raise DataError(
            f"{what}: {count} architectures have a value; a surrogate needs {LEAST_ARCHITECTURES} at each fidelity of "
            "the table: add some, or leave this fidelity out"
        )
    transform, out = TargetTransform.of(values[fitted], what), values[there & ~fitted]
    if (different := len(np.unique(out))) < 2 or len(out) < LEAST_HELD_OUT:
        raise DataError(
            f"{what}: {len(out)} values are held out, {different} of them different; scores need {LEAST_HELD_OUT}, not "
            "all equal: try another --seed"
        )
    return transform


def _held_out(classes: list[tuple[int, ...]], rng: np.random.Generator) -> npt.NDArray[np.bool_]:
    """Selects the architectures that are held out: about a tenth, whole classes."""
    numbers = {one: number for number, one in enumerate(dict.fromkeys(classes))}
    chosen = np.zeros(len(numbers), dtype=np.bool_)
    chosen[rng.permutation(len(numbers))[: max(1, round(HELD_OUT * len(numbers)))]] = True
    return chosen[[numbers[one] for one in classes]]


def _scores(true: _Floats, predicted: _Floats) -> Scores:
    from scipy.stats import kendalltau, spearmanr

    r2 = 1 - float(((true - predicted) ** 2).sum() / ((true - true.mean()) ** 2).sum())
    return Scores(
        len(true), r2, float(kendalltau(true, predicted).statistic), float(spearmanr(true, predicted).statistic)
    )


def _factor(true: _Floats, members: _Floats, what: str) -> float:
    """The factor by which the spread reaches its nominal coverage."""
    spread = np.maximum(members.std(axis=0, ddof=1), 1e-6)
    with np.errstate(invalid="ignore"):  # between two infinite ones
        factor = float(np.quantile(np.abs(true - members.mean(axis=0)) / spread, WITHIN))
    if not np.isfinite(factor):
        raise DataError(
            f"{what}: a third of the held-out values are too far below all others to be predicted, and no noise covers "
            "them; try another --seed"
        )
    return factor
