"""One page per search space: decisions, encodings, and the drawing of a cell."""

import numpy as np

from equipoise.harness.core.registry import spaces
from equipoise.harness.core.space import SearchSpace
from site_pages.cell_drawing import svg
from site_pages.docstrings import markdown, read, table

__all__ = ["drawing", "space_pages"]

CANDIDATES = 20


def space_pages() -> dict[str, str]:
    """The Markdown of ``spaces/NAME`` for every space, and of their index."""
    found = [cls() for cls in spaces()]
    rows = [(f"[`{space.name}`]({space.name}.md)", _decisions(space), markdown(space.source)) for space in found]
    names = "\n".join(space.name for space in found)
    index = [
        "# Search spaces",
        "One page per space, with a drawing of one of its architectures.",
        table(("space", "decisions", "source"), rows),
        f"```{{toctree}}\n:hidden:\n\n{names}\n```",
    ]
    return {f"spaces/{space.name}": _page(space) for space in found} | {"spaces/index": "\n\n".join(index) + "\n"}


def drawing(space: SearchSpace) -> str:
    """An architecture of the space as inline SVG with its text below: the one with most edges of a few draws."""
    drawn = space.sample(np.random.default_rng(0), CANDIDATES)
    architecture = max(drawn, key=lambda one: len(space.graph(one).edges))
    images = "\n".join(f'<div class="cell-drawing">{image}</div>' for image in svg(space.graph(architecture)))
    return f"```{{raw}} html\n{images}\n```\n\n`{space.format(architecture)}`"


def _page(space: SearchSpace) -> str:
    doc = read(type(space))
    kinds: dict[tuple[str, ...], list[str]] = {}
    for decision in space.decisions:
        kinds.setdefault(decision.options, []).append(decision.name)
    decisions = [
        (", ".join(f"`{name}`" for name in names), ", ".join(f"`{option}`" for option in options))
        for options, names in kinds.items()
    ]
    parts = [
        f"# `{space.name}`",
        markdown(doc.summary),
        drawing(space),
        markdown(doc.body),
        f"Source: {markdown(space.source)}.".replace("..", "."),
        "## Decisions",
        table(("decisions", "options"), decisions),
        "## Encodings",
        "Kinds accepted by `space.encode(architectures, kind)`: "
        + ", ".join(f"`{kind}`" + (" (default)" if kind == space.default_encoding else "") for kind in space.encodings)
        + ".",
    ]
    return "\n\n".join(part for part in parts if part) + "\n"


def _decisions(space: SearchSpace) -> str:
    sizes = sorted(set(space.cardinalities))
    options = f"{sizes[0]}" if len(sizes) == 1 else f"{sizes[0]} to {sizes[-1]}"
    return f"{len(space.decisions)} of {options} options"
