"""scikit-optimize's Gaussian process with the same arithmetic done cheaply, and refits that can be left out."""

from typing import Any

import numpy as np
import numpy.typing as npt
from skopt.learning.gaussian_process.gpr import GaussianProcessRegressor
from skopt.learning.gaussian_process.kernels import ConstantKernel, HammingKernel, WhiteKernel
from skopt.space import Space
from skopt.utils import normalize_dimensions

__all__ = ["QuickProcess", "frozen", "quick_process"]

_Array = npt.NDArray[np.float64]


class _QuickHamming(HammingKernel):  # type: ignore[misc]
    """The library's kernel on one-hot columns, without an n x m x d array, and without gradients nobody asks for."""

    def __call__(self, X: _Array, Y: _Array | None = None, eval_gradient: bool = False) -> Any:  # noqa: N803
        if eval_gradient:
            return super().__call__(X, Y, eval_gradient=True)
        left = np.atleast_2d(X)
        right = left if Y is None else np.atleast_2d(Y)
        lengths = np.broadcast_to(np.asarray(self.length_scale, dtype=float), left.shape[1])
        # for columns of zeros and ones, [x != y] = x + y - 2xy: one matrix product
        distance = (left @ lengths)[:, None] + right @ lengths - 2.0 * (left * lengths) @ right.T
        return np.exp(-distance)


class QuickProcess(GaussianProcessRegressor):  # type: ignore[misc]
    """The library's regressor that predicts a set of points once, though three acquisition functions ask in turn."""

    def predict(self, X: _Array, return_std: bool = False, **more: Any) -> Any:  # noqa: N803
        """Mean, and standard deviation if asked, at the rows of X (n x d)."""
        if not return_std or any(more.values()):
            return super().predict(X, return_std=return_std, **more)
        known = getattr(self, "_last", None)
        if known is None or known[0] is not X:
            cross = self.kernel_(X, self.X_train_)
            mean = self.y_train_std_ * (cross @ self.alpha_) + self.y_train_mean_
            variance = self.kernel_.diag(X) - np.einsum("ij,ij->i", cross @ self.K_inv_, cross)
            known = self._last = (X, mean, self.y_train_std_ * np.sqrt(np.maximum(variance, 0.0)))
        return known[1].copy(), known[2].copy()


def quick_process(dimensions: list[Any], seed: int) -> QuickProcess:
    """The library's default regressor for categorical spaces: amplitude, Hamming kernel, noise, two restarts."""
    columns = Space(normalize_dimensions(dimensions)).transformed_n_dims  # one an option: the library codes one-hot
    kernel = ConstantKernel(1.0, (0.01, 1000.0)) * _QuickHamming(length_scale=np.ones(columns))
    return QuickProcess(kernel=kernel, normalize_y=True, noise="gaussian", n_restarts_optimizer=2, random_state=seed)


def frozen(fitted: Any) -> QuickProcess:
    """A regressor that keeps the kernel's parameters of a fitted one."""
    kernel = fitted.kernel_.k1 + WhiteKernel(noise_level=max(fitted.noise_, 1e-10))
    return QuickProcess(kernel=kernel, normalize_y=True, noise="gaussian", optimizer=None)
