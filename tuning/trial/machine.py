"""The cores and GPUs of this machine, which a trial may reserve."""

import os

import torch


def this_machine() -> dict[str, float]:
    """Return the cores and GPUs of this machine, by Ray's names."""
    return {"CPU": float(os.cpu_count() or 1), "GPU": float(torch.cuda.device_count())}
