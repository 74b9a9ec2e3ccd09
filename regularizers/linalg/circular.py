"""The circular view of one kernel at one image size: to its transfer matrices, and back with the crop."""

import torch
from torch import Tensor

from regularizers.linalg.caps import hard_cap
from regularizers.linalg.linear_map import frequencies, transfer


class CircularView:
    """The Fourier transform between a kernel and its h·w transfer matrices, of which the mirrored half is left out.

    Args:
        kernel: (Co, Ci, kh, kw), for its size, dtype and device.
        input_size: (h, w).
    """

    def __init__(self, kernel: Tensor, input_size: tuple[int, int]) -> None:
        h, w = input_size
        kh, kw = kernel.shape[-2:]
        points, multiplicity = frequencies(input_size)
        unit = torch.eye(kh * kw, dtype=torch.float64).view(kh * kw, 1, kh, kw)
        self._phases = transfer(unit, points)[..., 0].to(kernel.dtype.to_complex()).to(kernel.device)  # (f, taps)
        # Taps that meet in one pixel, of a kernel larger than the image, share what falls to it.
        pixels = (torch.arange(kh) % h).view(-1, 1) * w + torch.arange(kw) % w
        sharing = torch.bincount(pixels.flatten(), minlength=h * w)[pixels.flatten()]
        back = multiplicity.double() / (h * w)
        self._weights = (back.unsqueeze(-1) / sharing).to(kernel)  # (f, taps)
        self._taps = (kh, kw)

    def matrices(self, kernel: Tensor) -> Tensor:
        """The transfer matrices of a kernel.

        Args:
            kernel: (Co, Ci, kh, kw).

        Returns:
            (f, Co, Ci), complex.
        """
        taps = kernel.flatten(-2).to(self._phases.dtype)
        return torch.einsum("ft,oit->foi", self._phases, taps)

    def kernel(self, matrices: Tensor) -> Tensor:
        """The kernel whose circular convolution is nearest to the given one: the inverse transform, cropped.

        Args:
            matrices: (f, Co, Ci), complex.

        Returns:
            (Co, Ci, kh, kw).
        """
        taps = torch.einsum("ft,foi->oit", self._weights * self._phases.conj(), matrices).real
        return taps.unflatten(-1, self._taps)

    def capped(self, kernel: Tensor, bound: float) -> Tensor:
        """The kernel after one exact clip of all singular values of its circular convolution, cropped to its size.

        Args:
            kernel: (Co, Ci, kh, kw).
            bound: > 0.

        Returns:
            (Co, Ci, kh, kw); the same bits where no matrix needs the clip.
        """
        matrices = self.matrices(kernel)
        return kernel - self.kernel(matrices - hard_cap(matrices, bound))
