"""A summary of a table made by training: noise, rank correlations, and the predictive value of early epochs."""

from itertools import combinations
from pathlib import Path

import numpy as np
import numpy.typing as npt
from scipy import stats

from equipoise.harness.core.errors import DataError
from equipoise.harness.core.registry import load_task, space_name
from equipoise.harness.core.space import Architecture
from equipoise.harness.tables.table import LoadedTable, open_table

__all__ = ["table_of", "table_summary"]

Floats = npt.NDArray[np.float64]


def table_of(name: str) -> LoadedTable:
    """The table of a task, or of a file.

    Raises:
        DataError: The task has no table in the open format, or the table is missing or damaged.
    """
    if name.endswith(".parquet"):
        return open_table(Path(name))
    path = getattr(load_task(name), "path", None)
    if not isinstance(path, Path):
        raise DataError(f"{name} has no table in the open format; give a task that has, or a .parquet file")
    return open_table(path)


def table_summary(name: str, against: str) -> str:
    """Summarises a table, as Markdown: its noise, and rank correlations with early epochs and the number of parameters.

    Each network counts once, as its canonical architecture.

    Args:
        name: A task, or a file in the open format.
        against: A task with the same space whose landscape is known.

    Raises:
        DataError: See `table_of`; or the tables are of different spaces.
    """
    table, other = table_of(name), load_task(against)
    space = table.header.space
    if (reason := other.skip()) is not None or other.space.name != space.name:
        raise DataError(f"{against}: {reason or f'its space is {other.space.name}, not {space.name}'}")
    rows = [row for row, cell in enumerate(table.architectures) if space.canonical(cell) == cell]
    cells = [table.architectures[row] for row in rows]
    validation = np.asarray(table.validation[:, rows])
    mean = np.asarray(table.columns["mean"][:, rows])
    theirs = np.array([other.expected(cell) for cell in cells], dtype=np.float64)
    size = _parameters(space_name(type(space)), table.header.name, cells)
    final, seeds = mean[-1], validation[-1]
    top = final <= np.median(final)
    lines = [
        f"- {len(cells):,} distinct networks ({table.header.coverage}), {seeds.shape[1]} "
        f"seed{'s' if seeds.shape[1] > 1 else ''}, epochs {', '.join(map(str, table.header.fidelities))}",
        f"- Accuracy {_percent(1 - final.mean())} ± {_points(final.std())}, best {_percent(1 - final.min())}",
        *_noise_lines(final, seeds, top),
        f"- Kendall correlation with {against} {_tau(final, theirs):.2f} (Spearman {_rho(final, theirs):.2f}; in the "
        f"better half {_tau(final[top], theirs[top]):.2f})",
        f"- Kendall correlation with the number of parameters alone {_tau(final, -size):.2f} ({against}: "
        f"{_tau(theirs, -size):.2f}); Spearman correlation of the two tables given it "
        f"{_partial(final, theirs, size):.2f}",
        "- Kendall correlation of an epoch with the last: "
        + ", ".join(
            f"{epochs}: {_tau(early, final):.2f}" for epochs, early in zip(table.header.fidelities, mean, strict=True)
        ),
    ]
    if "test" in table.columns:
        test = np.asarray(table.columns["test"][rows])
        lines.append(f"- Kendall correlation of validation with test {_tau(final, test):.2f}")
    return "\n".join(lines)


def _parameters(space: str, name: str, cells: list[Architecture]) -> Floats:
    from equipoise.harness.training.catalogue import collection
    from equipoise.harness.training.networks import networks_of

    networks, images = networks_of(space), collection(name.partition("/")[2]).load()
    macro, _ = networks.settings(images.side)
    sizes = [networks.count_parameters(cell, macro, images.channels, images.classes) for cell in cells]
    return np.array(sizes, dtype=np.float64)


def _noise_lines(final: Floats, seeds: Floats, top: npt.NDArray[np.bool_]) -> list[str]:
    """The lines that compare seeds."""
    if seeds.shape[1] < 2:
        return ["- The table has one seed: seed noise is unknown"]
    noise, best = _seed_noise(seeds), final.min()
    one, two = (np.count_nonzero(final <= best + many * noise) - 1 for many in (1, 2))
    return [
        f"- Seed noise {_points(noise)} (better half {_points(_seed_noise(seeds[top]))}); within one seed deviation of "
        f"the best: {one}, within two: {two}",
        f"- Kendall correlation between two seeds {_between_seeds(seeds):.2f}, in the better half "
        f"{_between_seeds(seeds[top]):.2f}",
    ]


def _seed_noise(seeds: Floats) -> float:
    """The standard deviation of one training, pooled over networks; M x S errors."""
    return float(np.sqrt(np.nanmean(np.nanvar(seeds, axis=1, ddof=1))))


def _between_seeds(seeds: Floats) -> float:
    pairs = combinations(range(seeds.shape[1]), 2)
    return float(np.mean([_tau(seeds[:, first], seeds[:, second]) for first, second in pairs]))


def _tau(a: Floats, b: Floats) -> float:
    return float(stats.kendalltau(a, b, nan_policy="omit").statistic)


def _rho(a: Floats, b: Floats) -> float:
    return float(stats.spearmanr(a, b).statistic)


def _partial(a: Floats, b: Floats, given: Floats) -> float:
    """The partial Spearman correlation of two columns given a third."""
    ab, ag, bg = _rho(a, b), _rho(a, given), _rho(b, given)
    return (ab - ag * bg) / float(np.sqrt((1 - ag**2) * (1 - bg**2)))


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %"


def _points(error: float) -> str:
    return f"{100 * error:.2f} points"
