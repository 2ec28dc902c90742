"""The gated graph network of `network.graph_states` on DGL: the same weights, the same states."""

from typing import Any

import dgl
import torch

from equipoise.methods.graph_vae.network import Graphs

__all__ = ["dgl_states"]


def dgl_states(w: dict[str, Any], name: str, graphs: Graphs, steps: int) -> Any:
    """Node states after some steps of message passing, by DGL's sparse kernels.

    Args:
        w: Weights by name, of `network_shapes`.
        name: Which network.
        graphs: B graphs.
        steps: Rounds of messages.

    Returns:
        B x N x h, equal to those of `graph_states` up to rounding.
    """
    batch, nodes = graphs.labels.shape
    graph = dgl.graph((graphs.senders, graphs.receivers), num_nodes=batch * nodes)
    real = (graphs.labels > 0).view(-1, 1).to(torch.float32)
    state = w[f"{name}_label_table"][graphs.labels] + w[f"{name}_place_table"]
    state = torch.tanh(state).view(batch * nodes, -1) * real
    graph.edata["gate"] = 1.0 + w[f"{name}_gate_table"][graphs.kinds]
    graph.edata["shift"] = w[f"{name}_shift_table"][graphs.kinds]
    for _ in range(steps):
        with graph.local_scope():
            graph.ndata["sent"] = state @ w[f"{name}_send"]
            graph.apply_edges(dgl.function.u_mul_e("sent", "gate", "gated"))
            graph.edata["message"] = graph.edata["gated"] + graph.edata["shift"]
            graph.update_all(dgl.function.copy_e("message", "message"), dgl.function.sum("message", "received"))
            received = graph.ndata["received"]
        state = real * torch.gru_cell(
            received,
            state,
            w[f"{name}_update_in"].t(),
            w[f"{name}_update_state"].t(),
            w[f"{name}_in_bias"],
            w[f"{name}_state_bias"],
        )
    return state.view(batch, nodes, -1)
