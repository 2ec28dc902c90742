"""The graph VAE: its graphs, network, decoder and loss, in every space."""

import importlib.util

import numpy as np
import pytest
from method_runs import SPACES, named

from equipoise.harness.core.space import SearchSpace
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.spaces.nasbench_graph import NasBenchGraph
from tests.made import MadeTask

torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")

from equipoise.methods.graph_vae.decoding import decode  # noqa: E402
from equipoise.methods.graph_vae.graphs import GraphReader, Layout  # noqa: E402
from equipoise.methods.graph_vae.kernel import GraphRanker  # noqa: E402
from equipoise.methods.graph_vae.model import Vae  # noqa: E402
from equipoise.methods.graph_vae.network import Graphs, graph_states, network_shapes  # noqa: E402
from equipoise.methods.graph_vae.parameters import Parameters  # noqa: E402
from equipoise.methods.graph_vae.sampling import draw_latents  # noqa: E402


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def train(model: Vae, cells: list, steps: int) -> None:
    for _ in range(steps):
        loss = model.loss(
            cells,
            np.ones(len(cells), dtype=np.float32),
            np.linspace(-1, 1, len(cells), dtype=np.float32),
            kl_weight=0.01,
            property_weight=1.0,
            runs=10**6,
        )
        model.parameters.descend(loss)


@pytest.mark.parametrize("space", SPACES, ids=named)
def test_every_edge_carries_a_message_in_each_direction(space: SearchSpace) -> None:
    rng = np.random.default_rng(0)
    reader, cells = GraphReader(space, rng), space.sample(rng, 20)
    labels, senders, receivers, kinds = reader.batch(cells)
    for number, cell in enumerate(cells):
        graph, own = space.graph(cell), senders // reader.nodes == number
        assert np.count_nonzero(labels[number]) == len(graph.node_labels)
        pairs = list(zip(senders[own] % reader.nodes, receivers[own] % reader.nodes, strict=True))
        assert sorted(pairs) == sorted([*graph.edges, *((v, u) for u, v in graph.edges)])
        along = {pair: kind for pair, kind in zip(pairs, kinds[own], strict=True) if kind < reader.edge_labels}
        against = {pair: kind for pair, kind in zip(pairs, kinds[own], strict=True) if kind >= reader.edge_labels}
        assert set(along) == set(graph.edges)
        assert {(v, u): kind - reader.edge_labels for (u, v), kind in against.items()} == along


def test_a_reader_that_forgets_reads_the_same(monkeypatch: pytest.MonkeyPatch) -> None:
    space, rng = NasBench101(), np.random.default_rng(0)
    reader, cells = GraphReader(space, rng), space.sample(rng, 30)
    before = reader.batch(cells)
    monkeypatch.setattr("equipoise.methods.graph_vae.graphs.MOST_CACHED", 31)
    for _ in range(3):
        reader.batch(space.sample(rng, 25))
    for left, right in zip(before, reader.batch(cells), strict=True):
        np.testing.assert_array_equal(left, right)


def test_footprints_are_the_ends_of_the_decided_edge() -> None:
    reader = GraphReader(NasBench201(), np.random.default_rng(0))
    for (source, target), (targets, sources) in zip(
        ((0, 1), (0, 2), (1, 2), (0, 3), (1, 3), (2, 3)), reader.footprints, strict=True
    ):
        np.testing.assert_array_equal(targets, np.eye(4)[target])
        np.testing.assert_array_equal(sources, np.eye(4)[source])


@pytest.mark.parametrize("runs", [1, 3, 8, 100])
def test_the_graph_network_runs_as_often_as_allowed(runs: int) -> None:
    layout = Layout.of(NasBench101(), runs)
    assert layout.graph_runs == min(runs, 26)
    assert all(start <= position for position, start in enumerate(layout.runs_from))


