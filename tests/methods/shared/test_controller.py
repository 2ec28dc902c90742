"""The recurrent policy of REINFORCE."""

from collections import Counter

import numpy as np
import pytest
from made import MadeSpace

from equipoise.harness.core.registry import spaces
from equipoise.harness.core.space import SearchSpace
from equipoise.methods._shared.controller import Controller

SPACES = [cls() for cls in spaces()]


def controller(space: SearchSpace, hidden: int = 12, seed: int = 0, sharp: float = 1.0) -> Controller:
    made = Controller(space, np.random.default_rng(seed), hidden, 1.0, 2.5)
    made.flat *= sharp
    return made


def test_chances_of_all_architectures_sum_to_one() -> None:
    rollout = controller(MadeSpace(), sharp=10).replay(list(MadeSpace().enumerate()))
    assert np.exp(rollout.log_probabilities.sum(axis=1)).sum() == pytest.approx(1.0, abs=1e-6)
    assert rollout.entropies.max() <= np.log(3) + 1e-6


def test_samples_come_as_often_as_their_chances_say() -> None:
    made = controller(MadeSpace(), sharp=10)
    cells = list(MadeSpace().enumerate())
    chances = np.exp(made.replay(cells).log_probabilities.sum(axis=1))
    counts = Counter(made.sample(4000).architectures)
    seen = np.array([counts[cell] for cell in cells])
    assert seen.sum() == 4000
    assert ((seen - 4000 * chances) ** 2 / (4000 * chances)).sum() < 36.1  # chi-squared, 13 degrees: one in 1,700


@pytest.mark.parametrize("space", SPACES, ids=lambda space: space.name)
def test_every_space_is_sampled_within_its_masks(space: SearchSpace) -> None:
    rollout = controller(space).sample(20)
    assert all(space.contains(architecture) for architecture in rollout.architectures)
    again = controller(space).replay(rollout.architectures)
    assert again.log_probabilities == pytest.approx(rollout.log_probabilities, abs=1e-5)


@pytest.mark.parametrize("space", [MadeSpace(), *SPACES], ids=lambda space: space.name)
def test_the_gradient_is_that_of_autograd(space: SearchSpace) -> None:
    torch = pytest.importorskip("torch", reason="needs torch: pip install 'equipoise[torch]'")
    torch.set_num_threads(1)
    h, made = 12, controller(space, sharp=3)
    cells = made.sample(4).architectures
    advantages = np.random.default_rng(1).normal(size=(4, len(space.decisions)))
    leaves = [torch.tensor(part, dtype=torch.float64, requires_grad=True) for part in made._parts]
    told, hidden, memory = (torch.zeros(4, h, dtype=torch.float64) for _ in range(3))
    loss = 0.0
    for position, kind in enumerate(made._kinds):
        words, choose, bias = leaves[2 + 3 * kind : 5 + 3 * kind]
        cell = torch.nn.LSTMCell(h, h, dtype=torch.float64)
        weights = {
            "weight_ih": leaves[0][:h].T,
            "weight_hh": leaves[0][h:].T,
            "bias_ih": leaves[1],
            "bias_hh": torch.zeros(4 * h, dtype=torch.float64),
        }
        hidden, memory = torch.func.functional_call(cell, weights, (told, (hidden, memory)))
        logits = 2.5 * torch.tanh(hidden @ choose + bias)
        legal = torch.tensor(np.stack([space.legal(architecture[:position]) for architecture in cells]))
        chosen = torch.tensor([architecture[position] for architecture in cells])
        logs = torch.log_softmax(logits.masked_fill(~legal, -torch.inf), dim=1)
        loss = loss - (logs[torch.arange(4), chosen] * torch.tensor(advantages[:, position])).sum()
        told = words[chosen]
    loss.backward()
    wanted = [torch.zeros_like(leaf) if leaf.grad is None else leaf.grad for leaf in leaves]
    own = made.gradient(made.replay(cells), advantages)
    assert own == pytest.approx(np.concatenate([part.numpy().ravel() for part in wanted]), abs=2e-4)
