"""The adapter of scikit-optimize."""

import numpy as np
import pytest
from method_runs import NB201, make_encoded, make_library

from equipoise.harness.core.errors import SettingError


@pytest.mark.parametrize(
    ("method", "settings"),
    [
        ("gp_bo", {"arithmetic": "quick"}),
        ("gp_bo", {"n_initial": 0}),
    ],
)
def test_a_bad_setting_is_refused_with_the_accepted_range(method: str, settings: dict) -> None:
    ((key, _),) = settings.items()
    with pytest.raises(SettingError, match=rf"{method}: {key} = .*accepted"):
        make_library(method, **settings)


@pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")  # length scales at their bounds
def test_the_lean_arithmetic_equals_the_library_s() -> None:
    from sklearn.base import clone
    from skopt import Optimizer
    from skopt.space import Categorical

    from equipoise.methods._shared.fast_skopt import lean

    default = Optimizer([Categorical([0, 1, 2]), Categorical([0, 1, 2])], random_state=1)
    rng = np.random.default_rng(0)
    columns = np.eye(3)[rng.integers(3, size=(30, 2))].reshape(30, 6)
    targets = rng.normal(size=30)
    plain = clone(default.base_estimator_).fit(columns, targets)
    quick = clone(lean(default.base_estimator_, columns.shape[1])).fit(columns, targets)
    for theta in rng.normal(size=(20, 8)):
        plain.kernel_, quick.kernel_ = plain.kernel.clone_with_theta(theta), quick.kernel.clone_with_theta(theta)
        theirs, ours = (p.log_marginal_likelihood(theta, eval_gradient=True) for p in (plain, quick))
        np.testing.assert_allclose(ours[0], theirs[0], rtol=1e-10)
        np.testing.assert_allclose(ours[1], theirs[1], rtol=1e-8, atol=1e-9)
    everywhere = np.eye(3)[np.indices((3, 3)).reshape(2, -1).T].reshape(9, 6)
    plain, quick = (clone(p).fit(columns, targets) for p in (plain, quick))
    for mine, their in zip(quick.predict(everywhere, True), plain.predict(everywhere, True), strict=True):
        np.testing.assert_allclose(mine, their, rtol=1e-5, atol=1e-7)


def test_the_lean_arithmetic_of_gp_bo_is_for_categorical_parameters() -> None:
    with pytest.raises(SettingError, match=r"arithmetic = 'lean' with encoding = 'one-hot'; accepted: 'library'"):
        make_encoded("gp_bo", NB201, encoding="one-hot", arithmetic="lean")
