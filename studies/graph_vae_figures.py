"""A page on the generator: its reconstructions, samples and latent space, in numbers and three figures per task.

Run ``python studies/graph_vae_figures.py [folder]``; it takes about a minute for two runs of 300 queries.
"""

import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import torch
from matplotlib.figure import Figure
from scipy.stats import spearmanr

from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Problem
from equipoise.harness.core.registry import load_task, spaces
from equipoise.harness.core.space import Architecture
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.engine.runner import run_trial
from equipoise.methods._shared.gp import normal_scores
from equipoise.methods.graph_vae.decoding import decode
from equipoise.methods.graph_vae.model import Vae
from equipoise.methods.graph_vae.sampling import Draft, draw_latents
from equipoise.methods.graph_vae.search import GraphVae

TASKS = ("nasbench201/cifar10", "nasbench_graph/cora")
SAMPLES = 1_000
COLD, WARM = np.float32(1e-6), np.float32(1.0)

Row = dict[str, Any]


def measure(model: Vae, known: list[Architecture], unseen: list[Architecture]) -> Row:
    """Measures reconstruction and generation.

    Args:
        model: The trained generator.
        known: The architectures that it was trained on, best first.
        unseen: Other architectures.

    Returns:
        Shares in per cent (of whole architectures reconstructed at temperature 0, and of `SAMPLES` drawn from the
        prior and around the 20 best that are valid, distinct, and new), and the KL divergence in nats per node.
    """
    space, row = model.space, Row()
    with torch.no_grad():
        w = model.parameters.views()
        for word, cells in (("known", known), ("unseen", unseen)):
            mean, log_variance = model.encode(w, cells)
            again, _ = decode(model, mean, np.full(len(cells), COLD))
            row[f"reconstructed, {word} %"] = 100.0 * np.mean([a == b for a, b in zip(cells, again, strict=True)])
            if word == "known":
                kl = 0.5 * (mean**2 + log_variance.exp() - 1.0 - log_variance)
                row["KL a node"] = float(kl.sum() / (log_variance != 0).any(dim=2).sum())
        drafts = {"prior": Draft(model.noise(SAMPLES)), "elites": draw_latents(model, known[:20], SAMPLES)}
    for word, draft in drafts.items():
        codes, _ = decode(model, draft.latents, np.full(SAMPLES, WARM), keep=draft.keep)
        valid = [space.key(code) for code in codes if space.contains(code)]
        distinct = set(valid)
        row[f"valid, {word} %"] = 100.0 * len(valid) / SAMPLES
        row[f"distinct, {word} %"] = 100.0 * len(distinct) / SAMPLES
        row[f"new, {word} %"] = 100.0 * len(distinct - set(known)) / max(1, len(distinct))
    return row


def after_search(task_name: str) -> tuple[Any, GraphVae, Trajectory, Row]:
    """Runs one search, and measures its generator on the other architectures of the task."""
    task, budget = load_task(task_name), Budget(queries=300)
    method = GraphVae(Problem(task.space, budget), np.random.default_rng(1))
    trajectory = run_trial(method, task, Ledger(budget), np.random.default_rng)
    model = method.model
    assert model is not None, "300 queries train a model"
    order = np.argsort(trajectory.validation_error, kind="stable")
    known = [task.space.key(trajectory.architecture[index]) for index in order]
    drawn = task.space.sample(np.random.default_rng(2), 600)
    unseen = [cell for cell in dict.fromkeys(drawn) if cell not in set(known)][:400]
    row: Row = {"trained on": f"a run on {task_name}", **measure(model, known, unseen)}
    with torch.no_grad():
        w = model.parameters.views()
        predicted = model.predict(w, model.encode(w, unseen).mean).numpy()
    errors = [task.expected(cell) for cell in unseen]
    row["property head, Spearman unseen"] = float(spearmanr(-predicted, errors).statistic)
    return task, method, trajectory, row


def unlabelled(cls: type) -> Row:
    """Trains a generator on 200 unlabelled draws of a space, and measures it."""
    space, rng = cls(), np.random.default_rng(1)
    model = Vae(space, rng)
    known = list(dict.fromkeys(space.sample(rng, 200)))
    nothing = np.full(32, np.nan, dtype=np.float32)
    for _ in range(400):
        batch = [known[i] for i in rng.integers(len(known), size=32)]
        ones = np.ones(32, dtype=np.float32)
        model.parameters.descend(model.loss(batch, ones, nothing, kl_weight=0.1, property_weight=0.0, runs=2))
    unseen = [cell for cell in space.sample(rng, 200) if cell not in set(known)]
    return {"trained on": f"200 draws of {space.name}", **measure(model, known, unseen)}


