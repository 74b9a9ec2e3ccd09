"""Batches of normalized images on the training device."""

import hashlib
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import pairwise

import torch
from torch import Tensor

from tuning.trial.data.augmentation import Draws, crop_and_flip, draw
from tuning.trial.data.normalize import Normalization

Batch = tuple[Tensor, Tensor]
_SHARE_OF_FREE_MEMORY = 4


def resident(images: Tensor, device: torch.device) -> Tensor:
    """Return the images on the device where they stay out of the way, else as they are.

    A GPU keeps the whole set if it takes less than a quarter of the memory now free, so that no batch
    crosses the bus again. Elsewhere the images stay memory-mapped: the node's trials share them in the page
    cache.

    Args:
        images: uint8, shape (N, C, H, W), in main memory.
        device: where the training runs.

    Returns:
        The same images.
    """
    if device.type != "cuda":
        return images
    free, _ = torch.cuda.mem_get_info(device)
    return images.to(device) if images.nbytes * _SHARE_OF_FREE_MEMORY < free else images


@dataclass(frozen=True, kw_only=True, eq=False)
class Batches:
    """One part of a data set, batch by batch: shuffled and augmented, or as it is.

    A batch is ``(x, y)``: x float32 (B, C, H, W), ``(grey level − mean) / std``; y int64 (B,); both on the
    device. Order and augmentation of an epoch are functions of (seed, epoch) alone: a training that resumes
    at an epoch needs no state of a random generator, and CPU and GPU see the same images.

    Attributes:
        images: uint8, shape (N, C, H, W), memory-mapped or from `resident`.
        labels: int64, shape (N,).
        index: the images of this part, shape (M,), M ≥ 1.
        normalization: mean and deviation of the training part.
        batch_size: B, ≥ 1. An epoch's last batch has the rest; but where the rest is a single image, which
            BatchNorm could not normalize, it joins the batch before, which then has B + 1.
        device: where the batches go.
        seed: of order and augmentation.
        crop: pixels of padding, 0 for no crop.
        flip: whether images are mirrored at random.
    """

    images: Tensor
    labels: Tensor
    index: Tensor
    normalization: Normalization
    batch_size: int
    device: torch.device
    seed: int = 0
    crop: int = 0
    flip: bool = False

    def __post_init__(self) -> None:
        assert len(self.index) >= 1, "a part has images"
        assert self.batch_size >= 1, f"a batch has images, got batch_size {self.batch_size}"

    def __len__(self) -> int:
        """Return the number of batches in an epoch."""
        return len(self._bounds())

    def epoch(self, epoch: int) -> Iterator[Batch]:
        """Iterate once over the part, shuffled and augmented.

        Args:
            epoch: the epoch's number; equal numbers give equal batches.

        Yields:
            Batches ``(x, y)``.
        """
        generator = torch.Generator().manual_seed(_epoch_seed(self.seed, epoch))
        order = self.index[torch.randperm(len(self.index), generator=generator)]
        draws = draw(len(order), self.crop, generator)
        yield from self._gather(order, draws)

    def in_order(self) -> Iterator[Batch]:
        """Iterate once over the part in the order of its index, without augmentation.

        Yields:
            Batches ``(x, y)``.
        """
        yield from self._gather(self.index, None)

    def _gather(self, order: Tensor, draws: Draws | None) -> Iterator[Batch]:
        order, labels = order.to(self.images.device), self.labels[order].to(self.device)
        draws = None if draws is None else draws.to(self.device)
        scale, shift = self._scale_and_shift()
        for first, last in self._bounds():
            images = self.images.index_select(0, order[first:last])
            if self.device.type == "cuda" and not images.is_cuda:
                images = images.pin_memory()  # a copy from pinned memory does not stop the CPU
            images = images.to(self.device, non_blocking=True)
            if draws is not None:
                images = crop_and_flip(images, draws[first:last], crop=self.crop, flip=self.flip)
            yield images.float().mul_(scale).add_(shift), labels[first:last]

    def _scale_and_shift(self) -> tuple[Tensor, Tensor]:
        """Return a and b of ``a · level + b = (level / 255 − mean) / std``, one a channel."""
        mean, std = (numbers.double().reshape(1, -1, 1, 1) for numbers in self.normalization)
        return (1 / (255 * std)).float().to(self.device), (-mean / std).float().to(self.device)

    def _bounds(self) -> list[tuple[int, int]]:
        """Return first and last + 1 of each batch."""
        count = len(self.index)
        edges = [*range(0, count, self.batch_size), count]
        if self.batch_size > 1 and count > 1 and edges[-1] - edges[-2] == 1:
            del edges[-2]
        return list(pairwise(edges))


def _epoch_seed(seed: int, epoch: int) -> int:
    """Return a seed of its own for each pair; with a sum, (1, 2) and (2, 1) would meet."""
    return int.from_bytes(hashlib.sha256(f"{seed}/{epoch}".encode()).digest()[:8], "big") >> 1
