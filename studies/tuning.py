"""Methods at their defaults and at settings tuned by one procedure: writes ``suites/tuned.toml``.

Run ``python studies/tuning.py [--settings 20] [--repeats 10] [--queries 100] [--only METHOD ...] [--out FILE]``. For
each method of `RANGES`, so many random settings are drawn from its declared ranges; each of them, and the defaults,
searches one task that is outside every comparison of the suite; the setting with the least mean validation regret is
written. The task is chosen once for all methods; draws and repeats have stated seeds, so that the file repeats. What a
tuned setting gained on the tuning task is an optimistic figure (a minimum over draws): the suite measures it elsewhere.

A method that is not in ``--only`` keeps what an earlier call has written for it.
"""

import argparse
import json
import re
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np

from equipoise.harness.core.errors import EquipoiseError
from equipoise.harness.core.ledger import Budget, Ledger
from equipoise.harness.core.registry import load_benchmark, load_method, load_task, problem_of, suites_folder
from equipoise.harness.engine.runner import run_trial

TASK = "nasbench_graph/arxiv"
"""The tuning task: no member of the suite that is written."""

SEED = 20261130

Draw = Callable[[np.random.Generator], Any]


def whole(least: int, most: int) -> Draw:
    """A whole number, uniform in its logarithm."""
    return lambda rng: round(float(np.exp(rng.uniform(np.log(least), np.log(most)))))


def real(least: float, most: float) -> Draw:
    """A number of three digits, uniform in its logarithm."""
    return lambda rng: float(f"{np.exp(rng.uniform(np.log(least), np.log(most))):.3g}")


def share(least: float, most: float) -> Draw:
    """A number of two decimals, uniform."""
    return lambda rng: round(float(rng.uniform(least, most)), 2)


def one_of(*options: Any) -> Draw:
    """One of several values."""
    return lambda rng: options[int(rng.integers(len(options)))]


INITIAL = {"n_initial": whole(3, 30)}
GENERATIONS = {**INITIAL, "generation": whole(3, 30), "pool": whole(50, 1000), "elites": whole(3, 50)}
WRITERS = {**GENERATIONS, "draws": whole(30, 1000), "train_steps": whole(1, 30), "batch": whole(8, 100)}

RANGES: Mapping[str, Mapping[str, Draw]] = {
    "random_search": {"replacement": one_of(False, True)},
    "regularized_evolution": {"population": whole(5, 50), "sample": whole(2, 25)},
    "local_search": {"initial": whole(1, 50)},
    "momentum_local_search": {"beta": share(0.0, 0.99), "temperature": real(0.01, 1.0), "initial": whole(1, 50)},
    "asng": {"alpha": real(1.1, 4.0), "delta": real(0.2, 5.0), "samples": whole(2, 10)},
    "reinforce": {"learning_rate": real(3e-4, 0.1), "decay": share(0.5, 0.99), "entropy": real(1e-5, 1e-2)},
    "tabular_reinforce": {"learning_rate": real(3e-3, 0.3), "decay": share(0.5, 0.99)},
    "mutation_gp": {**GENERATIONS, "edits": whole(1, 5)},
    "eda_gp": {**GENERATIONS, "floor": real(0.01, 0.5)},
    "exact_gp": {**INITIAL, "growth": share(1.1, 2.0), "targets": one_of("normal-scores", "raw")},
    "structural_gp": {**INITIAL, "growth": share(1.1, 2.0), "linear": one_of(True, False)},
    "graph_vae": {**GENERATIONS, "temperature": share(0.5, 2.0)},
    "sequence_model": WRITERS,
    "pairwise_eda": WRITERS,
    "bananas": {**INITIAL, "batch": whole(2, 20), "learning_rate": real(1e-3, 0.03), "mutation_rate": share(0.5, 2.0)},
    "optuna": {"sampler": one_of("tpe", "random", "cmaes"), "encoding": one_of("categorical", "integer")},
    "tpe": {"n_startup": whole(5, 50), "n_candidates": whole(8, 100), "gamma": share(0.1, 0.5)},
    "smac": {"n_trees": whole(5, 50), "random_probability": share(0.0, 0.5), "initial_ratio": share(0.05, 0.5)},
    "gp_bo": INITIAL,
    "npenas": {**INITIAL, "batch": whole(2, 20), "learning_rate": real(1e-3, 0.03), "epochs": whole(30, 300)},
    "gates": {**INITIAL, "batch": whole(2, 20), "epochs": whole(20, 150), "steps": whole(20, 100)},
}
"""For each method, the settings that are drawn, and from where. Not here are those that run at the
settings of their papers, and those that need scores, another budget, other tasks or several objectives."""

REPEATS = {"bananas": 15, "smac": 10, "gp_bo": 5, "npenas": 5, "gates": 10, "tpe": 30, "optuna": 30, "graph_vae": 30}
"""Of the suite; of all others 100."""


