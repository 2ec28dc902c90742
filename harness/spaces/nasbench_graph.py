"""The NAS-Bench-Graph space: graph neural networks of four layers, each fed by one earlier layer."""

import re
from collections.abc import Iterator, Mapping
from functools import cached_property
from itertools import pairwise, product, repeat

import numpy as np
import numpy.typing as npt

from equipoise.harness.core.encoding import Encoding, Masked
from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.graph_encoding import Adjacency, Paths
from equipoise.harness.core.space import Architecture, Decision, LabelledDag, SearchSpace

__all__ = ["OPERATIONS", "PROTEINS_OPERATIONS", "NasBenchGraph"]

OPERATIONS = ("gat", "gcn", "gin", "cheb", "sage", "arma", "graph", "fc", "skip")
PROTEINS_OPERATIONS = ("gcn", "sage", "arma", "fc", "skip")
LAYERS = 4
LINKS = LAYERS - 1  # layer 1 is always fed by the input

_Tree = tuple[object, ...]


class NasBenchGraph(SearchSpace):
    """A link (which earlier layer feeds it; 0 is the input) for layers 2 to 4, then an operation for each layer.

    All labelled choices except the all-skip ones are valid (157,440 of them with nine operations). The benchmark stores
    one entry for each class of networks it holds equivalent (26,206): a relabelling of the layers, or a skip layer
    that only passes its input on moved to the front. `key` and `canonical` both give the representative of that class,
    and `sample` is exactly uniform over the classes.

    Args:
        operations: Accepted operations; the Proteins table holds only those that fit in memory there.
    """

    name = "nasbench_graph"
    source = "Qin, Zhang, Wang, Zhang and Zhu, NAS-Bench-Graph: Benchmarking Graph NAS, NeurIPS 2022"

    def __init__(self, operations: tuple[str, ...] = OPERATIONS) -> None:
        self.operations = operations
        links = [Decision(f"link {layer}", tuple(map(str, range(layer)))) for layer in range(2, LAYERS + 1)]
        layers = [Decision(f"operation {layer}", operations) for layer in range(1, LAYERS + 1)]
        self.decisions = (*links, *layers)
        self._skip = operations.index("skip")

    @property
    def parameters(self) -> tuple[object, ...]:
        """The operations."""
        return (self.operations,)

    def legal(self, prefix: Architecture) -> npt.NDArray[np.bool_]:
        """Everything but a fourth skip: a network needs one layer that computes."""
        mask = np.ones(self.cardinalities[len(prefix)], dtype=np.bool_)
        if len(prefix) == len(self.decisions) - 1 and all(option == self._skip for option in prefix[LINKS:]):
            mask[self._skip] = False
        return mask

    def contains(self, architecture: Architecture) -> bool:
        """Tells whether every option is in range and not all layers skip."""
        return (
            len(architecture) == len(self.cardinalities)
            and all(0 <= option < width for option, width in zip(architecture, self.cardinalities, strict=True))
            and any(option != self._skip for option in architecture[LINKS:])
        )

    def graph(self, prefix: Architecture) -> LabelledDag:
        """Input, four layers labelled by operation (``undecided`` so far), output; final layers feed the output."""
        links = (0, *prefix[:LINKS])
        operations = [self.operations[option] for option in prefix[LINKS:]]
        labels = ("input", *operations, *["undecided"] * (LAYERS - len(operations)), "output")
        edges = [(source, layer) for layer, source in enumerate(links, 1)]
        if len(prefix) >= LINKS:
            edges += [(layer, LAYERS + 1) for layer in range(1, LAYERS + 1) if layer not in links]
        return LabelledDag(labels, tuple(edges), ("",) * len(edges))

    @cached_property
    def encodings(self) -> Mapping[str, Encoding]:
        """Those of every space, ``masked``, ``adjacency`` and ``path``; the last is the same for all of a class."""
        layers = range(1, LAYERS + 1)
        pairs = [(u, v) for v in layers for u in range(v)] + [(layer, LAYERS + 1) for layer in layers]
        return {
            **super().encodings,
            "masked": Masked(self.decisions, self.legal),
            "adjacency": Adjacency(self.graph, LAYERS + 2, pairs, node_labels=self.operations, inner=layers),
            "path": self.paths,
        }

    @cached_property
    def paths(self) -> Paths:
        """The sequences of one to four operations in the representative of the class."""
        return Paths(lambda a: self.graph(self.key(a)), self.operations, shortest=1, longest=LAYERS)

    def key(self, architecture: Architecture) -> Architecture:
        """The representative of the class under which the benchmark stores this network."""
        if architecture in self._positions:
            return architecture
        found = self._keys.get(architecture)
        if found is None:
            found = self._keys[architecture] = self._canonical(architecture)
        return found

    @cached_property
    def _keys(self) -> dict[Architecture, Architecture]:
        return {}

    def _canonical(self, architecture: Architecture) -> Architecture:
        links, operations = [0, *architecture[:LINKS]], architecture[LINKS:]
        children: dict[int, list[int]] = {node: [] for node in range(LAYERS + 1)}
        for layer, source in enumerate(links, 1):
            children[source].append(layer)
        raw = {0}  # layers that still hold the untouched input
        skips = 0
        for layer in range(1, LAYERS + 1):
            source = links[layer - 1]
            if operations[layer - 1] != self._skip:
                continue
            if source in raw:
                raw.add(layer)
            if children[layer] or len(children[source]) == 1 or layer in raw:
                skips += 1
                children[source].remove(layer)
                children[source] += children[layer]
                for child in children[layer]:
                    links[child - 1] = source
                if source in raw:
                    raw.add(layer)
        forest = sorted(_tree(layer, children, operations) for layer in children[0])
        return _number(forest, skips, self._skip)

    def sample(self, rng: np.random.Generator, n: int) -> list[Architecture]:
        """Draws n architectures, exactly uniformly over the classes that the benchmark distinguishes."""
        cells = self._cells
        return [cells[index] for index in rng.integers(len(cells), size=n).tolist()]

    def mutate(self, architecture: Architecture, rng: np.random.Generator) -> Architecture:
        """Draws uniformly among all edits of one decision until one leads to another class; gives its representative.

        That is close to uniform over `neighbours` (a few of which two edits reach) without listing them.
        """
        own = self.key(architecture)
        while True:
            position, option = self._edits[int(rng.random() * len(self._edits))]
            edited = (*architecture[:position], option, *architecture[position + 1 :])
            if self.contains(edited) and (found := self.key(edited)) != own:
                return found

    @cached_property
    def _edits(self) -> list[tuple[int, int]]:
        return [(position, option) for position, width in enumerate(self.cardinalities) for option in range(width)]

    def enumerate(self) -> Iterator[Architecture]:
        """Yields the representative of every class."""
        return iter(self._cells)

    @cached_property
    def size(self) -> int:
        """The number of classes: 26,206 with nine operations."""
        return len(self._cells)

    @cached_property
    def _cells(self) -> list[Architecture]:
        grid = np.indices((len(self.operations),) * LAYERS).reshape(LAYERS, -1)
        cells: list[Architecture] = []
        for links in product(range(2), range(3), range(4)):
            kept = grid[:, _is_representative((0, *links), grid, self._skip)].tolist()
            cells += zip(*map(repeat, links), *kept, strict=False)  # the operations end, the links do not
        return cells

    def format(self, architecture: Architecture) -> str:
        """Links and operations of the four layers, for example ``[0,0,1,2][gcn,gat,fc,skip]``."""
        links = ",".join(map(str, (0, *architecture[:LINKS])))
        return f"[{links}][{','.join(self.operations[option] for option in architecture[LINKS:])}]"

    def parse(self, text: str) -> Architecture:
        """Reads what `format` wrote; spaces do not matter.

        Raises:
            SpaceError: The text is not such a pair of lists.
        """
        match = re.fullmatch(r"\[0,(\d),(\d),(\d)\],?\[(\w+),(\w+),(\w+),(\w+)\]", re.sub(r"[\s'\"]", "", text))
        if match is None:
            raise SpaceError(f"{self.name}: '{text}' is no architecture; one reads [0,0,1,2][gcn,gat,fc,skip]")
        return tuple(self.option(position, word, text) for position, word in enumerate(match.groups()))


