"""The search space: decisions taken in order, an exact legality mask, and the graph they describe.

A space is written by giving `decisions`, `legal` and `graph`. Everything else (sampling, neighbours, mutation,
enumeration, encodings, text) is derived here; a space overrides what it can do faster or more uniformly.
"""

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from functools import cached_property
from itertools import count

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.architecture import Architecture, Decision, LabelledDag
from equipoise.harness.core.encoding import DecodableEncoding, Encoding, Integers, OneHot, Options
from equipoise.harness.core.errors import SpaceError, nearest
from equipoise.harness.core.graph_encoding import Paths
from equipoise.harness.core.html_facts import html_facts

__all__ = ["Architecture", "Decision", "LabelledDag", "SearchSpace"]


class SearchSpace(ABC):
    """A finite set of architectures, each a sequence of decisions.

    Spaces are immutable values: equal when their class and `parameters` are equal, hashable, cheap to pickle.

    Attributes:
        name: The name of the space, as its file is named.
        source: The paper that defines it.
        decisions: The choices, in the order in which an architecture lists them.
        default_encoding: The one of `encodings` in which published studies let general optimisers search the space.
    """

    name: str
    source: str
    decisions: tuple[Decision, ...]
    default_encoding: str = "categorical"

    @property
    def parameters(self) -> tuple[object, ...]:
        """The values that distinguish two spaces of one class (default: none)."""
        return ()

    def __eq__(self, other: object) -> bool:
        return type(self) is type(other) and self.parameters == other.parameters

    def __hash__(self) -> int:
        return hash((type(self).__qualname__, self.parameters))

    def __repr__(self) -> str:
        return f"{type(self).__name__}({', '.join(map(repr, self.parameters))})"

    def _repr_html_(self) -> str:
        decisions = "; ".join(f"{one.name}: {', '.join(map(str, one.options))}" for one in self.decisions[:40])
        more = f"; and {len(self.decisions) - 40} more" if len(self.decisions) > 40 else ""
        facts = {"source": self.source, "architectures": f"{self.size:,}", "decisions": decisions + more}
        return html_facts(f"space {self.name}", {**facts, "encodings": ", ".join(self.encodings)})

    def __getstate__(self) -> dict[str, object]:
        """Omits caches: the value of a `cached_property` is computed again on the other side."""
        cached = {name for cls in type(self).__mro__ for name, v in vars(cls).items() if isinstance(v, cached_property)}
        return {name: value for name, value in self.__dict__.items() if name not in cached}

    # A space must define these.

    @abstractmethod
    def legal(self, prefix: Architecture) -> npt.NDArray[np.bool_]:
        """Tells which options the next decision may take.

        The mask is exact: an option is legal if and only if some architecture of the space begins with
        ``prefix + (option,)``. So a decoder that samples legal options never meets a dead end and can reach everything.

        Args:
            prefix: The options taken so far, itself legal; shorter than `decisions`.

        Returns:
            One flag per option of ``decisions[len(prefix)]``; it may be shared and read-only: change a copy.
        """

    @abstractmethod
    def graph(self, prefix: Architecture) -> LabelledDag:
        """Draws an architecture, finished or not, as a graph.

        Inputs and outputs of a finished graph are nodes with labels of their own: labels that in no graph of the space
        have a predecessor, or a successor. By them, methods that read graphs find where paths begin and end.

        Args:
            prefix: The options taken so far, from none to all.
        """

    # These follow from them.

    @cached_property
    def cardinalities(self) -> tuple[int, ...]:
        """The number of options of each decision."""
        return tuple(len(decision.options) for decision in self.decisions)

    def contains(self, architecture: Architecture) -> bool:
        """Tells whether this is an architecture of the space."""
        if len(architecture) != len(self.cardinalities):
            return False
        for position, option in enumerate(architecture):
            if not 0 <= option < self.cardinalities[position]:
                return False
            if not self.legal(architecture[:position])[option]:
                return False
        return True

    def key(self, architecture: Architecture) -> Architecture:
        """The form under which a benchmark over this space stores an architecture: equal keys, equal answers.

        Default: the architecture itself. Spaces whose benchmark stores one entry per isomorphism class return
        the canonical form here.
        """
        return architecture

    def canonical(self, architecture: Architecture) -> Architecture:
        """A representative of all architectures that describe the same network (the space says which equivalence)."""
        return self.key(architecture)

    def sample(self, rng: np.random.Generator, n: int) -> list[Architecture]:
        """Draws n architectures independently.

        Default: option by option, uniformly among the legal ones, which is uniform over the space only if every
        legal prefix has equally many completions. Spaces override this where they can be exactly uniform.
        """
        return [self._complete((), rng) for _ in range(n)]

    def _complete(self, prefix: Architecture, rng: np.random.Generator) -> Architecture:
        while len(prefix) < len(self.decisions):
            prefix = (*prefix, int(rng.choice(np.flatnonzero(self.legal(prefix)))))
        return prefix

    def neighbours(self, architecture: Architecture) -> list[Architecture]:
        """All architectures one edit away, by `key` distinct from it and from each other, in a fixed order.

        Default: an edit changes one decision.
        """
        found: dict[Architecture, None] = {}
        for position, cardinality in enumerate(self.cardinalities):
            head, tail = architecture[:position], architecture[position + 1 :]
            for option in range(cardinality):
                if option != architecture[position] and self.contains(edited := (*head, option, *tail)):
                    found[self.key(edited)] = None
        found.pop(self.key(architecture), None)
        return list(found)

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """Draws a random edit of an architecture.

        Default: uniform over `neighbours`. Spaces override this where they need not list them.

        Raises:
            SpaceError: The architecture has no neighbour.
        """
        neighbours = self.neighbours(architecture)
        if not neighbours:
            raise SpaceError(f"{self.name}: {self.format(architecture)} has no neighbour to mutate into")
        return neighbours[int(rng.integers(len(neighbours)))]

    def enumerate(self) -> Iterator[Architecture]:
        """Yields every architecture that a benchmark distinguishes (one per `key`), in a fixed order."""
        seen: set[Architecture] = set()
        for architecture in self._descend(()):
            key = self.key(architecture)
            if key not in seen:
                seen.add(key)
                yield key

    def _descend(self, prefix: Architecture) -> Iterator[Architecture]:
        if len(prefix) == len(self.decisions):
            yield prefix
            return
        for option in np.flatnonzero(self.legal(prefix)):
            yield from self._descend((*prefix, int(option)))

    @cached_property
    def size(self) -> int:
        """The number of architectures that a benchmark distinguishes: the length of `enumerate()`."""
        return sum(1 for _ in self.enumerate())

    def index(self, architecture: Architecture) -> int:
        """The position of an architecture's `key` in `enumerate()`: the row of a table over the space."""
        return self._positions[self.key(architecture)]

    @cached_property
    def _positions(self) -> dict[Architecture, int]:
        return dict(zip(self.enumerate(), count(), strict=False))

    @cached_property
    def encodings(self) -> Mapping[str, Encoding]:
        """The encodings that this space offers models and optimisers, by kind.

        Every space has ``categorical`` (option numbers), ``integer`` (the same numbers, ordered for an optimiser) and
        ``one-hot`` (one score per option). Spaces add, where it makes sense: ``masked`` (scores, of which the best
        legal option counts), ``adjacency`` (edges and labels), ``path`` (see `paths`), and those that studies on
        their benchmark have used. See `equipoise.harness.core.encoding`.
        """
        return {
            "categorical": Options(self.decisions),
            "integer": Integers(self.decisions),
            "one-hot": OneHot(self.decisions),
        }

    @cached_property
    def paths(self) -> Paths | None:
        """The path encoding of the graphs: which sequences of operations lead from input to output.

        None where the graphs have no paths to tell apart (default). A space that has some offers it as ``path`` too.
        """
        return None

    @cached_property
    def decodable_encodings(self) -> Mapping[str, DecodableEncoding]:
        """The `encodings` that can be read back: a general optimiser can search over them."""
        return {kind: one for kind, one in self.encodings.items() if isinstance(one, DecodableEncoding)}

    def encoding(self, kind: str) -> Encoding:
        """One of `encodings`.

        Raises:
            SpaceError: This space has no encoding of that kind.
        """
        if kind not in self.encodings:
            raise SpaceError(f"{self.name}: unknown encoding '{kind}'; {nearest(kind, self.encodings)}")
        return self.encodings[kind]

    def decodable_encoding(self, kind: str | None = None) -> DecodableEncoding:
        """One of `decodable_encodings`; `default_encoding` where no kind is given.

        Raises:
            SpaceError: This space has no encoding of that kind, or it cannot be read back.
        """
        kind = self.default_encoding if kind is None else kind
        if kind not in self.decodable_encodings:
            self.encoding(kind)
            accepted = ", ".join(self.decodable_encodings)
            raise SpaceError(f"{self.name}: encoding '{kind}' cannot be read back; accepted: {accepted}")
        return self.decodable_encodings[kind]

    def encode(self, architectures: Sequence[Architecture], kind: str = "categorical") -> npt.NDArray[np.float64]:
        """Turns architectures into vectors.

        Args:
            architectures: n of them.
            kind: One of `encodings`.

        Returns:
            n x d array; d is the same for all architectures of the space.

        Raises:
            SpaceError: This space has no encoding of that kind.
        """
        return self.encoding(kind).encode(architectures)

    def decode(self, values: Sequence[float], kind: str = "categorical") -> Architecture:
        """Reads back the proposal of an optimiser in an encoding.

        Args:
            values: d numbers, one per parameter of the encoding.
            kind: One of `decodable_encodings`.

        Returns:
            Options in range. Where the values describe no architecture, the space does not contain them (`contains`):
            proposed as they are, they are counted as invalid.

        Raises:
            SpaceError: This space has no encoding of that kind, it cannot be read back, or it has other parameters.
        """
        encoding = self.decodable_encoding(kind)
        if len(values) != len(encoding.parameters):
            raise SpaceError(
                f"{self.name}: encoding '{kind}' takes {len(encoding.parameters)} numbers, one per parameter; got "
                f"{len(values)}"
            )
        return encoding.decode(values)

    def format(self, architecture: Architecture) -> str:
        """Writes an architecture as text; `parse` reads it back.

        Options in range that the space does not contain have a text too: an optimiser may propose them.
        """
        return ",".join(d.options[option] for d, option in zip(self.decisions, architecture, strict=True))

    def parse(self, text: str) -> Architecture:
        """Reads what `format` wrote.

        Raises:
            SpaceError: The text is not an architecture of this space.
        """
        return tuple(self.option(position, word, text) for position, word in enumerate(self.split(text)))

    def split(self, text: str) -> list[str]:
        """The words of a text with one word per decision, separated by commas.

        Raises:
            SpaceError: There are more or fewer.
        """
        words = text.strip().split(",")
        if len(words) != len(self.decisions):
            raise SpaceError(
                f"{self.name}: '{text}' has {len(words)} parts, but the space has {len(self.decisions)} decisions"
            )
        return [word.strip() for word in words]

    def option(self, position: int, word: str, text: str) -> int:
        """The number of an option, by its text.

        Raises:
            SpaceError: The decision at this position has no such option.
        """
        decision = self.decisions[position]
        if word not in decision.options:
            raise SpaceError(
                f"{self.name}: '{word}' in '{text}' is no option of '{decision.name}'; "
                f"{nearest(word, decision.options)}"
            )
        return decision.options.index(word)
