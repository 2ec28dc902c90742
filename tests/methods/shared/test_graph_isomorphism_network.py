"""The graph network of NPENAS."""

import numpy as np
import pytest

from equipoise.harness.core.space import SearchSpace
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.methods._shared.graph_isomorphism_network import LAYERS, NEGLIGIBLE, Gin
from equipoise.methods._shared.node_classes import ClassReader
from equipoise.methods._shared.operation_graphs import GraphReader
from equipoise.methods._shared.weighted_normalisation import TINY


@pytest.mark.parametrize("space", [NasBench101(), NasBench201()], ids=lambda space: space.name)
@pytest.mark.parametrize(("uncertain", "most"), [(False, 100.0), (False, 10.0), (True, 100.0)])
def test_the_gradient_of_the_graph_network_is_that_of_autograd(
    space: SearchSpace, uncertain: bool, most: float
) -> None:
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")
    torch.set_num_threads(1)
    rng = np.random.default_rng(0)
    cells, targets = space.sample(rng, 12), rng.random(12).astype(np.float32)
    graphs = GraphReader(space).read(cells)
    model = Gin(graphs.labels.shape[2], uncertain, rng, most)
    for part in model.parts:
        part += rng.normal(0, 0.05, part.shape).astype(np.float32)
    kept = (rng.random((12, 16)) > 0.1).astype(np.float32)
    own = model.gradient(ClassReader(space, cells).read(cells), targets, kept)
    parts = [torch.tensor(part, dtype=torch.float64, requires_grad=True) for part in model.parts]
    bend, real = (torch.nn.functional.celu if uncertain else torch.relu), torch.tensor(graphs.real) > 0
    gather, state = (torch.tensor(part, dtype=torch.float64) for part in (graphs.gather, graphs.labels))
    for layer in range(LAYERS):
        into, into_bias, out, out_bias, scale, shift = parts[6 * layer : 6 * layer + 6]
        inner = bend(torch.relu((gather @ state) @ into + into_bias) @ out + out_bias)
        normal = torch.nn.functional.batch_norm(inner[real], None, None, scale, shift, True, eps=float(TINY))
        state = torch.zeros_like(inner)
        state[real] = normal
    pooled, head = state.sum(dim=1) / real.sum(dim=1, keepdim=True), parts[6 * LAYERS :]
    mean = (bend(pooled @ head[0] + head[1]) * torch.tensor(kept) / 0.9) @ head[2] + head[3]
    wanted = torch.tensor(100.0 * targets, dtype=torch.float64)[:, None]
    if uncertain:
        spread = torch.exp(bend(bend(pooled @ head[4] + head[5]) @ head[6] + head[7]) / 2)
        loss = -torch.distributions.Normal(mean, spread).log_prob(wanted).mean()
    else:
        loss = torch.nn.functional.mse_loss(most * torch.sigmoid(mean), wanted)
    loss.backward()
    for part, gradient in zip(parts, own, strict=True):
        assert gradient == pytest.approx(part.grad.numpy(), rel=1e-3, abs=0.2)


@pytest.mark.parametrize("uncertain", [False, True])
def test_the_graph_network_learns(uncertain: bool) -> None:
    space, agreements = NasBench201(), []
    for seed in range(5):  # the processor's rounding decides about a single training: one of sixteen ends below 0.8
        rng = np.random.default_rng(seed)
        cells = space.sample(rng, 80)
        graphs = ClassReader(space, cells).read(cells)
        errors = np.array([0.3 - cell.count(3) / 30 for cell in cells], dtype=np.float32)
        model = Gin(graphs.labels.shape[1] - 1, uncertain, rng)
        model.fit(graphs.take(slice(60)), errors[:60], epochs=60, batch=10, rate=0.005)
        mean, spread = model.predict(graphs.take(slice(60, None)))
        agreements.append(np.corrcoef(mean, errors[60:])[0, 1])
        assert (spread > 0).all() == uncertain
    assert np.median(agreements) > 0.8


def test_weights_that_decay_end_at_zero_and_not_in_denormal_numbers() -> None:
    space, rng = NasBench201(), np.random.default_rng(0)
    cells = space.sample(rng, 20)
    graphs = ClassReader(space, cells).read(cells)
    model = Gin(graphs.labels.shape[1] - 1, False, rng)
    model.fit(graphs, rng.random(20, dtype=np.float32) / 2, epochs=300, batch=10, rate=0.005)
    sizes = np.abs(model.flat)
    assert (sizes == 0).any()
    assert sizes[sizes > 0].min() >= NEGLIGIBLE


@pytest.mark.parametrize("uncertain", [False, True])
def test_training_leaves_the_columns_that_keep_the_one_as_they_are(uncertain: bool) -> None:
    space, rng = NasBench201(), np.random.default_rng(0)
    cells = space.sample(rng, 20)
    graphs = ClassReader(space, cells).read(cells)
    model = Gin(graphs.labels.shape[1] - 1, uncertain, rng)
    kept, model.flat[:] = model.flat.copy(), np.nan
    for part in model.parts:
        part[:] = 0.0
    trained = model.flat == 0
    model.flat[:] = kept
    model.fit(graphs, rng.random(20, dtype=np.float32) / 2, epochs=30, batch=10, rate=0.005)
    assert (model.flat[~trained] == kept[~trained]).all()
    assert (model.flat[trained] != kept[trained]).mean() > 0.9


def test_predictions_do_not_depend_on_what_else_is_predicted() -> None:
    space, rng = NasBench201(), np.random.default_rng(0)
    cells = space.sample(rng, 80)  # more than one batch
    reader = ClassReader(space, cells)
    model = Gin(len(reader.words), True, rng)
    model.fit(reader.read(cells[:20]), rng.random(20, dtype=np.float32), epochs=3, batch=10, rate=0.005)
    together, alone = model.predict(reader.read(cells)), model.predict(reader.read(cells[70:71]))
    assert [values[70] for values in together] == pytest.approx([values[0] for values in alone], rel=1e-4)
