"""scikit-optimize's Gaussian process with the same arithmetic done in fewer operations."""

from typing import Any

import numpy as np
import numpy.typing as npt
from scipy.linalg import cho_solve, cholesky
from skopt.learning.gaussian_process.gpr import GaussianProcessRegressor
from skopt.learning.gaussian_process.kernels import ConstantKernel, HammingKernel

__all__ = ["LeanProcess", "lean"]

_Array = npt.NDArray[np.float64]


class LeanProcess(GaussianProcessRegressor):  # type: ignore[misc]
    """The library's regressor for columns of zeros and ones, without arrays of n x m x d.

    There [x != y] = x + y - 2xy, so that distances and the gradient of the likelihood are matrix products. Values agree
    with the library's to rounding.
    """

    def log_marginal_likelihood(
        self, theta: _Array | None = None, eval_gradient: bool = False, clone_kernel: bool = True
    ) -> Any:
        """Of the logarithms of amplitude, length scales and noise (d + 2), with its gradient if asked.

        Source: Rasmussen and Williams, Gaussian Processes for Machine Learning, equations 2.30 and 5.9.
        """
        if theta is None or not eval_gradient:
            return super().log_marginal_likelihood(theta, eval_gradient, clone_kernel)
        amplitude, lengths, noise = np.exp(theta[0]), np.exp(theta[1:-1]), np.exp(theta[-1])
        ones, targets = self.X_train_, self.y_train_
        kernel = amplitude * _similarity(ones, ones, lengths)
        try:
            factor = cholesky(kernel + np.diag(np.full(len(ones), noise + self.alpha)), lower=True, check_finite=False)
        except np.linalg.LinAlgError:
            return -np.inf, np.zeros_like(theta)
        weights = cho_solve((factor, True), targets, check_finite=False)
        value = -0.5 * targets @ weights - np.log(np.diag(factor)).sum() - len(ones) / 2 * np.log(2 * np.pi)
        inner = np.outer(weights, weights) - cho_solve((factor, True), np.eye(len(ones)), check_finite=False)
        scaled = inner * kernel
        unequal = 2 * (scaled.sum(axis=1) @ ones - np.einsum("id,id->d", ones, scaled @ ones))
        gradient = np.concatenate([[scaled.sum()], -lengths * unequal, [noise * np.trace(inner)]])
        return value, 0.5 * gradient

    def predict(self, X: _Array, return_std: bool = False, **more: Any) -> Any:  # noqa: N803
        """Mean, and standard deviation if asked, at the rows of X (n x d), once though three acquisitions ask."""
        if not return_std or any(more.values()):
            return super().predict(X, return_std=return_std, **more)
        known = getattr(self, "_last", None)
        if known is None or known[0] is not X:
            cross = self.kernel_(X, self.X_train_)
            mean = self.y_train_std_ * (cross @ self.alpha_) + self.y_train_mean_
            variance = self.kernel_.diag(X) - np.einsum("ij,ij->i", cross @ self.K_inv_, cross)
            known = self._last = (X, mean, self.y_train_std_ * np.sqrt(np.maximum(variance, 0.0)))
        return known[1].copy(), known[2].copy()


class _LeanHamming(HammingKernel):  # type: ignore[misc]
    """The library's kernel on columns of zeros and ones."""

    def __call__(self, X: _Array, Y: _Array | None = None, eval_gradient: bool = False) -> Any:  # noqa: N803
        if eval_gradient:
            return super().__call__(X, Y, eval_gradient=True)
        left = np.atleast_2d(X)
        right = left if Y is None else np.atleast_2d(Y)
        return _similarity(left, right, np.broadcast_to(np.asarray(self.length_scale, dtype=float), left.shape[1]))


def _similarity(left: _Array, right: _Array, lengths: _Array) -> _Array:
    return np.exp(2.0 * (left * lengths) @ right.T - (left @ lengths)[:, None] - right @ lengths)


def lean(default: Any, columns: int) -> LeanProcess:
    """The library's default regressor for categorical decisions, computed in fewer operations.

    Args:
        default: What the library made: amplitude, Hamming kernel, Gaussian noise, restarts.
        columns: Length of the library's coding of a point.
    """
    kernel = ConstantKernel(1.0, (0.01, 1000.0)) * _LeanHamming(length_scale=np.ones(columns))
    return LeanProcess(**{**default.get_params(deep=False), "kernel": kernel})
