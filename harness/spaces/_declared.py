"""A space that a table declares itself: a plain product of categorical decisions."""

from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.space import Architecture, Decision, LabelledDag
from equipoise.harness.spaces._product import ProductSpace

__all__ = ["DeclaredProduct"]


class DeclaredProduct(ProductSpace):
    """Every combination of the declared options; the graph is the chain of the decisions.

    Args:
        name: Names the space.
        decisions: At least one; names are unique, options of a decision too, and none holds a comma.
        source: Who defines it.

    Raises:
        SpaceError: The declaration is empty or ambiguous.
    """

    def __init__(self, name: str, decisions: tuple[Decision, ...], source: str = "") -> None:
        names = [decision.name for decision in decisions]
        if not decisions or len(set(names)) != len(names):
            raise SpaceError(f"space '{name}': at least one decision, each with a name of its own; got {names}")
        for decision in decisions:
            options = decision.options
            if not options or len(set(options)) != len(options):
                raise SpaceError(f"space '{name}': '{decision.name}' needs distinct options; got {list(options)}")
            if bad := [option for option in options if not option or "," in option or option != option.strip()]:
                raise SpaceError(
                    f"space '{name}': option {bad[0]!r} of '{decision.name}' is empty, or holds a comma or outer blanks"
                )
        self.name, self.decisions, self.source = name, tuple(decisions), source

    @property
    def parameters(self) -> tuple[object, ...]:
        """Name, decisions and source."""
        return (self.name, self.decisions, self.source)

    def graph(self, prefix: Architecture) -> LabelledDag:
        """The chain of the decisions taken so far, each a node labelled ``name=option``."""
        chosen = (f"{d.name}={d.options[option]}" for d, option in zip(self.decisions, prefix, strict=False))
        labels = ("input", *chosen, "output")
        edges = tuple((node, node + 1) for node in range(len(labels) - 1))
        return LabelledDag(labels, edges, ("",) * len(edges))
