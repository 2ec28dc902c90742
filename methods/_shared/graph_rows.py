"""The batch of a step of a graph network, and the arrays that every step writes to again."""

from typing import NamedTuple

import numpy as np
import numpy.typing as npt

from equipoise.methods._shared.operation_graphs import GraphArrays

__all__ = ["GraphRows", "Workspace"]

Floats = npt.NDArray[np.float32]


class GraphRows(NamedTuple):
    """n graphs, padded to N nodes, with all that is constant in training.

    Attributes:
        gather: n x N x N; row i has a one for node i itself and for each node that feeds it.
        first: n x N x (F + 1); the labels gathered, and one where there is a node.
        context: n x N x 2; how many are gathered, and one where there is a node.
        share: n x 1 x N; the share of each node in the mean over its graph.
    """

    gather: Floats
    first: Floats
    context: Floats
    share: Floats

    @classmethod
    def of(cls, graphs: GraphArrays) -> "GraphRows":
        """Of padded graphs."""
        real = graphs.real[:, :, None]
        first = np.concatenate([graphs.gather @ graphs.labels, real], axis=2)
        context = np.concatenate([graphs.gather.sum(axis=2, keepdims=True), real], axis=2)
        share = graphs.real / graphs.real.sum(axis=1, keepdims=True)
        return cls(graphs.gather, first, context, share[:, None, :])

    def take(self, chosen: slice | npt.NDArray[np.int64]) -> "GraphRows":
        """Some of the graphs."""
        gather, first, context, share = self
        return GraphRows(gather[chosen], first[chosen], context[chosen], share[chosen])


class Workspace:
    """Arrays of a network with L layers of H units for B graphs of N nodes; padded nodes have zeros throughout.

    Args:
        graphs: B.
        nodes: N.
        hidden: H.
        layers: L.

    Attributes:
        real: B N x 1, one where there is a node.
        count: How many nodes there are.
        gathered: For all layers but the first, B N x (H + 2): states gathered, how many they are, and `real`.
        inner: For each layer, B N x (H + 1): the rectified states, and `real`.
        active: For each layer, B N x H, before its normalisation.
        centred: The same, less the mean.
        statistics: For each layer, mean and variance over nodes.
        scales: For each layer, what the normalisation multiplies by.
        shifts: For each layer, what it adds thereafter.
        matrices: For all layers but the first, the matrix that `gathered` is multiplied by.
    """

    def __init__(self, graphs: int, nodes: int, hidden: int, layers: int) -> None:
        rows, shape = graphs * nodes, (graphs, nodes)

        def zeros(*shape: int) -> Floats:
            return np.zeros(shape, dtype=np.float32)

        self.real, self.count = zeros(rows, 1), 0.0
        self.gathered, self.inner = zeros(layers - 1, rows, hidden + 2), zeros(layers, rows, hidden + 1)
        self.gathered_graphs = self.gathered.reshape(layers - 1, *shape, -1)[..., :hidden]
        self.inner_states = self.inner[..., :hidden]
        self.active, self.centred = zeros(layers, rows, hidden), zeros(layers, rows, hidden)
        self.active_graphs = self.active.reshape(layers, *shape, hidden)
        self.statistics, self.inverses = zeros(layers, 2, hidden), zeros(layers, hidden)
        self.scales, self.shifts = zeros(layers, hidden), zeros(layers, hidden)
        self.matrices, self.pooled = zeros(layers - 1, hidden + 2, hidden), zeros(graphs, hidden)
        self.to_active, self.to_rows, self.to_inner = zeros(rows, hidden), zeros(rows, hidden), zeros(rows, hidden + 1)
        self.to_state = self.to_rows.reshape(*shape, hidden)
        self.to_gathered = zeros(rows, hidden)
        self.to_gathered_graphs = self.to_gathered.reshape(*shape, hidden)
        self.ones, self._square, self._sums = (
            np.ones(hidden, np.float32),
            zeros(rows, hidden),
            np.ones(rows, np.float32),
        )
        self._padded = True

    def begin(self, rows: GraphRows) -> None:
        """Copies the constants of a batch."""
        context = rows.context.reshape(-1, 2)
        self.gathered[:, :, -2:] = context
        self.inner[:, :, -1] = context[:, 1]
        self.real = context[:, 1:]
        self.count = float(self._sums @ context[:, 1])
        self._padded = self.count < len(context)

    def measure(self, layer: int) -> None:
        """Mean and variance of the active states over nodes, and the states centred."""
        (mean, variance), active, centred = self.statistics[layer], self.active[layer], self.centred[layer]
        np.matmul(self._sums, active, out=mean)
        mean /= np.float32(self.count)
        np.subtract(active, mean, out=centred)
        if self._padded:
            centred *= self.real
        np.multiply(centred, centred, out=self._square)
        np.matmul(self._sums, self._square, out=variance)
        variance /= np.float32(self.count)

    def momenta(self, momentum: float) -> Floats:
        """Factors of mean and variance in their running averages; the latter is corrected for its bias."""
        unbiased = self.count / max(self.count - 1.0, 1.0)
        return np.array([[momentum], [momentum * unbiased]], dtype=np.float32)
