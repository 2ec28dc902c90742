"""The gated graph network of `network.graph_states` on DGL: the same weights, the same states."""

from typing import Any

import dgl
import torch

__all__ = ["dgl_states"]


def dgl_states(w: dict[str, Any], name: str, labels: Any, channels: Any, steps: int) -> Any:
    """Node states after some steps of message passing, by DGL's sparse kernels.

    Args:
        w: Weights by name, of `network_shapes`.
        name: Which network.
        labels: B x N label numbers; 0 is padding.
        channels: B x N x N x 2 x L, see `GraphBatch`.
        steps: Rounds of messages.

    Returns:
        B x N x h, equal to those of `graph_states` up to rounding.
    """
    batch, nodes = labels.shape
    kinds = channels.shape[3] * channels.shape[4]
    row, target, source, direction, label = channels.nonzero(as_tuple=True)
    kind = direction * channels.shape[4] + label
    graph = dgl.graph((row * nodes + source, row * nodes + target), num_nodes=batch * nodes)
    real = (labels > 0).reshape(-1, 1).to(torch.float32)
    state = torch.tanh((w[f"{name}_label_table"][labels] + w[f"{name}_place_table"]).view(batch * nodes, -1)) * real
    width = state.shape[1]
    for _ in range(steps):
        sent = (state @ w[f"{name}_message"]).view(-1, kinds, width)
        with graph.local_scope():
            graph.edata["m"] = sent[row * nodes + source, kind]
            graph.update_all(dgl.function.copy_e("m", "m"), dgl.function.sum("m", "received"))
            received = graph.ndata["received"]
        state = real * torch.gru_cell(
            received,
            state,
            w[f"{name}_update_in"].t(),
            w[f"{name}_update_state"].t(),
            w[f"{name}_in_bias"],
            w[f"{name}_state_bias"],
        )
    return state.view(batch, nodes, width)
