"""Training-free scores (zero-cost proxies) of an untrained network.

All are computed on one replica, with batch statistics in the normalisation layers, from one batch of training images.
Larger means better by the convention of the papers.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
import numpy.typing as npt
import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.overrides import TorchFunctionMode

from equipoise.harness.core.errors import SettingError, nearest
from equipoise.harness.training.layers import Classifier
from equipoise.harness.training.networks import Network

__all__ = ["BATCH", "LIVE_SCORES", "grad_norm", "jacov", "nwot", "scores_of", "snip", "synflow"]

BATCH = 64
"""Images per batch, as published (Abdelfattah et al., Zero-Cost Proxies for Lightweight NAS, ICLR 2021).

Each score is charged one training step of so many images. That is the count of its passes, rounded up: grad_norm, snip
and jacov are a forward and a backward pass, nwot a forward pass, synflow both over one image in double precision."""

_EPSILON = 1e-5
_WEIGHTED = (nn.Conv2d, nn.Linear, Classifier)


def scores_of(network: Network, x: Tensor, y: Tensor, names: Sequence[str]) -> dict[str, float]:
    """The scores of an untrained network.

    Args:
        network: One replica, with its initial weights, which are the same afterwards.
        x: n images, n x channels x height x width.
        y: n labels.
        names: Of `LIVE_SCORES`.

    Raises:
        SettingError: There is no score of a name.
    """
    for name in names:
        if name not in LIVE_SCORES:
            raise SettingError(f"no score '{name}'; {nearest(name, LIVE_SCORES)}")
    state = {key: value.clone() for key, value in network.state_dict().items()}
    found = {}
    for name in names:
        network.train()
        found[name] = LIVE_SCORES[name](network, x, y)
        network.load_state_dict(state)
        _forget(network)
    return found


def grad_norm(network: Network, x: Tensor, y: Tensor) -> float:
    """The sum over convolutions and linear layers of the norm of the gradient of the cross-entropy (Abdelfattah)."""
    _loss(network, x, y).backward()
    return float(sum(weight.grad.norm().item() for weight in _weights(network) if weight.grad is not None))


def snip(network: Network, x: Tensor, y: Tensor) -> float:
    """The sum over all weights w of ``|w dL/dw|``, the saliency of Lee, Ajanthan and Torr (SNIP, ICLR 2019)."""
    _loss(network, x, y).backward()
    return float(sum((w.detach() * w.grad).abs().sum().item() for w in _weights(network) if w.grad is not None))


def synflow(network: Network, x: Tensor, y: Tensor) -> float:  # noqa: ARG001 - it looks at no image
    """The logarithm of the sum over all weights w of ``|w| dR/d|w|`` (Tanaka et al., NeurIPS 2020; no data).

    R is the sum of the outputs for an image of ones, with every weight replaced by its absolute value and without
    normalisation, in double precision. The logarithm is NASLib's; -inf where no path leads to the output.
    """
    module: Any = network
    dtype = next(iter(network.parameters())).dtype
    module.double()
    for parameter in network.parameters():
        parameter.data.abs_()
    with _WithoutNormalisation():
        sum(head.sum() for head in module(torch.ones_like(x[:1], dtype=torch.float64))[:1]).backward()
    flow = sum((w.detach() * w.grad).sum().item() for w in _weights(network) if w.grad is not None)
    module.to(dtype)
    return float(np.log(flow)) if flow > 0 else -np.inf


def jacov(network: Network, x: Tensor, y: Tensor) -> float:  # noqa: ARG001 - it looks at no label
    """Minus the sum of ``log(v + k) + 1 / (v + k)`` over the eigenvalues v of the correlations of the Jacobian.

    Row i of the Jacobian is the gradient of the summed outputs by image i; k = 1e-5 (Mellor et al., Neural Architecture
    Search without Training, first version, 2020). -inf where a gradient is constant.
    """
    images = x.detach().clone().requires_grad_(True)
    network(images)[0].sum().backward()
    if images.grad is None:  # no path leads to the output
        return -np.inf
    return _spread(images.grad.flatten(1).double().numpy(force=True))


def nwot(network: Network, x: Tensor, y: Tensor) -> float:  # noqa: ARG001 - it looks at no label
    """The log-determinant of the kernel that counts the ReLU units on which two images agree (Mellor, ICML 2021).

    A ReLU that feeds several convolutions counts once for each, as in the published networks, where each convolution
    has its own. -inf where two images have one code.
    """
    codes = _Codes()
    with torch.no_grad(), codes:
        network(x)
    sign, logarithm = np.linalg.slogdet(codes.kernel())
    return float(logarithm) if sign > 0 else -np.inf


LIVE_SCORES: dict[str, Callable[[Network, Tensor, Tensor], float]] = {
    "synflow": synflow,
    "jacov": jacov,
    "nwot": nwot,
    "grad_norm": grad_norm,
    "snip": snip,
}
"""The scores by name."""


def _spread(jacobian: npt.NDArray[np.float64]) -> float:
    if not np.all(jacobian.std(axis=1) > 0):
        return -np.inf
    values = np.linalg.eigvalsh(np.corrcoef(jacobian)) + _EPSILON
    values = np.maximum(values, _EPSILON)  # rounding may leave an eigenvalue below zero
    return float(-np.sum(np.log(values) + 1.0 / values))


def _loss(network: Network, x: Tensor, y: Tensor) -> Tensor:
    return F.cross_entropy(network(x)[0][:, 0], y)


def _weights(network: Network) -> list[nn.Parameter]:
    return [module.weight for module in network.modules() if isinstance(module, _WEIGHTED)]


def _forget(network: Network) -> None:
    for parameter in network.parameters():
        parameter.grad = None


class _WithoutNormalisation(TorchFunctionMode):
    """Batch normalisation passes its input on."""

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        return args[0] if function is F.batch_norm else function(*args, **(kwargs or {}))


class _Codes(TorchFunctionMode):
    """Notes which units of each ReLU are active, and how many convolutions read it."""

    def __init__(self) -> None:
        super().__init__()
        self._read: dict[int, tuple[Tensor, int]] = {}

    def __torch_function__(self, function: Any, types: Any, args: Any = (), kwargs: Any = None) -> Any:
        result = function(*args, **(kwargs or {}))
        if function in (F.relu, torch.relu, torch.relu_, Tensor.relu, Tensor.relu_):
            self._read[id(result)] = (result, 0)  # kept, so that no other tensor gets its identity
        elif function in (F.conv2d, torch.conv2d) and (known := self._read.get(id(args[0]))) is not None:
            self._read[id(args[0])] = (known[0], known[1] + 1)
        return result

    def kernel(self) -> npt.NDArray[np.float64]:
        """The n x n counts of units on which two images agree."""
        total: Any = 0.0
        for activation, uses in self._read.values():
            codes = (activation > 0).flatten(1).double()
            agree = codes @ codes.T + (1.0 - codes) @ (1.0 - codes.T)
            total = total + max(1, uses) * agree
        counts: npt.NDArray[np.float64] = np.asarray(total if isinstance(total, float) else total.numpy(force=True))
        return np.atleast_2d(counts)
