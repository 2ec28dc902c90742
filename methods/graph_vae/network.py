"""The gated graph network: messages along and against the edges of padded graphs, a tied gated update."""

from typing import Any

import torch

__all__ = ["channels", "graph_states", "network_shapes"]


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


def channels(adjacency: Any, edge_labels: int) -> Any:
    """One 0-1 channel an edge label and direction.

    Args:
        adjacency: B x N x N edge-label numbers, 0 for none.
        edge_labels: L.

    Returns:
        B x N x 2NL: row v holds, for each direction, node u and label, whether that edge joins u and v.
    """
    batch, nodes, _ = adjacency.shape
    one_hot = torch.nn.functional.one_hot(adjacency, edge_labels + 1)[..., 1:].to(torch.float32)
    backward = one_hot.reshape(batch, nodes, -1)
    forward = one_hot.transpose(1, 2).reshape(batch, nodes, -1)
    return torch.cat([forward, backward], dim=2)


def graph_states(w: dict[str, Any], name: str, labels: Any, edges: Any, steps: int, extra: Any = None) -> Any:
    """Node states after some steps of message passing.

    Args:
        w: Weights by name, of `network_shapes`.
        name: Which network.
        labels: B x N label numbers; nodes of label 0 are padding, keep state 0 and send nothing.
        edges: B x N x 2NL, of `channels`.
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
    in_weight, state_weight = w[f"{name}_update_in"].t(), w[f"{name}_update_state"].t()
    for _ in range(steps):
        sent = (state @ w[f"{name}_message"]).view(batch, nodes, 2, -1, hidden)
        received = torch.bmm(edges, sent.transpose(1, 2).reshape(batch, -1, hidden))
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
