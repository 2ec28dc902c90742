"""The gated graph network: messages along and against the edges of padded graphs, a tied gated update."""

from typing import Any

import torch

__all__ = ["graph_states", "network_shapes"]


def network_shapes(
    name: str, nodes: int, node_labels: int, edge_labels: int, hidden: int, extra: int = 0
) -> dict[str, tuple[int, ...]]:
    """The weights of one network.

    Args:
        name: Prefix of their names.
        nodes: N; each node has an embedding of its place in the topological order.
        node_labels: Numbers of node labels.
        edge_labels: L, numbers of edge labels.
        hidden: h.
        extra: Width of what `graph_states` is given beside the labels.
    """
    shapes: dict[str, tuple[int, ...]] = {
        f"{name}_label_table": (node_labels, hidden),
        f"{name}_place_table": (nodes, hidden),
        f"{name}_message": (hidden, 2 * edge_labels * hidden),
        f"{name}_update_in": (hidden, 3 * hidden),
        f"{name}_update_state": (hidden, 3 * hidden),
        f"{name}_in_bias": (3 * hidden,),
        f"{name}_state_bias": (3 * hidden,),
    }
    if extra:
        shapes[f"{name}_extra"] = (extra, hidden)
    return shapes


def graph_states(w: dict[str, Any], name: str, labels: Any, channels: Any, steps: int, extra: Any = None) -> Any:
    """Node states after some steps of message passing.

    Args:
        w: Weights by name, of `network_shapes`.
        name: Which network.
        labels: B x N label numbers; nodes of label 0 are padding, keep state 0 and send nothing.
        channels: B x N x N x 2 x L, see `GraphBatch`.
        steps: Rounds of messages.
        extra: B x N x e, added to the first states through a matrix.

    Returns:
        B x N x h.

    Source: Li, Tarlow, Brockschmidt and Zemel, Gated Graph Sequence Neural Networks, ICLR 2016. As in CGVAE there is
    one message matrix an edge label; differs in that both directions have their own and the steps share weights.
    """
    real = (labels > 0).unsqueeze(-1).to(torch.float32)
    state = w[f"{name}_label_table"][labels] + w[f"{name}_place_table"]
    if extra is not None:
        state = state + extra @ w[f"{name}_extra"]
    state = torch.tanh(state) * real
    batch, nodes, hidden = state.shape
    joined = channels.view(batch, nodes, -1)
    in_weight, state_weight = w[f"{name}_update_in"].t(), w[f"{name}_update_state"].t()
    for _ in range(steps):
        sent = (state @ w[f"{name}_message"]).view(batch, -1, hidden)
        received = torch.bmm(joined, sent)
        updated = torch.gru_cell(
            received.view(-1, hidden),
            state.reshape(-1, hidden),
            in_weight,
            state_weight,
            w[f"{name}_in_bias"],
            w[f"{name}_state_bias"],
        )
        state = updated.view(batch, nodes, hidden) * real
    return state
