"""The gated graph network: messages along and against the edges of a batch of graphs, a tied gated update."""

from typing import Any, NamedTuple

import torch

from equipoise.methods.graph_vae.graphs import GraphBatch

__all__ = ["Graphs", "graph_states", "network_shapes", "tensors"]


class Graphs(NamedTuple):
    """A `GraphBatch` as tensors."""

    labels: Any
    senders: Any
    receivers: Any
    kinds: Any


def tensors(batch: GraphBatch) -> Graphs:
    """Wraps the arrays; nothing is copied."""
    return Graphs(*map(torch.from_numpy, batch))


def network_shapes(
    name: str, nodes: int, node_labels: int, edge_labels: int, hidden: int
) -> dict[str, tuple[int, ...]]:
    """The weights of one network.

    Args:
        name: Prefix of their names.
        nodes: N; each node has an embedding of its place in the topological order.
        node_labels: Numbers of node labels.
        edge_labels: L, numbers of edge labels.
        hidden: h.
    """
    return {
        f"{name}_label_table": (node_labels, hidden),
        f"{name}_place_table": (nodes, hidden),
        f"{name}_send": (hidden, hidden),
        f"{name}_gate_table": (2 * edge_labels, hidden),
        f"{name}_shift_table": (2 * edge_labels, hidden),
        f"{name}_update_in": (hidden, 3 * hidden),
        f"{name}_update_state": (hidden, 3 * hidden),
        f"{name}_in_bias": (3 * hidden,),
        f"{name}_state_bias": (3 * hidden,),
    }


def graph_states(w: dict[str, Any], name: str, graphs: Graphs, steps: int) -> Any:
    """Node states after some steps of message passing.

    A message is the sender's state through a matrix, times one vector of the edge label and direction, plus another.

    Args:
        w: Weights by name, of `network_shapes`.
        name: Which network.
        graphs: B graphs; nodes of label 0 are padding and keep state 0.
        steps: Rounds of messages.

    Returns:
        B x N x h.

    Source: Li, Tarlow, Brockschmidt and Zemel, Gated Graph Sequence Neural Networks, ICLR 2016. Differs from the paper
    and from CGVAE: one vector per edge label modulates a shared matrix, so that the cost does not grow with the number
    of labels; the directions are told apart; the steps share weights.
    """
    labels, senders, receivers, kinds = graphs
    real = (labels > 0).view(-1, 1).to(torch.float32)
    state = torch.nn.functional.embedding(labels, w[f"{name}_label_table"]) + w[f"{name}_place_table"]
    batch, nodes, hidden = state.shape
    state = torch.tanh(state).view(-1, hidden) * real
    gate = 1.0 + torch.nn.functional.embedding(kinds, w[f"{name}_gate_table"])
    shift = torch.nn.functional.embedding(kinds, w[f"{name}_shift_table"])
    update = (w[f"{name}_update_in"].t(), w[f"{name}_update_state"].t(), w[f"{name}_in_bias"], w[f"{name}_state_bias"])
    for _ in range(steps):
        message = torch.index_select(state @ w[f"{name}_send"], 0, senders) * gate + shift
        received = torch.zeros_like(state).index_add(0, receivers, message)
        state = torch.gru_cell(received, state, *update) * real
    return state.view(batch, nodes, hidden)
