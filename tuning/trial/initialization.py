"""What the weights are before the first step."""

import math

import torch
from torch import nn

from models import Architecture
from regularizers import select


def build_initialized(
    architecture: Architecture, input_shape: tuple[int, int, int], num_classes: int, *, name: str, seed: int
) -> nn.Module:
    """Return the model with its initial weights, which depend on the arguments alone.

    ``default`` is torch's own initialization. ``orthogonal`` makes every weight a semi-orthogonal matrix times
    √(fan_out/fan_in) (convolutions as Co × Ci·kh·kw), so that each starts on the spectral condition ‖W‖₂ =
    √(fan_out/fan_in) with all singular values equal (Yang, Simon and Bernstein 2023). ``mup`` draws every weight from a
    normal distribution with σ = (1/√fan_in)·min(1, √(fan_out/fan_in)), muP's in its spectral form (ibid.): ‖W‖₂ ≈
    √(fan_out/fan_in)·(1 + √(short side/long side)) for large weights, the condition up to a factor of at most 2, with a
    spectrum that is spread. Biases and norms stay torch's.

    Args:
        architecture: what to build.
        input_shape: channels, height and width of an image.
        num_classes: outputs.
        name: ``default``, ``orthogonal`` or ``mup``.
        seed: of every draw. The process's own random state is left as it was.

    Returns:
        The model, on the CPU, in training mode.
    """
    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        model = architecture.build(input_shape, num_classes)
        if name != "default":
            for target in select(model):
                ratio = math.sqrt(target.fan_out / target.fan_in)
                if name == "orthogonal":
                    nn.init.orthogonal_(target.written, gain=ratio)
                else:
                    nn.init.normal_(target.written, std=min(1.0, ratio) / math.sqrt(target.fan_in))
    return model
