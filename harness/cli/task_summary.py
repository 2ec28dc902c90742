"""Summaries of tasks for readers: ``equipoise list tasks --long`` and the page of the reference.

Run ``python -m equipoise.harness.cli.task_summary FOLDER`` to write the page of all benchmarks, ``FOLDER/tasks.html``.
"""

import sys
from collections.abc import Mapping
from functools import lru_cache
from html import escape
from pathlib import Path
from typing import Any

from equipoise.harness.core.files import write_whole
from equipoise.harness.core.registry import benchmarks, load_task, task_names
from equipoise.harness.core.space import SearchSpace
from equipoise.harness.core.task import Task

__all__ = ["page", "scored", "summary", "text"]

ENUMERABLE = 1_000_000
"""The classes of a larger space are not counted."""


def summary(task: Task) -> dict[str, Any]:
    """The facts of a task, ready for JSON. A fact that only the data tells is None while the data is missing."""
    skip = task.skip()
    optimum = None if skip else task.optimum()
    stored = not skip and task.landscape() is not None
    info, surrogate = task.info, task.info.surrogate
    return {
        "name": task.name,
        "family": task.space.name,
        "source": info.source,
        "licence": info.licence,
        "metric": info.metric.name,
        "unit": info.metric.unit,
        "direction": "maximise" if info.metric.maximise else "minimise",
        "optimum": None if optimum is None else info.metric.show(optimum),
        "optimum_source": None if optimum is None else _origin(task, stored),
        "space_size": task.space.size or None,  # a list of what was trained is empty until it is at hand
        "classes": _classes(task.space) or None,
        "validation_split": info.validation_split,
        "test_split": info.test_split or None,
        "fidelities": list(info.fidelities),
        "noise": list(info.noises),
        "seeds": None if skip else info.seeds,
        "noise_floors": {name: info.metric.regret(floor) for name, floor in task.noise_floors().items()},
        "cost": info.has_cost,
        "surrogate": surrogate is not None,
        "surrogate_model": surrogate.model if surrogate else None,
        "held_out": [scores.to_dict() for scores in surrogate.scores] if surrogate else [],
        "objectives": [vars(one) for one in info.objectives],
        "scores": [{"name": score.name, "price": score.price} for score in info.scores],
        "pitfalls": list(info.pitfalls),
        "citation": info.citation,
        "skip": skip,
    }


def text(facts: dict[str, Any]) -> str:
    """The summary in words, for a terminal; of a task that cannot be read, only the reason."""
    if "metric" not in facts:
        return f"{facts['name']}\n  cannot run here: {facts['skip']}"
    lines = [f"{words:<12} {said}" for words, said in _lines(facts)]
    return "\n".join([facts["name"], *(f"  {line}" for line in lines)])


def scored(scores: Mapping[str, Any]) -> str:
    """Scores of a surrogate on held-out architectures in words; scores that its source does not tell are omitted."""
    number = f"{scores['architectures']:,} " if "architectures" in scores else ""
    names = {"kendall_tau": "Kendall tau", "spearman_rho": "Spearman rho", "r2": "R2"}
    told = ", ".join(f"{said} {scores[name]:.3f}" for name, said in names.items() if name in scores)
    return f"on {number}held-out architectures, {told}"


def page() -> str:
    """The summaries of all tasks as one HTML page."""
    found = [summary(load_task(name)) for benchmark in benchmarks() for name in task_names(benchmark)]
    listed = "".join(f'<li><a href="#{escape(c["name"])}">{escape(c["name"])}</a></li>' for c in found)
    return _PAGE.format(contents=listed, sections="".join(map(_section, found)))


def _origin(task: Task, stored: bool) -> str:
    if not stored:
        return "stated by the benchmark"
    means = ", of means over the stored seeds" if "single" in task.info.noises and not task.info.surrogate else ""
    predicted = "predicted" if task.info.surrogate else "stored"
    return f"the best of all {task.space.size:,} {predicted} architectures{means}"


@lru_cache
def _classes(space: SearchSpace) -> int | None:
    """The number of different networks in the space; None if nobody has counted."""
    if space.size > ENUMERABLE:
        return None
    if type(space).canonical is SearchSpace.canonical:
        return space.size
    return len({space.canonical(architecture) for architecture in space.enumerate()})


