"""DEHB."""

from collections import Counter
from itertools import permutations

import numpy as np
import pytest
from method_runs import EPOCHS_TASK, make_bracketed, run_bracketed

from equipoise.harness.core.errors import SettingError
from equipoise.harness.core.method import Observation, Query
from equipoise.methods._shared.brackets import rungs
from equipoise.methods.dehb import Dehb


def test_the_first_bracket_of_dehb_promotes_and_later_rungs_keep_their_sizes() -> None:
    trajectory = run_bracketed("dehb", epochs=4000)
    rows = list(zip(trajectory.architecture, trajectory.fidelity, trajectory.validation_error, strict=True))
    place = 0
    for number, s in enumerate((3, 2, 1, 0) * 2):
        survivors = None
        for size, epochs in zip(
            rungs(EPOCHS_TASK.info.fidelities, s, published=False), EPOCHS_TASK.info.fidelities[3 - s :], strict=True
        ):
            rung = rows[place : place + size]
            place += size
            assert {fidelity for _, fidelity, _ in rung} == {epochs}
            if number == 0 and survivors is not None:
                assert Counter(cell for cell, _, _ in rung) == Counter(survivors[:size])
            survivors = [cell for cell, _, _ in sorted(rung, key=lambda row: row[2])]
    assert place <= len(rows)


def made_dehb(**changed: object) -> Dehb:
    method = make_bracketed("dehb", **changed)
    assert isinstance(method, Dehb)
    return method


def test_evolution_is_rand_1_bin() -> None:
    """With three parents and full crossover, a point is one of six; with none, the target but for one dimension."""
    pool = np.random.default_rng(1).uniform(0.4, 0.6, (3, 6))
    target = np.full(6, 0.5)
    six = [a + 0.5 * (b - c) for a, b, c in permutations(pool)]
    whole, none = made_dehb(crossover_share=1.0), made_dehb(crossover_share=0.0)
    assert whole._parameters.names == none._parameters.names
    assert len(whole._parameters.names) == 6
    for _ in range(20):
        point = whole._evolved(target, pool)
        assert any(np.allclose(point, one) for one in six)
        assert (none._evolved(target, pool) != target).sum() == 1


def test_evolved_points_stay_in_the_cube_whatever_the_pool() -> None:
    method, corners = made_dehb(mutation_factor=1.0), np.eye(6)
    for number in (1, 2, 3, 6):
        for _ in range(50):
            point = method._evolved(corners[0], corners[:number])
            assert ((point >= 0) & (point <= 1)).all()


def test_a_point_takes_the_place_of_its_target_where_it_is_no_worse() -> None:
    method = made_dehb()
    query = method.ask()
    population = method._populations[query.fidelity or 27]
    method.tell(Observation(query, 0.3, 1.0))
    assert population.errors[0] == 0.3
    assert method._read(population.points[0]) == query.architecture
    for error, expected in ((0.4, 0.3), (0.3, 0.3), (0.2, 0.2), (float("nan"), 0.2)):
        population.compete(0, np.full(6, 0.1), error)
        assert population.errors[0] == expected
    assert population.points[0].tolist() == [0.1] * 6


def test_what_dehb_is_told_without_asking_replaces_the_worst() -> None:
    method = made_dehb()
    cell = EPOCHS_TASK.space.sample(np.random.default_rng(3), 1)[0]
    method.tell(Observation(Query(cell, 27), 0.1, 1.0))
    population = method._populations[27]
    assert np.isfinite(population.errors).sum() == 1
    assert method._read(population.best(1)[0]) == cell


def test_populations_are_as_large_as_the_largest_rung() -> None:
    assert {e: len(p.points) for e, p in made_dehb()._populations.items()} == {1: 27, 3: 9, 9: 6, 27: 4}


@pytest.mark.parametrize("kind", ["categorical", "integer"])
def test_points_read_back_what_they_write(kind: str) -> None:
    method = made_dehb(encoding=kind)
    for cell in EPOCHS_TASK.space.sample(np.random.default_rng(0), 50):
        assert method._read(method._write(cell)) == cell


@pytest.mark.parametrize(
    ("name", "bad"),
    [
        ("dehb", {"mutation_factor": 0.0}),
        ("dehb", {"mutation_factor": 1.5}),
        ("dehb", {"crossover_share": -0.1}),
    ],
)
def test_bad_settings_are_refused_with_what_is_accepted(name: str, bad: dict[str, object]) -> None:
    ((key, _),) = bad.items()
    with pytest.raises(SettingError, match=rf"{name}: {key} = .*accepted: "):
        make_bracketed(name, **bad)
