"""A model's shapes without its numbers."""

import torch
from torch import nn

from models import Architecture


def without_numbers(architecture: Architecture, input_shape: tuple[int, int, int], num_classes: int) -> nn.Module:
    """Return the model on torch's meta device: shapes without numbers, so that a large one costs no memory.

    Args:
        architecture: what to build.
        input_shape: channels, height and width of an image.
        num_classes: outputs.

    Raises:
        ValueError: for a depth or width beyond what torch can count.
    """
    try:
        with torch.device("meta"):
            return architecture.build(input_shape, num_classes)
    except (RuntimeError, TypeError, OverflowError, MemoryError) as error:
        raise ValueError(
            f"architecture {architecture.name} must be one that torch can build, got depth {architecture.depth}, width "
            f"{architecture.width} ({(str(error) or type(error).__name__).splitlines()[0]}); choose smaller ones"
        ) from error
