"""The checks that every search space must pass."""

import copy
import pickle
from collections.abc import Callable, Sequence

import numpy as np

from equipoise.harness.core.errors import SpaceError
from equipoise.harness.core.space import Architecture, SearchSpace

__all__ = ["SPACE_CHECKS"]


def masks_are_exact(space: SearchSpace) -> None:
    """Following legal options never meets a dead end and ends in an architecture the space contains."""
    rng = np.random.default_rng(5)
    for _ in range(50):
        prefix: Architecture = ()
        while len(prefix) < len(space.decisions):
            mask = space.legal(prefix)
            width = space.cardinalities[len(prefix)]
            assert mask.shape == (width,), f"legal({prefix}) has shape {mask.shape}; the decision has {width} options"
            assert mask.any(), f"dead end: nothing is legal after {prefix}"
            prefix = (*prefix, int(rng.choice(np.flatnonzero(mask))))
        assert space.contains(prefix), f"{prefix} follows the masks, but contains() denies it"


def samples_are_contained(space: SearchSpace) -> None:
    """Samples are plain tuples that the space contains and whose prefixes are legal."""
    for architecture in space.sample(np.random.default_rng(6), 50):
        assert type(architecture) is tuple, f"sample gave {type(architecture).__name__}"
        assert all(type(option) is int for option in architecture), (
            f"sample gave options that are no int: {architecture!r}"
        )
        assert space.contains(architecture), f"sample gave {architecture}, which contains() denies"
        for position, option in enumerate(architecture):
            assert space.legal(architecture[:position])[option], (
                f"{architecture}: option {option} at {position} is not legal"
            )


def text_is_lossless(space: SearchSpace) -> None:
    """`parse` reads what `format` writes, and different architectures have different texts."""
    samples = space.sample(np.random.default_rng(7), 50)
    for architecture in samples:
        text = space.format(architecture)
        assert space.parse(text) == architecture, f"parse(format(a)) is {space.parse(text)}, a is {architecture}"
    assert len({space.format(a) for a in samples}) == len(set(samples)), "two architectures share a text"
    rng = np.random.default_rng(7)
    for options in map(tuple, rng.integers(space.cardinalities, size=(50, len(space.decisions))).tolist()):
        text = space.format(options)
        try:
            read: Architecture | None = space.parse(text)
        except SpaceError:
            read = None
        assert read == options, f"options in range, legal or not, have a text; {options} has '{text}', read as {read}"


def keys_are_stable(space: SearchSpace) -> None:
    """`key` and `canonical` are idempotent, stay in the space, and equal keys have equal canonical forms."""
    for architecture in space.sample(np.random.default_rng(8), 50):
        key, canonical = space.key(architecture), space.canonical(architecture)
        assert space.contains(key) and space.contains(canonical), (
            f"the key or canonical form of {architecture} is outside"
        )
        assert space.key(key) == key, f"key({key}) is {space.key(key)}"
        assert space.canonical(canonical) == canonical == space.canonical(key), (
            f"canonical form of {architecture} is not stable"
        )


def neighbours_are_edits(space: SearchSpace) -> None:
    """Neighbours and mutants are contained and differ from the architecture."""
    rng = np.random.default_rng(9)
    for architecture in space.sample(rng, 10):
        key, neighbours = space.key(architecture), space.neighbours(architecture)
        keys = [space.key(neighbour) for neighbour in neighbours]
        assert all(map(space.contains, neighbours)), f"a neighbour of {architecture} is outside the space"
        assert key not in keys, f"{architecture} is its own neighbour"
        assert len(set(keys)) == len(keys), f"the neighbours of {architecture} repeat"
        mutant = space.mutate(architecture, rng)
        assert space.contains(mutant) and space.key(mutant) != key, f"mutate({architecture}) gave {mutant}"


def graphs_are_acyclic(space: SearchSpace) -> None:
    """The graph of every prefix is a labelled DAG in topological order, and grows as decisions are taken."""
    for architecture in space.sample(np.random.default_rng(10), 20):
        for length in range(len(architecture) + 1):
            nodes, edges, labels = space.graph(architecture[:length])
            assert len(labels) == len(edges), f"{len(edges)} edges, but {len(labels)} edge labels"
            assert all(0 <= source < target < len(nodes) for source, target in edges), (
                f"edges {edges} of {architecture}"
            )


def graphs_have_inputs_and_outputs(space: SearchSpace) -> None:
    """Every finished graph has a node of a label that nothing leads to, and one of a label that leads to nothing.

    By them, methods that read graphs find where paths begin and end.
    """
    samples = space.sample(np.random.default_rng(12), 50)
    graphs = [space.graph(architecture) for architecture in samples]
    entered = {graph.node_labels[target] for graph in graphs for _, target in graph.edges}
    left = {graph.node_labels[source] for graph in graphs for source, _ in graph.edges}
    for architecture, graph in zip(samples, graphs, strict=True):
        for found, what in ((entered, "no predecessor, as an input has"), (left, "no successor, as an output has")):
            assert entered and set(graph.node_labels) - found, (
                f"the graph of {architecture}, nodes {graph.node_labels}, has no node of a label that in all graphs "
                f"has {what}; draw inputs and outputs as nodes with labels of their own"
            )


def encodings_have_one_shape(space: SearchSpace) -> None:
    """Vectors have one length, depend on the architecture alone, and lead back to its key where they can be read."""
    samples = space.sample(np.random.default_rng(11), 20)
    for kind, encoding in space.encodings.items():
        vectors = space.encode(samples, kind)
        assert vectors.shape == (20, encoding.width), (
            f"'{kind}' has shape {vectors.shape}, its width is {encoding.width}"
        )
        alone = np.concatenate([space.encode([sample], kind) for sample in samples])
        assert np.array_equal(vectors, alone), f"'{kind}' of an architecture depends on what is encoded with it"
    for kind, decodable in space.decodable_encodings.items():
        assert len(decodable.parameters) == decodable.width, f"'{kind}' needs one parameter per column"
        for sample, vector in zip(samples, space.encode(samples, kind).tolist(), strict=True):
            decoded = space.decode(vector, kind)
            assert space.contains(decoded), f"'{kind}' of {sample} is read back as {decoded}, outside the space"
            assert space.key(decoded) == space.key(sample), f"'{kind}' of {sample} is read back as {decoded}"


def is_a_value(space: SearchSpace) -> None:
    """Copies are equal, hash alike and pickle small."""
    other = pickle.loads(pickle.dumps(space))
    assert other == space == copy.copy(space) and hash(other) == hash(space), "a copy of the space is not equal to it"
    size = len(pickle.dumps(space))
    assert size < 100_000, f"the space pickles to {size} bytes; leave caches out (cached_property does)"


SPACE_CHECKS: Sequence[Callable[[SearchSpace], None]] = (
    masks_are_exact,
    samples_are_contained,
    text_is_lossless,
    keys_are_stable,
    neighbours_are_edits,
    graphs_are_acyclic,
    graphs_have_inputs_and_outputs,
    encodings_have_one_shape,
    is_a_value,
)
