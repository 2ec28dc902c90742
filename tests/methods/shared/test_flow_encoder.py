"""The graph encoder of GATES."""

import numpy as np
import pytest

from equipoise.harness.core.space import SearchSpace
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.methods._shared.flow_encoder import LAYERS, MARGIN, FlowRanker
from equipoise.methods._shared.operation_graphs import GraphReader


def test_the_flow_ranker_learns_an_order() -> None:
    space, rng = NasBench201(), np.random.default_rng(0)
    cells = space.sample(rng, 90)
    errors = np.array([0.3 - cell.count(3) / 30 for cell in cells])
    model = FlowRanker(space, rng)
    model.fit(cells[:60], np.full(60, 0.1), 5)  # nothing to learn from ties
    model.fit(cells[:60], errors[:60], 50)
    assert np.corrcoef(model.score(cells[60:]), errors[60:])[0, 1] < -0.8


def test_a_score_does_not_depend_on_what_is_scored_with_it() -> None:
    space, rng = NasBench101(), np.random.default_rng(0)
    cells = space.sample(rng, 40)
    model = FlowRanker(space, rng)
    alone = [float(model.score([cell])[0]) for cell in cells]
    assert model.score(cells) == pytest.approx(alone, abs=1e-5)


@pytest.mark.parametrize("space", [NasBench201(), NasBench101()], ids=lambda space: space.name)
def test_the_gradient_is_that_of_every_node_of_every_graph_by_autograd(space: SearchSpace) -> None:
    """The published network written plainly, over padded graphs, beside the one over shared nodes."""
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")
    rng = np.random.default_rng(3)
    model, cells = FlowRanker(space, rng), space.sample(rng, 30)
    arrays = GraphReader(space, space.sample(np.random.default_rng(3), 100)).read(cells)
    w = {name: torch.tensor(part.copy(), requires_grad=True) for name, part in model.parts.items()}
    labels, real = torch.from_numpy(arrays.labels), torch.from_numpy(arrays.real)
    links = torch.from_numpy(arrays.gather - np.eye(arrays.gather.shape[1], dtype=np.float32) * arrays.real[:, :, None])
    inputs = labels @ torch.tensor([float("input" in word) for word in model._reader.words])
    state = (inputs[:, :, None] * w["input_table"]) @ w["start"] + w["start_bias"]
    for layer in range(LAYERS):
        sent = state @ w[f"send_{layer}"]
        gates = torch.sigmoid(w["label_table"] @ w[f"gate_{layer}"] + w[f"gate_{layer}_bias"])
        state = (labels @ gates) * torch.bmm(links, sent) + sent
        state = torch.relu(state) if layer + 1 < LAYERS else state
    counted = real - inputs
    pooled = (state * counted[:, :, None]).sum(dim=1) / counted.sum(dim=1, keepdim=True)
    mask = (rng.random((30, 200), dtype=np.float32) >= 0.1) / np.float32(0.9)
    scores = (torch.relu(pooled @ w["inner"] + w["inner_bias"]) * torch.from_numpy(mask)) @ w["score"]
    first, second = rng.integers(30, size=60), rng.integers(30, size=60)
    better = rng.choice([-1.0, 1.0], 60).astype(np.float32)
    gap = (scores[first] - scores[second])[:, 0]
    torch.relu(MARGIN - torch.from_numpy(better) * gap).mean().backward()

    nodes = model._reader.read(cells)
    model.gradient(nodes, nodes.transposed(), mask, (first, second), better)
    for name, found in model._gradients.items():
        expected = np.zeros_like(found) if w[name].grad is None else w[name].grad.numpy()
        assert found == pytest.approx(expected, abs=2e-7), name
