"""Looking at a model in training without a trace."""

from collections.abc import Generator
from contextlib import contextmanager

import torch
from torch import nn


@contextmanager
def undisturbed(model: nn.Module) -> Generator[None]:
    """Evaluation mode within, and every flag and random state afterwards as it was before."""
    flags = {module: module.training for module in model.modules()}
    devices = {parameter.device for parameter in model.parameters() if parameter.is_cuda}
    try:
        with torch.random.fork_rng(devices=list(devices)):
            for module in flags:
                module.training = False  # not eval(): a model may have given train() a meaning of its own
            yield
    finally:
        for module, training in flags.items():
            module.training = training
