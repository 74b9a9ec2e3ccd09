"""What a measurement was made on."""

import os
import platform
from pathlib import Path

import torch

from analysis.notation import count


def machine(device: torch.device) -> str:
    """Return processor or GPU, threads and the version of torch, on one line.

    Args:
        device: where the measured work runs.
    """
    cpu = f"{_cpu()}, {count(torch.get_num_threads(), 'thread')} of {os.cpu_count()} cores"
    where = f"{torch.cuda.get_device_name(device)}, host {cpu}" if device.type == "cuda" else cpu
    return f"{where}, torch {torch.__version__}, Python {platform.python_version()}"


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    models = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return models[0] if models else platform.processor() or platform.machine()


def synchronize(device: torch.device) -> None:
    """Wait until the device has done what it was given.

    Args:
        device: a CPU is never behind.
    """
    if device.type == "cuda":
        torch.cuda.synchronize(device)
