"""The graph VAE: its graphs, network, decoder, loss and loop, in every space."""

import importlib.util

import numpy as np
import pytest

from harness.errors import SettingError
from harness.ledger import Budget, Ledger
from harness.method import Method, Observation, Problem, Query
from harness.plugins import load_method, load_task, problem_of, spaces
from harness.runner import Trajectory, play
from harness.space import SearchSpace
from harness.spaces.darts import Darts
from harness.spaces.nasbench101 import NasBench101
from harness.spaces.nasbench201 import NasBench201
from harness.spaces.nasbench_graph import NasBenchGraph
from harness.task import Task
from tests.made import MadeTask

torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")

from methods._gp import Ranker, expected_improvement  # noqa: E402
from methods.graph_vae.decoding import decode  # noqa: E402
from methods.graph_vae.graphs import GraphReader, Layout  # noqa: E402
from methods.graph_vae.kernel import GraphRanker  # noqa: E402
from methods.graph_vae.model import Vae  # noqa: E402
from methods.graph_vae.network import Graphs, graph_states, network_shapes  # noqa: E402
from methods.graph_vae.parameters import Parameters  # noqa: E402
from methods.graph_vae.sampling import draw_latents  # noqa: E402
from methods.graph_vae.shortlist import Shortlist  # noqa: E402

SPACES = [cls() for cls in spaces()]
GENERATORS = ("graph_vae", "graph_rnn", "graph_structure")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


def named(space: SearchSpace) -> str:
    return space.name


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


def search(name: str, task: Task, queries: int, seed: int = 0, **settings: object) -> tuple[Method, Trajectory]:
    cls, budget = load_method(name), Budget(queries=queries)
    method = cls(problem_of(cls, task, budget), np.random.default_rng(seed), **settings)
    return method, play(method, task, Ledger(budget), np.random.default_rng)


# Graphs and layout.


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
    monkeypatch.setattr("methods.graph_vae.graphs.MOST_CACHED", 31)
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


# The network and the optimiser, against independent versions.


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


# The generator, in every space.


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


@pytest.mark.parametrize("name", ["graph_rnn", "graph_structure"])
@pytest.mark.parametrize("space", SPACES, ids=named)
def test_generators_without_latents_write_valid_architectures_only(name: str, space: SearchSpace) -> None:
    rng = np.random.default_rng(0)
    generator = load_method(name)(Problem(space, Budget(queries=10)), rng).make()
    parents = space.sample(rng, 3)
    for drawn in (generator.sample(20, 3.0), generator.sample(20, 1.0, parents, fresh=0.0)):
        assert all(space.contains(cell) for cell in drawn)
    assert torch.isfinite(generator.loss(parents[:1] * 2, np.ones(2)))


@pytest.mark.parametrize("observed", [3, 12])
def test_a_shortlist_kept_up_to_date_is_the_posterior_computed_anew(observed: int) -> None:
    space, rng = NasBenchGraph(), np.random.default_rng(0)
    ranker, drawn = Ranker(space, rng), list(dict.fromkeys(space.sample(rng, 80)))
    shortlist = Shortlist(ranker)
    for number, cell in enumerate(drawn[:25]):
        if number == observed:
            shortlist.add(drawn[30:50])
            shortlist.pick()
        ranker.tell(Observation(Query(cell), float(sum(cell) % 7), float("nan")))
        if number > observed + 3:
            shortlist.add(drawn[50 + number : 51 + number])
            shortlist.pop(int(rng.integers(len(shortlist))))
            shortlist.best(3)
    mean, deviation, best = shortlist._posterior()
    targets = ranker.scores()
    expected = ranker.process.predict(np.asarray(shortlist.candidates), targets)
    np.testing.assert_allclose(mean, expected[0], atol=1e-9)
    np.testing.assert_allclose(deviation, expected[1], atol=1e-6)
    improvement = expected_improvement(mean, deviation, best)
    top = shortlist.candidates[int(improvement.argmax())]
    assert shortlist.best(1) == [top]
    assert shortlist.pick() == top
    assert top not in shortlist.candidates


