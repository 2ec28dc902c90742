"""A page on the generator: its reconstructions, samples and latent space in every space, and three figures per task.

Run ``python studies/graph_vae_figures.py [folder]``; it takes about a minute.
"""

import sys
from pathlib import Path
from typing import Any

import matplotlib as mpl
import numpy as np
import numpy.typing as npt
import torch
from matplotlib.figure import Figure

from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.method import Problem
from equipoise.harness.core.registry import load_task, spaces
from equipoise.harness.core.space import Architecture, SearchSpace
from equipoise.harness.core.trajectory import Trajectory
from equipoise.harness.engine.runner import run_trial
from equipoise.methods._shared.gp import normal_scores
from equipoise.methods.graph_vae.decoding import decode
from equipoise.methods.graph_vae.model import Vae
from equipoise.methods.graph_vae.pretraining import draws_of
from equipoise.methods.graph_vae.search import GraphVae
from equipoise.methods.graph_vae.stored import model_of

TASKS = ("nasbench201/cifar10", "nasbench_graph/cora")
SAMPLES = 1_000

Row = dict[str, Any]
Floats = npt.NDArray[np.float32]


def reconstructed(model: Vae, cells: list[Architecture], latents: Floats | None = None) -> float:
    """The share of architectures that are decoded from their own latents, or from those given, in per cent."""
    again, _ = decode(model, model.means(cells) if latents is None else latents, np.random.default_rng(0))
    return 100.0 * float(np.mean([a == b for a, b in zip(cells, again, strict=True)]))


def edits(left: list[Architecture], right: list[Architecture]) -> float:
    """The mean number of decisions in which architectures differ."""
    return float((np.array(left) != np.array(right)).sum(axis=1).mean())


def measure(space: SearchSpace) -> Row:
    """Measures the model of a space: reconstruction, samples, and what the latents decide.

    Returns:
        Shares in per cent: of whole architectures that are reconstructed at temperature 0, of those the model was
        trained on and of others; the same with each dimension of the latents exchanged between architectures; of
        `SAMPLES` decoded from the prior at temperature 1, and from latents around 20 draws as a search does, those
        that are valid, distinct, and not among the training draws. Then the mean number of decisions that differ from
        the parent, for latents near it and for shuffled ones; and the KL divergence in nats.
    """
    model, rng = model_of(space), np.random.default_rng(3)  # not the seed of the training draws
    known, taught = draws_of(space)[:1_000], set(draws_of(space))
    unseen = [cell for cell in space.sample(rng, 6_000) if cell not in taught][:1_000]
    row: Row = {"space": space.name, "architectures unseen": len(unseen), "latent dimensions": model.sizes.latent}
    row["reconstructed, trained on %"] = reconstructed(model, known)
    if unseen:
        row["reconstructed, unseen %"] = reconstructed(model, unseen)
    latents = model.means(known)
    shuffled = rng.permuted(latents, axis=0)
    row["reconstructed, shuffled latents %"] = reconstructed(model, known, shuffled)
    parents = [known[i] for i in rng.integers(20, size=SAMPLES)]
    near = model.means(parents) + np.float32(model.radius) * rng.standard_normal((SAMPLES, model.sizes.latent))
    drafts = {"prior": rng.standard_normal((SAMPLES, model.sizes.latent)), "around": near}
    for word, draft in drafts.items():
        codes, _ = decode(model, draft.astype(np.float32), rng, 1.0)
        valid = [space.key(code) for code in codes if space.contains(code)]
        distinct = set(valid)
        row[f"valid, {word} %"] = 100.0 * len(valid) / SAMPLES
        row[f"distinct, {word} %"] = 100.0 * len(distinct) / SAMPLES
        row[f"new, {word} %"] = 100.0 * len(distinct - taught) / max(1, len(distinct))
        if word == "around":
            row["decisions changed, around"] = edits(parents, codes)
            mixed, _ = decode(model, rng.permuted(draft, axis=0).astype(np.float32), rng, 1.0)
            row["decisions changed, shuffled"] = edits(parents, mixed)
    with torch.no_grad():
        mean, log_variance = model.encode(model.parameters.views(), known)
        kl = 0.5 * (mean**2 + log_variance.exp() - 1.0 - log_variance)
    row["KL divergence, nats"] = float(kl.sum(dim=1).mean())
    return row


def after_search(task_name: str) -> tuple[Any, GraphVae, Trajectory]:
    """Runs one search."""
    task, budget = load_task(task_name), Budget(queries=300)
    method = GraphVae(Problem(task.space, budget), np.random.default_rng(1))
    return task, method, run_trial(method, task, Ledger(budget), np.random.default_rng)


def plot_latents(model: Vae, trajectory: Trajectory, task: Any) -> Figure:
    """The evaluated architectures in the first two principal components of their latents, coloured by value."""
    mean = model.means([task.space.key(cell) for cell in trajectory.architecture])
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
    start, goal = model.means(ends)
    along = np.linspace(0, 1, steps, dtype=np.float32)[:, None]
    codes, _ = decode(model, start + along * (goal - start), np.random.default_rng(0))
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
    """Rows as a Markdown table, measures down, spaces across."""
    measures = list(dict.fromkeys(name for row in rows for name in row if name != "space"))
    lines = ["| | " + " | ".join(str(row["space"]) for row in rows) + " |", "|---" * (len(rows) + 1) + "|"]
    for name in measures:
        cells = [f"{row[name]:.4g}" if name in row else "n/a" for row in rows]
        lines.append(f"| {name} | " + " | ".join(cells) + " |")
    return "\n".join(lines)


def main(folder: Path) -> None:
    """Writes ``index.md`` and the figures."""
    mpl.use("agg")
    torch.set_num_threads(1)
    folder.mkdir(parents=True, exist_ok=True)
    rows = [measure(cls()) for cls in spaces()]
    sys.stdout.write(f"{table(rows)}\n")
    shown = []
    for name in TASKS:
        task, _, trajectory = after_search(name)
        model = model_of(task.space)
        stem = name.replace("/", "_")
        for kind, figure in (
            ("latents", plot_latents(model, trajectory, task)),
            ("walk", plot_walk(model, trajectory, task)),
            ("generations", plot_generations(trajectory, task)),
        ):
            figure.savefig(folder / f"{stem}_{kind}.svg")
            shown.append(f"![{kind} on {name}]({stem}_{kind}.svg)")
    text = f"# The generator of graph_vae\n\n{table(rows)}\n\n{SAMPLES} samples each.\n\n" + "\n\n".join(shown) + "\n"
    (folder / "index.md").write_text(text, encoding="utf-8")
    sys.stdout.write(f"{folder / 'index.md'}\n")


if __name__ == "__main__":
    main(Path(sys.argv[1]) if len(sys.argv) > 1 else Path("results/graph_vae_figures"))