def test_the_network_agrees_with_loops_over_nodes_and_edges() -> None:
    rng = np.random.default_rng(0)
    nodes, kinds, hidden = 5, 3, 4
    w = Parameters(network_shapes("n", nodes, 6, kinds, hidden), rng).views()
    w = {name: value.detach() for name, value in w.items()}
    labels = torch.tensor([[2, 3, 4, 5, 0]])
    edges = {(0, 1): 0, (0, 2): 2, (1, 3): 1, (2, 3): 2}
    edges = [(u, v, kind) for (u, v), kind in edges.items()]
    edges += [(v, u, kind + kinds) for u, v, kind in edges]
    graphs = Graphs(labels, *map(torch.tensor, zip(*edges, strict=True)))
    cell = torch.nn.GRUCell(hidden, hidden)
    with torch.no_grad():
        cell.weight_ih.copy_(w["n_update_in"].t())
        cell.weight_hh.copy_(w["n_update_state"].t())
        cell.bias_ih.copy_(w["n_in_bias"])
        cell.bias_hh.copy_(w["n_state_bias"])
        state = [
            torch.tanh(w["n_label_table"][label] + place)
            for label, place in zip(labels[0, :4], w["n_place_table"][:4], strict=True)
        ]
        for _ in range(2):
            received = [torch.zeros(hidden) for _ in range(4)]
            for u, v, kind in edges:
                modulated = (state[u] @ w["n_send"]) * (1.0 + w["n_gate_table"][kind]) + w["n_shift_table"][kind]
                received[v] = received[v] + modulated
            state = [cell(received[v][None], state[v][None])[0] for v in range(4)]
    found = graph_states(w, "n", graphs, 2)
    torch.testing.assert_close(found[0, :4], torch.stack(state), rtol=1e-5, atol=1e-6)
    assert not found[0, 4].any()


def test_descent_is_adam_with_a_clipped_gradient() -> None:
    own = Parameters({"a": (3, 2), "b": (4, 1)}, np.random.default_rng(0), learning_rate=0.01)
    theirs = own.flat.detach().clone().requires_grad_()
    adam = torch.optim.Adam([theirs], lr=0.01)
    goal = torch.linspace(-3, 3, 10)
    for _ in range(20):
        own.descend(((own.flat - goal) ** 2).sum())
        adam.zero_grad()
        ((theirs - goal) ** 2).sum().backward()
        torch.nn.utils.clip_grad_norm_([theirs], 1.0)
        adam.step()
    torch.testing.assert_close(own.flat, theirs, rtol=1e-4, atol=1e-5)


@pytest.mark.skipif(importlib.util.find_spec("dgl") is None, reason="needs dgl: pip install 'equipoise[dgl]'")
@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("space", [NasBench201(), NasBenchGraph(), NasBench101(), Darts()], ids=named)
def test_dgl_gives_the_same_posteriors_and_gradients(space: SearchSpace) -> None:
    results = []
    for backend in ("torch", "dgl"):
        model = Vae(space, np.random.default_rng(0), backend=backend)
        w = model.parameters.views()
        mean, log_variance = model.encode(w, space.sample(np.random.default_rng(1), 12))
        model.parameters.flat.grad = None
        (mean.square().sum() + log_variance.exp().sum()).backward()
        results.append((mean, log_variance, model.parameters.flat.grad))
    for left, right in zip(*results, strict=True):
        torch.testing.assert_close(left, right, rtol=1e-4, atol=1e-4)


@pytest.mark.parametrize("space", SPACES, ids=named)
def test_all_that_is_decoded_is_valid_however_wild_the_latents(space: SearchSpace) -> None:
    model = Vae(space, np.random.default_rng(0))
    latents = 20.0 * model.noise(60)
    codes, likelihood = decode(model, latents, np.full(60, 5.0, dtype=np.float32))
    assert all(space.contains(code) for code in codes)
    assert np.all(np.isfinite(likelihood))


@pytest.mark.parametrize("space", SPACES, ids=named)
def test_what_it_was_trained_on_is_decoded_again(space: SearchSpace) -> None:
    rng = np.random.default_rng(1)
    model, cells = Vae(space, rng, graph_runs=4), space.sample(rng, 6)
    train(model, cells, 200)
    mean, _ = model.encode(model.parameters.views(), cells)
    codes, _ = decode(model, mean.detach(), np.full(6, 1e-6, dtype=np.float32))
    assert sum(left == right for left, right in zip(codes, cells, strict=True)) >= 5


@pytest.mark.parametrize("space", SPACES, ids=named)
def test_what_is_kept_of_parents_stays_and_all_is_valid(space: SearchSpace) -> None:
    rng = np.random.default_rng(0)
    model, parents = Vae(space, rng), space.sample(rng, 5)
    draft = draw_latents(model, parents, 200, ascent=0.5)
    codes, _ = decode(model, draft.latents, np.full(200, 2.0, dtype=np.float32), keep=draft.keep)
    assert all(space.contains(code) for code in codes)
    for code, kept in zip(codes, draft.keep, strict=True):
        for position, option in enumerate(kept):
            if option >= 0 and space.legal(code[:position])[option]:
                assert code[position] == option
    whole = np.array([parents[0]] * 3)
    codes, likelihood = decode(model, model.noise(3), np.ones(3, dtype=np.float32), keep=whole)
    assert codes == [parents[0]] * 3
    assert not likelihood.any()