def plot_latents(model: Vae, trajectory: Trajectory, task: Any) -> Figure:
    """The evaluated architectures in the first two principal components of their latents, coloured by value."""
    cells = [task.space.key(cell) for cell in trajectory.architecture]
    with torch.no_grad():
        mean = model.encode(model.parameters.views(), cells).mean.flatten(1).numpy()
    centred = mean - mean.mean(axis=0)
    left, singular, _ = np.linalg.svd(centred, full_matrices=False)
    share = singular**2 / (singular**2).sum()
    figure = Figure(figsize=(5, 4), layout="constrained")
    axes = figure.subplots()
    colour = normal_scores(trajectory.validation_error)
    points = axes.scatter(left[:, 0] * singular[0], left[:, 1] * singular[1], c=colour, s=14, cmap="viridis")
    axes.set(xlabel=f"component 1 ({share[0]:.0%})", ylabel=f"component 2 ({share[1]:.0%})", title=task.name)
    figure.colorbar(points, label="normal score of the validation value")
    return figure


def plot_walk(model: Vae, trajectory: Trajectory, task: Any, steps: int = 41) -> Figure:
    """The most likely architectures on the line from the worst of the run to the best."""
    order = np.argsort(trajectory.validation_error, kind="stable")
    ends = [task.space.key(trajectory.architecture[order[index]]) for index in (-1, 0)]
    with torch.no_grad():
        start, goal = model.encode(model.parameters.views(), ends).mean
    along = torch.linspace(0, 1, steps).view(-1, 1, 1)
    codes, _ = decode(model, start + along * (goal - start), np.full(steps, COLD))
    shown = [task.info.metric.show(task.expected(code)) for code in codes]
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.subplots()
    axes.step(np.linspace(0, 1, steps), shown, where="mid")
    title = f"{task.name}: {len(set(codes))} architectures on the way"
    axes.set(
        xlabel="share of the way from worst to best",
        ylabel=f"{task.info.metric.name} {task.info.metric.unit}",
        title=title,
    )
    return figure


def plot_generations(trajectory: Trajectory, task: Any, size: int = 10) -> Figure:
    """The values of every ten queries, and the best so far."""
    shown = np.array([task.info.metric.show(error) for error in trajectory.validation_error])
    figure = Figure(figsize=(5, 3), layout="constrained")
    axes = figure.subplots()
    axes.boxplot(list(shown.reshape(-1, size)), widths=0.6, showfliers=False)
    best = np.maximum.accumulate(shown)[size - 1 :: size]
    axes.plot(np.arange(1, len(best) + 1), best, color="C3", label="best so far")
    axes.set(xlabel="ten queries each", ylabel=f"{task.info.metric.name} {task.info.metric.unit}", title=task.name)
    axes.set_xticks([1, *range(5, len(best) + 1, 5)], [str(n) for n in (1, *range(5, len(best) + 1, 5))])
    axes.set_ylim(np.quantile(shown, 0.1), shown.max() + 0.05 * (shown.max() - np.quantile(shown, 0.1)))
    axes.legend(loc="lower right")
    return figure


def table(rows: list[Row]) -> str:
    """Rows as a Markdown table, measures down, generators across."""
    measures = list(dict.fromkeys(name for row in rows for name in row if name != "trained on"))
    lines = ["| | " + " | ".join(str(row["trained on"]) for row in rows) + " |", "|---" * (len(rows) + 1) + "|"]
    for name in measures:
        cells = [f"{row[name]:.2f}" if name in row else "n/a" for row in rows]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(folder: Path) -> None:
    """Writes ``index.md`` and the figures."""
    mpl.use("agg")
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    rows, shown = [], []
    for name in TASKS:
        task, method, trajectory, row = after_search(name)
        model = method.model
        assert model is not None, "300 queries train a model"
        rows.append(row)
        stem = name.replace("/", "_")
        for kind, figure in (
            ("latents", plot_latents(model, trajectory, task)),
            ("walk", plot_walk(model, trajectory, task)),
            ("generations", plot_generations(trajectory, task)),
        ):
            figure.savefig(folder / f"{stem}_{kind}.svg")
            shown.append(f"![{kind} on {name}]({stem}_{kind}.svg)")
    rows += [unlabelled(cls) for cls in spaces()]
    text = f"# The generator of graph_vae\n\n{table(rows)}\n\n{SAMPLES} samples each.\n\n" + "\n\n".join(shown) + "\n"
    (folder / "index.md").write_text(text, encoding="utf-8")
    sys.stdout.write(f"{folder / 'index.md'}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("results/graph_vae_figures"))
