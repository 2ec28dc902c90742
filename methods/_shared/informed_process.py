"""A structural Gaussian process whose hyperparameters start from, and stay near, learnt ones."""

import numpy as np

from equipoise.methods._shared.structural_likelihood import Array, Inputs, Layout, NegativeLogPosterior
from equipoise.methods._shared.structural_process import NOISE_BOUNDS, STEPS, WEIGHT_BOUNDS, StructuralProcess

__all__ = ["InformedProcess"]


class InformedProcess(StructuralProcess):
    """A `StructuralProcess` with a normal prior on the logarithms of all hyperparameters around given ones.

    It stands beside the weak prior that `NegativeLogPosterior` has on its own: the two multiply.

    Args:
        layout: What there is to compare.
        growth: Factor between fits, above 1.
        first: Observations at the first fit.
        centre: The logarithms of the hyperparameters, in the order of the process; None for its defaults.
        width: Standard deviation of the prior, one per hyperparameter; without `centre` it is not used.
    """

    def __init__(
        self,
        layout: Layout,
        growth: float = 1.5,
        first: int = 5,
        centre: Array | None = None,
        width: Array | None = None,
    ) -> None:
        super().__init__(layout, growth, first)
        self._centre, self._width = centre, width
        if centre is not None:
            self._theta = centre.copy()
            self._read()

    @property
    def theta(self) -> Array:
        """The logarithms of the hyperparameters: decisions, groups, share, linear terms, noise."""
        return self._theta.copy()

    def condition(self, seen: Inputs) -> None:
        """Conditions on n observations at once, under the hyperparameters as they are."""
        covariance = self.kernel(seen, seen) + self.noise * np.eye(len(seen.codes))
        self.inverse = np.linalg.inv(np.linalg.cholesky(covariance))

    def refit(self, seen: Inputs, targets: Array) -> bool:
        """Fits the hyperparameters if that is due; tells whether they changed."""
        if self._centre is None or self._width is None:
            return super().refit(seen, targets)
        if len(targets) < self._due:
            return False
        self._due = int(np.ceil(len(targets) * self._growth))
        likelihood, centre, width = NegativeLogPosterior(self.layout, seen, targets), self._centre, self._width

        def loss(theta: Array) -> tuple[float, Array]:
            value, gradient = likelihood(theta)
            off = (theta - centre) / width
            return value + 0.5 * float(off @ off), gradient + off / width

        from scipy.optimize import minimize  # here: listing the methods needs none of scipy

        bounds = [WEIGHT_BOUNDS] * (len(centre) - 1) + [NOISE_BOUNDS]
        found = minimize(loss, self._theta, jac=True, method="L-BFGS-B", bounds=bounds, options={"maxiter": STEPS})
        self._theta = found.x
        self._read()
        self.fits += 1
        self.condition(seen)
        return True