def _tree(layer: int, children: dict[int, list[int]], operations: Architecture) -> _Tree:
    """A subtree in a form that sorts larger ones first, then by operation: (-size, operation, subtrees)."""
    subtrees = sorted(_tree(child, children, operations) for child in children[layer])
    return (sum(int(subtree[0]) for subtree in subtrees) - 1, operations[layer - 1], *subtrees)  # type: ignore[call-overload]


def _number(forest: list[_Tree], skips: int, skip: int) -> Architecture:
    """Numbers the layers: the skips as a chain at the front, then the forest breadth first."""
    links, operations = list(range(skips)), [skip] * skips
    queue = [(skips, tree) for tree in forest]
    for source, (_, operation, *subtrees) in queue:
        links.append(source)
        operations.append(operation)  # type: ignore[arg-type]
        queue += [(len(links), subtree) for subtree in subtrees]  # type: ignore[misc]
    return (*links[1:], *operations)


def _is_representative(links: tuple[int, ...], operations: npt.NDArray[np.int64], skip: int) -> npt.NDArray[np.bool_]:
    """Tells which operations (4 x n) make these links a representative: those that `_canonical` returns unchanged.

    `_canonical` takes 20 microseconds per network; this enumerates the whole space in milliseconds, so that a worker
    can start sampling at once. The tests compare the two on every labelled network.
    """
    layers = range(1, LAYERS + 1)
    children = {source: [layer for layer in layers if links[layer - 1] == source] for source in range(LAYERS + 1)}
    sizes = [1] * (LAYERS + 1)
    for layer in reversed(layers):
        sizes[links[layer - 1]] += sizes[layer]
    wanted: npt.NDArray[np.bool_] = np.any(operations != skip, axis=0)
    raw = {0: np.ones(operations.shape[1], dtype=np.bool_)}  # does the layer hold the untouched input?
    in_front = True  # is every layer up to this one the only one fed by the layer before it?
    breadth_first: list[int] = [*children[0]]
    for layer in breadth_first:
        breadth_first += children[layer]
        source = links[layer - 1]
        skips = operations[layer - 1] == skip
        raw[layer] = raw[source] & skips
        in_front = in_front and len(children[source]) == 1
        if not in_front:
            passes_on = bool(children[layer]) or len(children[source]) == 1
            wanted &= ~skips if passes_on else ~raw[layer]
        else:
            wanted &= ~skips | raw[layer]
    if breadth_first != list(layers):
        return np.zeros(len(wanted), dtype=np.bool_)
    for siblings in children.values():
        for left, right in pairwise(siblings):
            if sizes[left] < sizes[right]:
                return np.zeros(len(wanted), dtype=np.bool_)
            if sizes[left] == sizes[right]:
                wanted &= _rank(left, children, operations) <= _rank(right, children, operations)
    return wanted


def _rank(layer: int, children: dict[int, list[int]], operations: npt.NDArray[np.int64]) -> npt.NDArray[np.int64]:
    """Orders subtrees of one size (two equal ones have at most two layers each) by operation, then by the child's."""
    own: npt.NDArray[np.int64] = operations[layer - 1] * len(OPERATIONS)
    for child in children[layer]:
        own = own + operations[child - 1]
    return own
