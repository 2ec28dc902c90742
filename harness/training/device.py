"""The devices on which networks can be trained here."""

__all__ = ["chosen_device", "missing_device"]


def chosen_device(name: str) -> str:
    """The device of a name: ``auto`` is a GPU where PyTorch finds one, and the processor elsewhere."""
    if name != "auto":
        return name
    import torch

    return "cuda" if torch.cuda.is_available() else "cpu"


def missing_device(name: str) -> str | None:
    """Tells why networks cannot be trained on a device here; None if they can.

    Args:
        name: As PyTorch names it: ``cpu``, ``cuda``, ``cuda:1``, ...; or ``auto``.
    """
    if name in ("cpu", "auto"):  # without loading PyTorch
        return None
    import torch

    try:
        device = torch.device(name)
    except RuntimeError:
        device = None
    if device is None or device.type not in ("cpu", "cuda"):
        return f"'{name}' is no device to train on; accepted: auto, cpu, cuda, cuda:0, cuda:1, ..."
    if device.type == "cuda" and (not torch.cuda.is_available() or (device.index or 0) >= torch.cuda.device_count()):
        return f"needs a device '{name}', which PyTorch does not find here"
    return None
