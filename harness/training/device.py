"""The devices on which networks can be trained here."""

__all__ = ["missing_device"]


def missing_device(name: str) -> str | None:
    """Tells why networks cannot be trained on a device here; None if they can.

    Args:
        name: As PyTorch names it: ``cpu``, ``cuda``, ``cuda:1``, ...
    """
    if name == "cpu":  # without loading PyTorch
        return None
    import torch

    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        return f"'{name}' is no device to train on; accepted: cpu, cuda, cuda:0, cuda:1, ..."
    if device.type == "cuda" and (not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count()):
        return f"needs a device '{name}', which PyTorch does not find here"
    return None
