"""Random crops and flips of a whole batch at once."""

from dataclasses import dataclass, replace
from typing import Self

import torch
from torch import Tensor
from torch.nn import functional


@dataclass(frozen=True, kw_only=True, eq=False)
class Draws:
    """Random numbers, one of each an image: where it is cropped and whether it is mirrored.

    Attributes:
        top: first row of the crop in the padded image, shape (N,).
        left: its first column, shape (N,).
        mirrored: bool, shape (N,).
    """

    top: Tensor
    left: Tensor
    mirrored: Tensor

    def to(self, device: torch.device) -> Self:
        """Return the same numbers on a device."""
        return replace(self, top=self.top.to(device), left=self.left.to(device), mirrored=self.mirrored.to(device))

    def __getitem__(self, images: slice) -> Self:
        return replace(self, top=self.top[images], left=self.left[images], mirrored=self.mirrored[images])


def draw(count: int, crop: int, generator: torch.Generator) -> Draws:
    """Draw the augmentation of an epoch on the CPU, so that every device sees the same one.

    Args:
        count: images N in the epoch.
        crop: pixels of padding p; offsets are uniform in 0 … 2p.
        generator: where the numbers come from.

    Returns:
        Offsets int64 and coin tosses bool.
    """
    offsets = torch.randint(0, 2 * crop + 1, (2, count), generator=generator)
    mirrored = torch.randint(0, 2, (count,), generator=generator, dtype=torch.bool)
    return Draws(top=offsets[0], left=offsets[1], mirrored=mirrored)


def crop_and_flip(images: Tensor, draws: Draws, *, crop: int, flip: bool) -> Tensor:
    """Pad with black, crop each image at its own place, mirror those that the coin says.

    ``out[b, c, i, j] = padded[b, c, top_b + i, left_b + j]``, with j read from the right where mirrored.
    The padding is black before normalization, as in the usual recipe for CIFAR (He et al. 2016, section
    4.2).

    Args:
        images: uint8, shape (B, C, H, W).
        draws: offsets and coin tosses of these images, shape (B,) each, on the same device.
        crop: pixels of padding on each side, ≥ 0.
        flip: whether the coin tosses are heeded.

    Returns:
        uint8 images of the same shape.

    Example:
        >>> image = torch.tensor([[[[1, 2], [3, 4]]]], dtype=torch.uint8)
        >>> draws = Draws(top=torch.tensor([2]), left=torch.tensor([1]), mirrored=torch.tensor([True]))
        >>> crop_and_flip(image, draws, crop=1, flip=True)
        tensor([[[[4, 3],
                  [0, 0]]]], dtype=torch.uint8)
    """
    if crop > 0:
        height, width = images.shape[2:]
        padded = functional.pad(images, (crop, crop, crop, crop))
        # A view with every possible crop of every image, from which each image's own is gathered.
        crops = padded.unfold(2, height, 1).unfold(3, width, 1)
        images = crops[torch.arange(len(images), device=images.device), :, draws.top, draws.left]
    if flip:
        images = torch.where(draws.mirrored[:, None, None, None], images.flip(-1), images)
    return images
