"""The graph VAE: its graphs, network, decoder and loss, in every space."""

import importlib.util

import numpy as np
import pytest
from made import MadeTask
from method_runs import SPACES, named

from equipoise.harness.core.space import SearchSpace
from equipoise.harness.spaces.darts import Darts
from equipoise.harness.spaces.nasbench101 import NasBench101
from equipoise.harness.spaces.nasbench201 import NasBench201
from equipoise.harness.spaces.nasbench_graph import NasBenchGraph

torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")

from equipoise.methods.graph_vae.decoding import Edits, decode  # noqa: E402
from equipoise.methods.graph_vae.graphs import GraphReader  # noqa: E402
from equipoise.methods.graph_vae.model import Sizes, Vae  # noqa: E402
from equipoise.methods.graph_vae.network import Graphs, graph_states, network_shapes  # noqa: E402
from equipoise.methods.graph_vae.parameters import Parameters  # noqa: E402
from equipoise.methods.graph_vae.pretraining import edit_radius, legal_options, pretrain  # noqa: E402
from equipoise.methods.graph_vae.proposals import LinearHead, draw_latents  # noqa: E402


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


@pytest.mark.parametrize("space", SPACES, ids=named)
def test_every_edge_carries_a_message_in_each_direction(space: SearchSpace) -> None:
    rng = np.random.default_rng(0)
    reader, cells = GraphReader(space), space.sample(rng, 20)
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
    reader, cells = GraphReader(space), space.sample(rng, 30)
    before = reader.batch(cells)
    monkeypatch.setattr("equipoise.methods.graph_vae.graphs.MOST_CACHED", 31)
    for _ in range(3):
        reader.batch(space.sample(rng, 25))
    for left, right in zip(before, reader.batch(cells), strict=True):
        np.testing.assert_array_equal(left, right)


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
    rng = np.random.default_rng(0)
    model = Vae(space, rng)
    latents = 20.0 * rng.standard_normal((60, model.sizes.latent), dtype=np.float32)
    codes, likelihood = decode(model, latents, rng, 5.0)
    assert all(space.contains(code) for code in codes)
    assert np.all(np.isfinite(likelihood))


def test_without_a_mask_it_decodes_invalid_cells() -> None:
    space, rng = NasBench101(), np.random.default_rng(0)
    model = Vae(space, rng)
    codes, _ = decode(model, rng.standard_normal((60, model.sizes.latent), dtype=np.float32), rng, 1.0, masked=False)
    assert sum(not space.contains(code) for code in codes) > 30


@pytest.mark.parametrize("space", [NasBench201(), NasBench101()], ids=named)
def test_the_loss_is_the_likelihood_of_decoding(space: SearchSpace) -> None:
    rng = np.random.default_rng(0)
    model = Vae(space, rng)
    latents = rng.standard_normal((16, model.sizes.latent), dtype=np.float32)
    codes, likelihood = decode(model, latents, rng, 1.0)
    shown = torch.from_numpy(model.layout.one_hot(np.array(codes)))
    with torch.no_grad():
        logits = model.logits(model.parameters.views(), torch.from_numpy(latents), shown)
        logits = logits.masked_fill(torch.from_numpy(~legal_options(model, codes)), -1e9)
        stated = torch.log_softmax(logits, 2).gather(2, torch.tensor(codes).unsqueeze(2)).sum(dim=(1, 2))
    np.testing.assert_allclose(stated.numpy(), likelihood, rtol=1e-4, atol=1e-4)


def test_decoding_follows_its_own_probabilities() -> None:
    space, rng = MadeTask.space, np.random.default_rng(0)
    model = Vae(space, rng)
    latents = rng.standard_normal((1, model.sizes.latent), dtype=np.float32).repeat(20_000, axis=0)
    codes, likelihood = decode(model, latents, rng, 1.0)
    stated = dict(zip(codes, np.exp(likelihood), strict=True))
    assert sum(stated.values()) == pytest.approx(1.0, abs=1e-4)
    for code, probability in stated.items():
        assert codes.count(code) / 20_000 == pytest.approx(probability, abs=0.02)


