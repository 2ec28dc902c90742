"""REINFORCE: a recurrent controller learns by policy gradient which decisions pay."""

import numpy as np

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Method, Observation, Problem, Query
from equipoise.harness.core.space import Architecture
from equipoise.methods._shared.adam import Adam
from equipoise.methods._shared.controller import Controller, Rollout
from equipoise.methods._shared.count_settings import check_count

__all__ = ["Reinforce"]


class Reinforce(Method):
    """Samples architectures from a recurrent policy and raises the probability of those that beat the moving average.

    The reward of a choice is minus the validation error plus a bonus for the entropy of that choice; its advantage is
    the reward minus its exponential moving average. Samples may repeat what was seen, and pay for it, as published.

    Args:
        problem: What is known before the search.
        rng: Source of randomness.
        batch: Architectures sampled together and learned from together.
        learning_rate: Of Adam.
        decay: Of the moving average; 0 takes the last reward.
        entropy: Weight of the entropy in the reward.
        temperature: Divisor of the logits.
        bound: Largest absolute logit.
        hidden: Width of the controller's state.

    Raises:
        SettingError: A setting is out of range.

    Source: Gao, Yang, Zhang, Zhou and Hu, Graph Neural Architecture Search, IJCAI 2020 (GraphNAS), with the settings of
    its repository (``graphnas/main.py``, ``trainer.py``); the method is that of Zoph and Le, Neural Architecture Search
    with Reinforcement Learning, ICLR 2017, section 3.2. Differs from the repository: illegal options are masked;
    advantages are not divided by the largest of the last ten, which may be negative; the moving average is never
    reset; nothing is sampled for a final choice, since every architecture told counts.
    """

    family = "nas"
    origin = "published"
    source = "Gao, Yang, Zhang, Zhou and Hu, GraphNAS, IJCAI 2020, after Zoph and Le, ICLR 2017"
    knowledge = ("decisions", "legality")
    deviations = (
        "Illegal options are masked.",
        "Advantages are not divided by the largest of the last ten, and the moving average is never reset.",
    )

    def __init__(
        self,
        problem: Problem,
        rng: np.random.Generator,
        *,
        batch: int = 1,
        learning_rate: float = 3.5e-4,
        decay: float = 0.95,
        entropy: float = 1e-4,
        temperature: float = 5.0,
        bound: float = 2.5,
        hidden: int = 100,
    ) -> None:
        super().__init__(problem, rng)
        check_count("reinforce", "batch", batch, problem)
        for name, number in (("learning_rate", learning_rate), ("temperature", temperature), ("bound", bound)):
            if not number > 0:
                raise SettingError(f"reinforce: {name} = {number}; accepted: numbers above 0")
        if not 0 <= decay < 1:
            raise SettingError(f"reinforce: decay = {decay}; accepted: 0 up to, but not including, 1")
        if not entropy >= 0:
            raise SettingError(f"reinforce: entropy = {entropy}; accepted: 0 and more")
        if hidden < 1:
            raise SettingError(f"reinforce: hidden = {hidden}; accepted: whole numbers from 1 on")
        self.batch, self.learning_rate, self.decay, self.entropy = batch, learning_rate, decay, entropy
        self._controller = Controller(self.space, rng, hidden, temperature, bound)
        self._adam = Adam(self._controller.flat)
        self._baseline: np.ndarray | None = None
        self._drawn: list[Architecture] = []
        self._own: Rollout | None = None
        self._told: list[tuple[Architecture, float]] = []

    def ask(self) -> Query:
        """Samples from the policy."""
        if not self._drawn:
            self._own = self._controller.sample(self.batch)
            self._drawn = self._own.architectures[::-1]
        return Query(self._drawn.pop())

    def tell(self, observation: Observation) -> None:
        """Learns once a batch of observations has come in, asked for or not."""
        if not self.space.contains(observation.query.architecture):
            return
        self._told.append((observation.query.architecture, observation.validation_error))
        if len(self._told) >= self.batch:
            self._learn()
            self._told.clear()

    def _learn(self) -> None:
        told = [architecture for architecture, _ in self._told]
        rollout = self._own if self._own and self._own.architectures == told else self._controller.replay(told)
        errors = np.array([error for _, error in self._told])
        rewards = self.entropy * rollout.entropies - errors[:, None]
        mean = rewards.mean(axis=0)
        self._baseline = mean if self._baseline is None else self.decay * self._baseline + (1 - self.decay) * mean
        advantages = (rewards - self._baseline) / len(errors)
        self._adam.step(self._controller.gradient(rollout, advantages), self.learning_rate)
        self._own = None  # drawn under former weights
