"""Draws the figure of the README from stored results: mean regret of every method against the number of queries.

Run ``python docs/figures/readme.py results/NAME``; it writes ``docs/figures/readme.svg`` and prints the caption.
"""

import sys
from pathlib import Path

import matplotlib
import numpy as np
import pandas as pd

import equipoise as eq

matplotlib.use("agg")
from matplotlib import pyplot as plt
from matplotlib.figure import Figure

COLOURS = {"nas": "#0b5fa5", "hpo": "#c2570c", "one-shot": "#5b3a8c", "baseline": "#666666"}
FAMILIES = {
    "nas": "NAS methods",
    "hpo": "general optimisers",
    "one-shot": "weight sharing",
    "baseline": "baselines",
}
DASHES = ("-", "--", "-.", ":", (0, (5, 1)), (0, (3, 1, 1, 1)))
POINTS = 14
FIGURE = Path(__file__).with_suffix(".svg")
CLOSEST = 1.11
"""Labels stand at least this factor apart."""


def main(folder: str, path: Path = FIGURE) -> None:
    """Draws and saves the figure."""
    results = eq.load(folder)
    ranking = results.ranking().set_index("method")
    limit = results.overview.suite.budget.queries or 0
    queries = sorted({round(float(q)) for q in np.geomspace(max(5, limit // 30), limit, POINTS)})
    regret = results.regret(at=queries)
    means = regret.groupby(["method", "queries"])["regret"].mean().unstack("queries")
    with plt.rc_context({"svg.hashsalt": "equipoise", "font.size": 11, "axes.spines.top": False}):
        figure = _drawn(means, queries, dict(ranking.family))
        figure.savefig(path, metadata={"Date": None}, facecolor="white")
        plt.close(figure)
    tasks, repeats = regret.task.nunique(), regret.repeats
    print(
        f"Mean validation regret over {tasks} tasks against the number of queries, {repeats.min()} to "
        f"{repeats.max()} repeats per method and task (`python docs/figures/readme.py {folder}`)."
    )


def _drawn(means: pd.DataFrame, queries: list[int], families: dict[str, str]) -> Figure:
    """Lines from the left to the right, with their names behind them."""
    limit = queries[-1]
    figure, axes = plt.subplots(figsize=(8.4, 4.4), layout="constrained")
    axes.spines["right"].set_visible(False)
    drawn: dict[str, int] = {}
    for method in means.index[np.argsort(means[limit])]:
        family = families[method]
        drawn[family] = drawn.get(family, -1) + 1
        style = {"color": COLOURS[family], "ls": DASHES[drawn[family] % len(DASHES)], "lw": 1.8}
        axes.plot(queries, means.loc[method], **style)
    for method, height in _apart(dict(means[limit])).items():
        axes.annotate(method, (limit, height), (6, 0), textcoords="offset points", va="center",
                      color=COLOURS[families[method]], fontsize=9.5, annotation_clip=False)  # fmt: skip
    axes.set(xscale="log", yscale="log", xlabel="queries", ylabel="mean validation regret [points]")
    ticks = [q for q in (5, 10, 20, 30, 50, 100, 200, 300, 1000) if queries[0] <= q <= limit]
    axes.set_xticks(ticks, map(str, ticks))
    axes.set_xticks([], minor=True)
    axes.yaxis.set_major_formatter("{x:g}")
    axes.yaxis.set_minor_formatter("{x:g}")
    axes.grid(which="both", axis="y", alpha=0.2)
    shown = [family for family in FAMILIES if family in drawn]
    handles = [plt.Line2D([], [], color=COLOURS[family], lw=2) for family in shown]
    axes.legend(handles, [FAMILIES[family] for family in shown], frameon=False, loc="lower left")
    return figure


def _apart(heights: dict[str, float]) -> dict[str, float]:
    """The heights of labels, moved apart on a logarithmic axis, the middle of the pack kept."""
    names = sorted(heights, key=heights.__getitem__)
    moved = np.log([heights[name] for name in names])
    for _ in range(200):
        for i in range(len(names) - 1):
            if (lack := np.log(CLOSEST) - (moved[i + 1] - moved[i])) > 0:
                moved[i] -= lack / 2
                moved[i + 1] += lack / 2
    return dict(zip(names, np.exp(moved).tolist(), strict=True))


if __name__ == "__main__":
    main(sys.argv[1])
