"""The supernet of the DARTS space: a normal and a reduction cell, in the macro architecture of stand-alone networks."""

from collections.abc import Mapping, Sequence
from dataclasses import replace

import torch
from torch import Tensor, nn

from equipoise.harness.core.space import Architecture
from equipoise.harness.spaces.darts import CELLS, OPERATIONS, PAIRS, Darts, cells_of
from equipoise.harness.training.darts import DartsNetwork, MacroArchitecture
from equipoise.harness.training.darts_cell import Cell, FactorisedReduction, operation, pointwise, side_by_side
from equipoise.harness.training.layers import Classifier, convolution, normalisation, pooled
from equipoise.harness.training.supernet import Choice, Supernet, edge_value, use_batch_statistics

__all__ = ["EDGES", "DartsSupernet", "MixedCell", "build"]

EDGES = tuple((source, node) for node in PAIRS for source in range(node))
"""Every edge (source, node) that a cell may have; 0 and 1 are the outputs of the two cells before."""

NONE = 0
"""The column of ``none``; those of the space's operations follow."""

SPACE = Darts()


class MixedCell(nn.Module):
    """A cell with all seven operations on each of its fourteen edges.

    Args:
        c_before: Channels of the output of the cell before the last.
        c_last: Channels of the output of the last cell.
        channels: Channels of a node.
        reduction: Whether it halves the side.
        halved: Whether the last cell did.
        normalise_pools: See `DartsSupernet`.
    """

    def __init__(
        self, c_before: int, c_last: int, channels: int, reduction: bool, halved: bool, normalise_pools: bool
    ) -> None:
        super().__init__()
        self.channels, self.reduction = channels, reduction
        first = FactorisedReduction if halved else pointwise
        self.first = first(c_before, channels, 1, affine=False)
        self.second = pointwise(c_last, channels, 1, affine=False)
        self.edges = nn.ModuleList(
            nn.ModuleList(
                _operation(word, channels, 2 if reduction and source < 2 else 1, normalise_pools) for word in OPERATIONS
            )
            for source, _ in EDGES
        )

    def forward(
        self,
        before: Tensor,
        last: Tensor,
        weights: Sequence[Sequence[Tensor]] | None,
        path: tuple[int, ...] | None,
    ) -> Tensor:
        """Maps the outputs of the two preceding cells to the output of this one."""
        nodes = [self.first(before), self.second(last)]
        side = -(-nodes[1].shape[-1] // (1 + self.reduction))
        nothing = nodes[1].new_zeros(()).expand(len(last), self.channels, side, side)
        for edge, (source, node) in enumerate(EDGES):
            if source == 0:
                nodes.append(nothing)
            value = edge_value(
                lambda option, edge=edge, source=source: (  # type: ignore[misc]
                    None if option == NONE else self.edges[edge][option - 1](nodes[source])
                ),
                nothing,
                None if weights is None else weights[edge],
                None if path is None else path[edge],
            )
            if value is not None:
                nodes[node] = value if nodes[node] is nothing else nodes[node] + value
        return side_by_side(nodes[2:], 1)


class DartsSupernet(Supernet):
    """All 1e18 pairs of cells in one network.

    No normalisation of a cell is affine, so that no scale can undo the weight of an operation. Pools are
    followed by a normalisation, as published, which stand-alone networks do not have.

    Source: Liu, Simonyan and Yang, DARTS, ICLR 2019, section 3.1.1; published code.

    Args:
        macro: The network around the cells; an auxiliary classifier is omitted.
        input_channels: Channels of the images.
        classes: Number of classes.
        normalise_pools: False for pools as in stand-alone networks.
    """

    operations = ("none", *OPERATIONS)
    edges = (len(EDGES),) * len(CELLS)
    # measured in the embedded macro architecture: python speed/one_shot.py darts 6
    relative_cost: Mapping[str, float] = {"mixture": 10.6, "sampled": 1.6, "path": 1.2, "evaluation": 0.31}

    def __init__(
        self, macro: MacroArchitecture, input_channels: int, classes: int, *, normalise_pools: bool = True
    ) -> None:
        super().__init__()
        self._made_of = (replace(macro, auxiliary_head=False), input_channels, classes)
        channels, stem = macro.channels, macro.stem * macro.channels
        self.stem = nn.Sequential(convolution(1, input_channels, stem, 3), normalisation(1, stem))
        self.cells = nn.ModuleList()
        before, last, halved = stem, stem, False
        for place in range(macro.cells):
            reduction = place in (macro.cells // 3, 2 * macro.cells // 3)
            channels *= 1 + reduction
            self.cells.append(MixedCell(before, last, channels, reduction, halved, normalise_pools))
            before, last, halved = last, len(PAIRS) * channels, reduction
        self.classifier = Classifier(1, last, classes)
        use_batch_statistics(self)

    def forward(self, x: Tensor, choice: Choice) -> Tensor:
        """Maps n x channels x height x width to logits, n x classes."""
        weights = None
        if choice.weights is not None:
            weights = [[row.unbind() for row in kind.unbind()] for kind in choice.weights]
        before = last = self.stem(x)
        for cell in self.cells:
            assert isinstance(cell, MixedCell)
            kind = int(cell.reduction)
            own = None if weights is None else weights[kind]
            before, last = last, cell(before, last, own, None if choice.path is None else choice.path[kind])
        logits: Tensor = self.classifier(pooled(last))[:, 0]
        return logits

    def path(self, architecture: Architecture) -> Choice:
        """The path of an architecture: ``none`` on the edges it does not have."""
        return Choice(None, tuple(_options(edges) for edges in cells_of(architecture)))

    def derive(self, weights: Sequence[Tensor], with_none: bool) -> Architecture:  # noqa: ARG002 - the space has none
        """Keeps for each node its two edges with the largest weight of an operation other than ``none``.

        Source: Liu, Simonyan and Yang 2019, section 2.4; published code. `with_none` has no effect: the space has no
        ``none``.
        """
        scores = torch.cat([kind.detach()[:, NONE + 1 :].flatten() for kind in weights])
        return SPACE.decode(scores.double().cpu().numpy(), "adjacency")

    @torch.no_grad()
    def standalone(self, architecture: Architecture) -> DartsNetwork:
        """The stand-alone network of an architecture, with a copy of the weights it has here."""
        network = DartsNetwork(architecture, *self._made_of)
        network.stem.load_state_dict(self.stem.state_dict(), strict=False)  # without running statistics
        network.classifier.load_state_dict(self.classifier.state_dict())
        for own, other in zip(self.cells, network.cells, strict=True):
            assert isinstance(own, MixedCell)
            assert isinstance(other, Cell)
            for name in ("first", "second"):
                getattr(other, name).load_state_dict(getattr(own, name).state_dict(), strict=False)
            for place, (source, option) in enumerate(cells_of(architecture)[own.reduction]):
                mixed = own.edges[EDGES.index((source, _node(place)))]
                assert isinstance(mixed, nn.ModuleList)
                other.operations[place].load_state_dict(mixed[option].state_dict(), strict=False)
        return network


def build(macro: MacroArchitecture, input_channels: int, classes: int) -> DartsSupernet:
    """The supernet with a macro architecture."""
    return DartsSupernet(macro, input_channels, classes)


def _operation(word: str, channels: int, stride: int, normalise_pools: bool) -> nn.Module:
    made = operation(word, channels, stride, 1, affine=False)
    if normalise_pools and "pool" in word:
        return nn.Sequential(made, normalisation(1, channels, affine=False))
    return made


def _options(edges: Sequence[tuple[int, int]]) -> tuple[int, ...]:
    """The column of the operation on each edge that a cell may have."""
    chosen = {(source, _node(place)): NONE + 1 + option for place, (source, option) in enumerate(edges)}
    return tuple(chosen.get(edge, NONE) for edge in EDGES)


def _node(place: int) -> int:
    """The node that an edge enters, by its place in the list of a cell's eight edges."""
    return tuple(PAIRS)[place // 2]