def test_an_edit_takes_another_option_by_its_tilt_and_keeps_what_comes_before() -> None:
    space, rng = NasBench201(), np.random.default_rng(0)
    model = Vae(space, rng)
    latents = rng.standard_normal((200, model.sizes.latent), dtype=np.float32)
    plain, _ = decode(model, latents, rng)
    free, tilt = np.zeros((200, 6), dtype=np.bool_), np.zeros(model.layout.columns)
    free[:, 3], tilt[model.layout.offsets[3] + 4] = True, 20.0
    edited, _ = decode(model, latents, rng, edits=Edits(free, tilt))
    for before, after in zip(plain, edited, strict=True):
        assert after[:3] == before[:3]
        assert after[3] != before[3]
        assert after[3] == 4 or before[3] == 4


def test_a_decision_sees_those_before_it_and_the_latent() -> None:
    space, rng = NasBench201(), np.random.default_rng(0)
    model = Vae(space, rng)
    w = {name: weight.detach() for name, weight in model.parameters.views().items()}
    latents = torch.zeros(2, model.sizes.latent)
    codes = np.array([[0, 1, 2, 3, 4, 0], [0, 1, 2, 4, 4, 0]])
    one, other = model.logits(w, latents, torch.from_numpy(model.layout.one_hot(codes)))
    differs = (one - other).abs().amax(dim=1) > 1e-6
    assert differs.tolist() == [False] * 4 + [True] * 2
    nothing = torch.zeros(2, model.layout.columns)
    latents[1] = 1.0
    one, other = model.logits(w, latents, nothing)
    assert bool(((one - other).abs().amax(dim=1) > 1e-6).all())


def test_training_reconstructs_what_it_knows_and_what_it_does_not() -> None:
    space, rng = NasBench201(), np.random.default_rng(0)
    model, cells = Vae(space, rng), space.sample(rng, 2_000)
    pretrain(model, cells, steps=200)
    unseen = [cell for cell in space.sample(rng, 300) if cell not in set(cells)]
    for known, least in ((cells[:300], 0.9), (unseen, 0.9)):
        again, _ = decode(model, model.means(known), rng)
        assert np.mean([left == right for left, right in zip(known, again, strict=True)]) >= least
    near, here = (
        decode(model, model.means(cells[:100]) + np.float32(scale * model.radius), rng)[0] for scale in (0.0, 1.0)
    )
    assert near != here
    assert edit_radius(model, cells[:50], edits=0.5) < edit_radius(model, cells[:50], edits=2.0)


def test_gradients_are_finite_where_all_are_alike() -> None:
    space, rng = NasBenchGraph(), np.random.default_rng(0)
    model, cells = Vae(space, rng, sizes=Sizes(4)), [space.sample(rng, 1)[0]] * 8
    before = model.parameters.flat.detach().clone()
    pretrain(model, cells, steps=20, batch=8)
    assert torch.isfinite(model.parameters.flat).all()
    assert not torch.equal(before, model.parameters.flat)


def test_the_property_head_finds_the_direction_in_which_scores_grow_and_drafts_follow_it() -> None:
    rng = np.random.default_rng(0)
    latents = rng.standard_normal((300, 6), dtype=np.float32)
    head = LinearHead(latents, 2.0 * latents[:, 3] - latents[:, 0] + 0.1 * rng.standard_normal(300), ridge=0.1)
    expected = np.array([-1, 0, 0, 2, 0, 0]) / np.sqrt(5)
    np.testing.assert_allclose(head.direction, expected, atol=0.1)
    parents = np.zeros((1, 6), dtype=np.float32)
    still, climbed = (draw_latents(rng, parents, 2_000, 1.0, head, ascent) @ head.direction for ascent in (0.0, 0.5))
    assert abs(still.mean()) < 0.15
    assert climbed.mean() > 0.8


def test_drafts_lie_around_and_between_parents() -> None:
    rng = np.random.default_rng(0)
    parents = np.array([[0.0] * 8, [100.0] * 8], dtype=np.float32)
    drafts = draw_latents(rng, parents, 1_000, 0.1, None, 0.0)
    ends = np.minimum(np.abs(drafts), np.abs(drafts - 100)) < 2
    assert 0.75 < (ends.all(axis=1) & (drafts.std(axis=1) < 2)).mean() < 0.95  # around one parent
    crossed = ends.all(axis=1) & (drafts.std(axis=1) > 2)
    line = ~ends.any(axis=1)
    assert 0.03 < crossed.mean() < 0.15
    assert 0.03 < line.mean() < 0.15
    assert np.all(drafts[line].std(axis=1) < 2)
