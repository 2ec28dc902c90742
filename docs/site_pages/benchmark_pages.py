"""One page per benchmark: its tasks with metric, splits, fidelities, optimum, cost, pitfalls, licence and citation."""

from equipoise.harness.cli.task_summary import summary, text
from equipoise.harness.core.registry import benchmarks, load_task, task_names
from equipoise.harness.core.task import Benchmark
from site_pages.docstrings import markdown, read, table
from site_pages.space_pages import drawing

__all__ = ["benchmark_pages"]


def benchmark_pages() -> dict[str, str]:
    """The Markdown of ``benchmarks/NAME`` for every benchmark, and of their index."""
    found = list(benchmarks())
    rows = [
        (
            f"[`{benchmark.name}`]({benchmark.name}.md)",
            f"{len(benchmark.datasets) or 'any file'}",
            markdown(read(type(benchmark)).summary),
        )
        for benchmark in found
    ]
    names = "\n".join(benchmark.name for benchmark in found)
    index = [
        "# Benchmarks",
        "One page per benchmark, written from its class when the site is built. What only the data tells is missing "
        "where the data was not at hand; `equipoise list tasks --long` tells it on your machine.",
        table(("benchmark", "data sets", "content"), rows),
        f"```{{toctree}}\n:hidden:\n\n{names}\n```",
    ]
    pages = {f"benchmarks/{benchmark.name}": _page(benchmark) for benchmark in found}
    return pages | {"benchmarks/index": "\n\n".join(index) + "\n"}


def _page(benchmark: Benchmark) -> str:
    doc = read(type(benchmark))
    names = task_names(benchmark)
    parts = [f"# `{benchmark.name}`", markdown(doc.summary), markdown(doc.body)]
    if names:
        facts = {name: _facts(name) for name in names}
        common = {
            what: said for what, said in facts[names[0]].items() if all(f.get(what) == said for f in facts.values())
        }
        parts += [_drawn(names[0]), "## Tasks"]
        if len(names) > 1 and common:
            parts += ["All tasks of this benchmark:", _table(common)]
        for name, told in facts.items():
            own = told if len(names) == 1 else {what: said for what, said in told.items() if what not in common}
            parts += [f"### `{name}`", *([_table(own)] if own else ["As above."])]
        if citation := load_task(names[0]).info.citation:
            parts += ["## Citation", f"```bibtex\n{citation.strip()}\n```"]
    return "\n\n".join(part for part in parts if part) + "\n"


def _facts(name: str) -> dict[str, str]:
    """The facts of a task as ``equipoise list tasks --long`` words them; several of one kind are joined."""
    facts: dict[str, str] = {}
    for line in text(summary(load_task(name))).splitlines()[1:]:
        what, said = line[2:15].strip(), markdown(line[15:])
        if what != "cite":
            facts[what] = f"{facts[what]}<br>{said}" if what in facts else said
    return facts


def _table(facts: dict[str, str]) -> str:
    return table(("", ""), list(facts.items()))


def _drawn(name: str) -> str:
    """A cell of the space of a task; nothing where the space is a list that is not at hand."""
    space = load_task(name).space
    return drawing(space) if space.size else ""
