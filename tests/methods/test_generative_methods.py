"""Common properties of the searches by a learned generator: graph_vae, sequence_model, pairwise_eda."""

import numpy as np
import pytest
from made import MadeTask
from method_runs import run_generator

from equipoise.harness.core.ledger import Budget
from equipoise.harness.core.method import Problem
from equipoise.harness.core.registry import load_method, load_task
from equipoise.harness.spaces.nasbench201 import NasBench201

torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")


@pytest.fixture(autouse=True)
def _one_thread() -> None:
    torch.set_num_threads(1)


GENERATORS = ("graph_vae", "sequence_model", "pairwise_eda")
SHORT = {"n_initial": 10, "generation": 5, "pool": 60, "rounds": 2}


@pytest.mark.parametrize("name", GENERATORS)
def test_the_same_seed_searches_alike_and_nothing_is_proposed_twice(name: str) -> None:
    task = load_task("nasbench_graph/cora")
    first, again, other = (run_generator(name, task, 25, seed, **SHORT)[1] for seed in (3, 3, 4))
    assert first.architecture == again.architecture != other.architecture
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


@pytest.mark.parametrize("name", GENERATORS[1:])
def test_it_sees_a_space_through_decisions_masks_and_graphs_alone(name: str) -> None:
    cls = load_method(name)
    method = cls(Problem(Guarded(), Budget(queries=40)), np.random.default_rng(0))
    for number in range(40):
        query = method.ask()
        method.tell(type("Told", (), {"query": query, "validation_error": float(sum(query.architecture) + number % 2)}))


def test_the_decoder_is_trained_and_asked_without_a_list_of_the_space() -> None:
    from equipoise.methods.graph_vae.generation import Scored
    from equipoise.methods.graph_vae.latent_generator import LatentGenerator
    from equipoise.methods.graph_vae.model import Vae
    from equipoise.methods.graph_vae.pretraining import pretrain
    from equipoise.methods.graph_vae.proposals import Drafting

    space, rng = Guarded(), np.random.default_rng(0)
    model = Vae(space, rng)
    pretrain(model, space.sample(rng, 50), steps=3, batch=16)
    generator = LatentGenerator(model, rng, "decoder", 5, Drafting(0.5, 0.2, 0.2, 2.0, masked=True))
    around = generator.around(generator.anywhere(10).architectures, 20)
    after = generator.after(Scored(*around, np.linspace(1, -1, 20)), 20)
    assert all(space.contains(cell) for cell in (*around.architectures, *after.architectures))


@pytest.mark.parametrize("name", GENERATORS)
def test_a_small_space_is_searched_to_its_last_architecture(name: str) -> None:
    method, trajectory = run_generator(name, MadeTask(), 60, n_initial=4, generation=3, pool=10, rounds=2)
    assert len(set(trajectory.architecture)) == len(trajectory) == method.space.size
    assert trajectory.ended == "every architecture of the space has been proposed"