# The search.


@pytest.mark.parametrize("name", GENERATORS)
def test_the_same_seed_searches_alike_and_nothing_is_proposed_twice(name: str) -> None:
    task = load_task("nasbench_graph/cora")
    _, first = search(name, task, 45, seed=3)
    _, again = search(name, task, 45, seed=3)
    assert first.architecture == again.architecture
    assert set(first.status) == {"ok"}


class Guarded(NasBench201):
    """A space that gives its decisions, masks and graphs, and no list of what it holds."""

    name = "guarded"

    def enumerate(self):
        raise AssertionError("the space was enumerated")

    @property
    def size(self):
        raise AssertionError("the space was counted")

    def index(self, architecture):
        raise AssertionError("the space was indexed")


@pytest.mark.parametrize("name", GENERATORS)
def test_it_sees_a_space_through_decisions_masks_and_graphs_alone(name: str) -> None:
    cls = load_method(name)
    method = cls(Problem(Guarded(), Budget(queries=40)), np.random.default_rng(0))
    for number in range(40):
        query = method.ask()
        method.tell(type("Told", (), {"query": query, "validation_error": float(sum(query.architecture) + number % 2)}))


@pytest.mark.parametrize("name", GENERATORS)
def test_a_small_space_is_searched_to_its_last_architecture(name: str) -> None:
    method, trajectory = search(name, MadeTask("plain"), 60, n_initial=4, generation=3, pool=10)
    assert len(set(trajectory.architecture)) == len(trajectory) == method.space.size
    assert trajectory.ended == "every architecture of the space has been proposed"


def test_the_temperature_rises_when_little_is_new() -> None:
    method, _ = search("graph_vae", MadeTask("plain"), 12, n_initial=4, generation=2, pool=10)
    assert method.temperature > 1.0


def test_early_generations_are_asked_at_the_lowest_fidelity_and_their_best_again() -> None:
    settings = {"n_initial": 4, "generation": 2, "pool": 6, "partial_generations": 2}
    _, trajectory = search("graph_vae", MadeTask("plain"), 13, **settings)
    assert trajectory.fidelity[:8] == [1] * 8
    assert trajectory.fidelity[8:] == [4] * 5
    ranked = sorted(range(8), key=lambda row: trajectory.validation_error[row])
    assert trajectory.architecture[8:10] == [trajectory.architecture[row] for row in ranked[:2]]


@pytest.mark.parametrize(
    "ablation",
    [
        {"masked": False},
        {"train_steps": 0},
        {"proposals": "mutation"},
        {"latents": "graph"},
        {"property_weight": 0.0},
        {"ascent": 0.0},
        {"pretrain_steps": 5},
        {"ranked": False},
        {"local": False},
        {"kernel": "graph"},
    ],
    ids=str,
)
def test_every_ablation_plays(ablation: dict) -> None:
    class Small(MadeTask):
        space = NasBench101()

    _, trajectory = search("graph_vae", Small("plain"), 24, n_initial=10, generation=7, pool=20, **ablation)
    assert len(trajectory) == 24
    assert ("invalid" in trajectory.status) == (ablation == {"masked": False})


@pytest.mark.parametrize(
    "bad",
    [
        {"proposals": "x"},
        {"kernel": "latent"},
        {"train_runs": 0},
        {"latents": "edge"},
        {"backend": "jax"},
        {"ascent": 2.0},
        {"train_steps": -1},
        {"pool": 5},
        {"hidden": 0},
        {"partial_generations": -1},
    ],
    ids=str,
)
def test_bad_settings_are_refused_with_what_is_accepted(bad: dict) -> None:
    with pytest.raises(SettingError, match="accepted"):
        load_method("graph_vae")(Problem(NasBench201(), Budget(queries=10)), np.random.default_rng(0), **bad)