def test_without_a_mask_it_decodes_invalid_cells() -> None:
    space = NasBench101()
    model = Vae(space, np.random.default_rng(0))
    codes, _ = decode(model, model.noise(60), np.ones(60, dtype=np.float32), masked=False)
    assert sum(not space.contains(code) for code in codes) > 30


@pytest.mark.parametrize("runs", [1, 4, 100])
def test_the_loss_is_the_likelihood_of_decoding(runs: int) -> None:
    space, rng = NasBench101(), np.random.default_rng(0)
    model = Vae(space, rng, graph_runs=runs)
    latents = model.noise(16)
    codes, likelihood = decode(model, latents, np.ones(16, dtype=np.float32))
    with torch.no_grad():
        loss = model._reconstruction(model.parameters.views(), codes, latents, 10**6)
    np.testing.assert_allclose(-loss.numpy(), likelihood, rtol=1e-4, atol=1e-4)


def test_decoding_follows_its_own_probabilities() -> None:
    space, rng = MadeTask.space, np.random.default_rng(0)
    model = Vae(space, rng)
    latents = model.noise(1).repeat(20_000, 1, 1)
    codes, likelihood = decode(model, latents, np.ones(20_000, dtype=np.float32))
    stated = dict(zip(codes, np.exp(likelihood), strict=True))
    assert sum(stated.values()) == pytest.approx(1.0, abs=1e-4)
    for code, probability in stated.items():
        assert codes.count(code) / 20_000 == pytest.approx(probability, abs=0.02)


@pytest.mark.parametrize("latents", ["node", "graph"])
@pytest.mark.parametrize(
    ("cells", "scores"),
    [([0], [0.0]), ([0] * 8, [0.0] * 8), (range(8), [1.0] * 8), (range(4), [np.nan] * 4)],
    ids=["one elite", "identical elites", "constant scores", "no scores"],
)
def test_gradients_are_finite_on_degenerate_inputs(latents: str, cells: list, scores: list) -> None:
    space, rng = NasBenchGraph(), np.random.default_rng(0)
    drawn, model = space.sample(rng, 8), Vae(space, rng, latents=latents)
    weights, targets = np.ones(len(scores), dtype=np.float32), np.array(scores, dtype=np.float32)
    for _ in range(30):
        loss = model.loss([drawn[i] for i in cells], weights, targets, kl_weight=0.1, property_weight=1.0, runs=3)
        before = model.parameters.flat.detach().clone()
        model.parameters.descend(loss)
        assert torch.isfinite(model.parameters.flat.grad).all()
        assert not torch.equal(before, model.parameters.flat)
    assert torch.isfinite(draw_latents(model, [drawn[0]], 20, ascent=1.0).latents).all()


def test_the_property_head_learns_and_ascent_climbs_it() -> None:
    space, rng = NasBench201(), np.random.default_rng(0)
    model, cells = Vae(space, rng), space.sample(rng, 60)
    scores = np.array([cell.count(3) - cell.count(0) for cell in cells], dtype=np.float32)
    scores = (scores - scores.mean()) / scores.std()
    for _ in range(200):
        ones = np.ones(60, dtype=np.float32)
        model.parameters.descend(model.loss(cells, ones, scores, kl_weight=0.1, property_weight=1.0, runs=3))
    with torch.no_grad():
        w = model.parameters.views()
        assert np.corrcoef(model.predict(w, model.encode(w, cells).mean), scores)[0, 1] > 0.9
        parents = cells[:1]
        still, climbed = (
            model.predict(w, draw_latents(model, parents, 300, ascent).latents).mean() for ascent in (0.0, 1.0)
        )
    assert climbed > still + 0.1


def test_neighbourhoods_are_equal_exactly_where_incoming_edges_are() -> None:
    space, rng = NasBench201(), np.random.default_rng(0)
    ranker, cells = GraphRanker(space, rng), space.sample(rng, 60)
    features = [ranker.features(cell) for cell in cells]
    none = 0
    for left, one in zip(cells, features, strict=True):
        assert one[:6] == left
        for right, other in zip(cells, features, strict=True):
            assert (one[7] == other[7]) == (left[0] == right[0])
            assert (one[8] == other[8]) == (left[1:3] == right[1:3])
            ends = [(cell[3], tuple(sorted(o for o in cell[4:] if o != none))) for cell in (left, right)]
            assert (one[9] == other[9]) == (ends[0] == ends[1])  # nodes 1 and 2 look alike as sources after one round