def regret(name: str, settings: Mapping[str, Any], queries: int, repeats: int) -> float:
    """The mean validation regret on the tuning task, in points; infinite where the settings are refused."""
    task, cls = load_task(TASK), load_method(name)
    optimum = task.optimum()
    assert optimum is not None
    found = []
    for repeat in range(repeats):
        budget = Budget(queries=queries)
        try:
            method = cls(problem_of(cls, task, budget, settings), np.random.default_rng([SEED, repeat]), **settings)
        except EquipoiseError:
            return float("inf")
        trajectory = run_trial(method, task, Ledger(budget), np.random.default_rng)
        found.append(100 * (min(trajectory.validation_error) - optimum))
    return float(np.mean(found))


def tuned(name: str, draws: int, queries: int, repeats: int) -> tuple[dict[str, Any], float, float]:
    """The best of the defaults and so many random settings; its regret, and that of the defaults."""
    rng = np.random.default_rng([SEED, *name.encode()])
    usual = regret(name, {}, queries, repeats)
    best: tuple[dict[str, Any], float] = ({}, usual)
    for _ in range(draws):
        settings = {key: draw(rng) for key, draw in RANGES[name].items()}
        value = regret(name, settings, queries, repeats)
        if value < best[1]:
            best = settings, value
    return *best, usual


def written(found: Mapping[str, tuple[Mapping[str, Any], float, float]], options: argparse.Namespace) -> str:
    """The suite, with the figures of the tuning in its comments."""
    left = [name for name in RANGES if name not in found]
    lines = [
        f"# {len(found)} methods at their defaults and at settings tuned by one procedure: the best of the defaults",
        f"# and of {options.settings} random settings, by mean validation regret at {options.queries} queries over",
        f"# {options.repeats} repeats on {TASK}, which is no task of this suite. Ranges, seeds and procedure are in",
        "# studies/tuning.py, which wrote this file. The regrets in the comments are those of the tuning task, in",
        "# points: a minimum over draws, not to be quoted.",
        *([f"# Not tuned, for their cost: {', '.join(left)}."] if left else []),
        "# Left out too: methods that run at the settings of their papers, and those that need scores, another budget,",
        "# other tasks or several objectives.",
        'name = "tuned"',
        "",
        "[budget]",
        f"queries = {options.queries}",
        "",
        "[protocol]",
        "repeats = 100",
        "seed = 20261124",
    ]
    kept = [f"nasbench_graph/{d}" for d in load_benchmark("nasbench_graph").datasets]
    for task in ["nasbench201/*", *(task for task in kept if task != TASK)]:
        lines += ["", "[[tasks]]", f'name = "{task}"']
    for name, (settings, best, usual) in found.items():
        few = [f"repeats = {REPEATS[name]}"] if name in REPEATS else []
        told = f"{best:.3f} on {TASK}, {usual:.3f} at the defaults"
        told = told if settings else f"{told}: no draw was better than the defaults"
        lines += ["", "[[methods]]", f'name = "{name}"', *few, "", "[[methods]]", f'name = "{name}" # {told}']
        lines += [f'label = "{name}, tuned"', *few]
        if settings:
            lines.append(
                f"settings = {{ {', '.join(f'{key} = {json.dumps(value)}' for key, value in settings.items())} }}"
            )
    return "\n".join(lines) + "\n"


def earlier(path: Path) -> dict[str, tuple[Mapping[str, Any], float, float]]:
    """The tuned settings in a file that an earlier call wrote, with the regrets in its comments."""
    if not path.exists():
        return {}
    text = path.read_text(encoding="utf-8")
    told = {name: (float(a), float(b)) for name, a, b in re.findall(TOLD, text, flags=re.MULTILINE)}
    entries = {entry["label"]: entry for entry in tomllib.loads(text)["methods"] if "label" in entry}
    return {name: (entries[f"{name}, tuned"].get("settings", {}), *told[name]) for name in told}


TOLD = r'^name = "(\w+)" # ([\d.]+) on \S+ ([\d.]+) at'


def main(arguments: Sequence[str] | None = None) -> None:
    """Tunes, and writes the suite after each method."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--settings", type=int, default=20)
    parser.add_argument("--repeats", type=int, default=10)
    parser.add_argument("--queries", type=int, default=100)
    parser.add_argument("--only", nargs="*", default=list(RANGES), choices=list(RANGES))
    parser.add_argument("--out", type=Path, default=suites_folder() / "tuned.toml")
    options = parser.parse_args(arguments)
    found = earlier(options.out)
    for name in options.only:
        begin = time.process_time()
        found[name] = tuned(name, options.settings, options.queries, options.repeats)
        settings, best, usual = found[name]
        seconds = time.process_time() - begin
        print(
            f"{name:24} defaults {usual:.3f}, tuned {best:.3f} by {settings or 'the defaults'}; {seconds:.0f} s",
            flush=True,
        )
        options.out.write_text(written({key: found[key] for key in RANGES if key in found}, options), encoding="utf-8")


if __name__ == "__main__":
    main()
