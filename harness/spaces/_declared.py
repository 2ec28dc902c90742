"""Spaces that a table declares itself: categorical decisions, each of which may depend on earlier ones."""

from abc import abstractmethod
from collections.abc import Mapping, Sequence

from equipoise.harness.core.errors import SpaceError, nearest
from equipoise.harness.core.space import Architecture, Decision, LabelledDag, SearchSpace
from equipoise.harness.spaces._conditional import Condition, ConditionalSpace
from equipoise.harness.spaces._product import ProductSpace

__all__ = ["DeclaredConditional", "DeclaredProduct", "DeclaredSpace", "declared"]


class DeclaredSpace(SearchSpace):
    """Base of the declared spaces; the graph is the chain of the decisions.

    Args:
        name: Names the space.
        decisions: At least one; names are unique, options of a decision too, and no option holds a comma.
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

    @abstractmethod
    def matters(self, prefix: Architecture) -> list[bool]:
        """Tells for each decision taken so far whether it matters."""

    def graph(self, prefix: Architecture) -> LabelledDag:
        """The chain of the decisions taken so far that matter, each a node labelled ``name=option``."""
        taken = zip(self.decisions, prefix, self.matters(prefix), strict=False)
        labels = ("input", *(f"{d.name}={d.options[option]}" for d, option, matters in taken if matters), "output")
        edges = tuple((node, node + 1) for node in range(len(labels) - 1))
        return LabelledDag(labels, edges, ("",) * len(edges))


class DeclaredProduct(DeclaredSpace, ProductSpace):
    """Every combination of the declared options.

    Args:
        name: See `DeclaredSpace`; so are the others.
        decisions: At least one.
        source: Who defines it.
    """

    def matters(self, prefix: Architecture) -> list[bool]:
        """Every decision does."""
        return [True] * len(prefix)


class DeclaredConditional(ConditionalSpace, DeclaredSpace):
    """Decisions of which some matter only for some options of earlier ones.

    Args:
        name: See `DeclaredSpace`; so are `decisions` and `source`.
        decisions: At least one.
        conditions: For each decision, the conditions under which it matters; none where it always matters.
        source: Who defines it.
    """

    def __init__(
        self,
        name: str,
        decisions: tuple[Decision, ...],
        conditions: tuple[tuple[Condition, ...], ...],
        source: str = "",
    ) -> None:
        super().__init__(name, decisions, source)
        self.conditions = conditions

    @property
    def parameters(self) -> tuple[object, ...]:
        """Name, decisions, conditions and source."""
        return (self.name, self.decisions, self.conditions, self.source)


def declared(
    name: str,
    decisions: Sequence[Decision],
    when: Mapping[str, Mapping[str, Sequence[str]]] | None = None,
    source: str = "",
) -> DeclaredSpace:
    """The space of some decisions: a product, or a conditional space where a decision has conditions.

    Args:
        name: Names the space.
        decisions: In the order in which an architecture lists them.
        when: For a decision, the options of earlier decisions for which it matters. All conditions must hold;
            a condition on a decision that does not matter does not hold.
        source: Who defines it.

    Raises:
        SpaceError: The declaration is empty or ambiguous, or a condition names no earlier decision or option.
    """
    if not when:
        return DeclaredProduct(name, tuple(decisions), source)
    places = {decision.name: place for place, decision in enumerate(decisions)}
    if unknown := [dependent for dependent in when if dependent not in places]:
        raise SpaceError(
            f"space '{name}': a condition for '{unknown[0]}', which is no decision; accepted: {', '.join(places)}"
        )
    conditions = []
    for place, decision in enumerate(decisions):
        own = when.get(decision.name, {})
        for earlier in own:
            if places.get(earlier, place) >= place:
                before = [other.name for other in decisions[:place]]
                raise SpaceError(
                    f"space '{name}': '{decision.name}' depends on '{earlier}', which is no earlier decision; "
                    f"{nearest(earlier, before)}"
                )
        found = (
            _condition(name, decision.name, places[e], decisions[places[e]], options) for e, options in own.items()
        )
        conditions.append(tuple(sorted(found)))
    return DeclaredConditional(name, tuple(decisions), tuple(conditions), source)


def _condition(space: str, dependent: str, place: int, decision: Decision, options: Sequence[str]) -> Condition:
    for option in options:
        if option not in decision.options:
            raise SpaceError(
                f"space '{space}': '{dependent}' depends on {decision.name} = '{option}', which is no option of it; "
                f"{nearest(option, decision.options)}"
            )
    if not options:
        raise SpaceError(f"space '{space}': '{dependent}' depends on no option of '{decision.name}'; name at least one")
    return Condition(place, tuple(sorted({decision.options.index(option) for option in options})))