def _seeds(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """The stored seeds and the noise floors, where there are several or any."""
    unit = f" {facts['unit']}" if facts["unit"] else ""
    floors = ", ".join(f"{name} {floor:.3g}{unit}" for name, floor in facts["noise_floors"].items())
    found = [("seeds", f"{facts['seeds']} per architecture")] if (facts["seeds"] or 1) > 1 else []
    return [*found, ("noise floor", floors)] if floors else found


def _lines(facts: dict[str, Any]) -> list[tuple[str, str]]:
    """The summary line by line: topic and text."""
    later = "known once the data is at hand" if facts["skip"] else ""
    best = later or "unknown"
    if facts["optimum"] is not None:
        best = f"{facts['optimum']:.6g} {facts['unit']}".strip() + f", {facts['optimum_source']}"
    lines = [
        ("space", f"{facts['family']}: {_counts(facts) or later}"),
        ("metric", f"{facts['metric']}{_in(facts['unit'])}, {facts['direction']}"),
        ("validation", facts["validation_split"] or later or "not stated"),
        ("test", facts["test_split"] or later or "n/a: the source has no separate test split"),
        ("fidelities", _epochs(facts["fidelities"]) or later or "none"),
        ("noise", " or ".join(facts["noise"])),
        *_seeds(facts),
        ("cost", "training seconds" if facts["cost"] else later or "not told: budgets in seconds are refused"),
        ("optimum", best),
        *([("objectives", _further(facts["objectives"]))] if facts["objectives"] else []),
        *([("scores", _priced(facts["scores"]))] if facts["scores"] else []),
        *([("surrogate", _predicted(facts))] if facts["surrogate"] else []),
        *(("pitfall", pitfall) for pitfall in facts["pitfalls"]),
        ("source", facts["source"]),
        ("licence", facts["licence"]),
        *([("missing", facts["skip"])] if facts["skip"] else []),
    ]
    return [*lines, *(("cite", line) for line in facts["citation"].splitlines())]


def _further(objectives: list[dict[str, Any]]) -> str:
    """The objectives beside the validation error, with their units; those to be maximised say so."""
    return ", ".join(
        f"{one['name']}{_in(one['unit'])}{'' if one['minimise'] else ', larger is better'}" for one in objectives
    )


def _priced(scores: list[dict[str, Any]]) -> str:
    """The training-free scores, with the price of one in training equivalents."""
    prices = [f"{one['price']:.2g}" if one["price"] else "free" for one in scores]
    return ", ".join(f"{one['name']} ({price})" for one, price in zip(scores, prices, strict=True))


def _predicted(facts: dict[str, Any]) -> str:
    """The surrogate model, and how well it ranks held-out architectures."""
    said = f"the values are predictions{' of ' + facts['surrogate_model'] if facts['surrogate_model'] else ''}"
    return f"{said}; {scored(facts['held_out'][-1])}" if facts["held_out"] else said


def _counts(facts: dict[str, Any]) -> str:
    if facts["space_size"] is None:
        return ""
    size = f"{facts['space_size']:,}" if facts["space_size"] < 10**9 else f"{facts['space_size']:.2g}"
    classes = "not counted" if facts["classes"] is None else f"{facts['classes']:,}"
    return f"{size} architectures, {classes} different networks"


def _epochs(fidelities: list[int]) -> str:
    return f"{', '.join(map(str, fidelities))} epochs" if fidelities else ""


def _in(unit: str) -> str:
    return f" in {unit}" if unit else ""


def _section(facts: dict[str, Any]) -> str:
    rows = "".join(
        f"<tr><th>{escape(words)}</th><td>{escape(said)}</td></tr>" for words, said in _lines(facts) if words != "cite"
    )
    cited = f"<pre>{escape(facts['citation'])}</pre>" if facts["citation"] else ""
    return (
        f'<section id="{escape(facts["name"])}"><h2>{escape(facts["name"])}</h2><table>{rows}</table>{cited}</section>'
    )


_PAGE = """<!doctype html>
<html lang="en"><head><meta charset="utf-8"><meta name="viewport" content="width=device-width">
<title>Equipoise: the tasks</title>
<style>
:root {{ color-scheme: light dark }}
body {{ font: 16px/1.5 system-ui, sans-serif; max-width: 60rem; margin: 2rem auto; padding: 0 1rem }}
ul {{ columns: 16rem; padding-left: 1.2rem }}
th {{ text-align: left; vertical-align: top; padding-right: 1rem; font-weight: 600 }}
pre {{ overflow-x: auto; border: 1px solid #8885; padding: .5rem }}
</style></head>
<body><h1>The tasks</h1><ul>{contents}</ul>{sections}</body></html>
"""


if __name__ == "__main__":
    write_whole(Path(sys.argv[1]) / "tasks.html", page().encode())
