"""What a network does with one image in evaluation: whether it takes it, and which convolutions it never runs."""

import torch
from torch import Tensor, nn

from analysis.spectra.network import Network


def unused_convolutions(network: Network) -> list[str]:
    """Find the convolutions that the forward pass of one image leaves out, as heads that only training uses.

    Args:
        network: in evaluation mode.

    Returns:
        Their qualified names, in the order of the modules.

    Raises:
        ValueError: the network does not take such an image.
    """
    modules = network.module.named_modules()
    unused: dict[nn.Module, str] = {module: name for name, module in modules if isinstance(module, nn.Conv2d)}

    def used(module: nn.Module, _: tuple[Tensor, ...]) -> None:
        unused.pop(module, None)

    handles = [module.register_forward_pre_hook(used) for module in unused]
    try:
        with torch.no_grad():
            network.module(torch.zeros(1, *network.image))
    except Exception as error:  # torchvision's networks refuse an image with errors of several kinds
        image = "x".join(map(str, network.image))
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ValueError(f"--input must be an image that the network takes, got {image}: {reason}") from None
    finally:
        for handle in handles:
            handle.remove()
    return list(unused.values())
