"""The residual networks of torchvision, at any width and for small images too."""

from typing import Any

import torch
from torch import nn

from models.torchvision_import import import_torchvision

_resnet = import_torchvision().models.resnet
_ResNet: Any = _resnet.ResNet

_BLOCKS = {
    18: (_resnet.BasicBlock, (2, 2, 2, 2)),
    34: (_resnet.BasicBlock, (3, 4, 6, 3)),
    50: (_resnet.Bottleneck, (3, 4, 6, 3)),
    101: (_resnet.Bottleneck, (3, 4, 23, 3)),
    152: (_resnet.Bottleneck, (3, 8, 36, 3)),
}
SMALL_IMAGE = 64
"""Images up to this many pixels a side get the stem for small images."""


class ImageNetResNet(_ResNet):
    """torchvision's ResNet with stages of w, 2w, 4w and 8w channels and a stem that suits the images.

    For images larger than 64 pixels, w = 64, three channels and 1000 classes it is torchvision's own,
    weight for weight from the same seed. Images up to 64 pixels lose no resolution before the first stage:
    the stem is a 3×3 convolution of stride 1 and no max-pooling, as is usual on CIFAR. He, Zhang, Ren, Sun:
    Deep residual learning for image recognition (2016), table 1; torchvision puts a bottleneck's stride
    into its 3×3 convolution.

    Projection shortcuts carry ``weight_role = "downsample"``, by which regularizers can leave them out.

    Args:
        input_shape: ``(channels, height, width)`` of one image.
        num_classes: number of outputs.
        depth: 18, 34, 50, 101 or 152.
        width: channels w of the first stage; the paper's is 64.
    """

    def __init__(self, input_shape: tuple[int, int, int], num_classes: int, *, depth: int, width: int) -> None:
        block, layers = _BLOCKS[depth]
        # torchvision fixes width, channels and stem in its constructor. On the meta device that costs
        # nothing and draws no random number; every module with weights is then made again, in the order of
        # torchvision's.
        with torch.device("meta"):
            super().__init__(block, list(layers), num_classes)
        channels, height, image_width = input_shape
        self.inplanes = width
        if max(height, image_width) <= SMALL_IMAGE:
            self.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
            self.maxpool = nn.Identity()
        else:
            self.conv1 = nn.Conv2d(channels, width, 7, stride=2, padding=3, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = self._make_layer(block, width, layers[0])
        self.layer2 = self._make_layer(block, 2 * width, layers[1], stride=2)
        self.layer3 = self._make_layer(block, 4 * width, layers[2], stride=2)
        self.layer4 = self._make_layer(block, 8 * width, layers[3], stride=2)
        self.fc = nn.Linear(8 * width * block.expansion, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")
            elif isinstance(module, _resnet.BasicBlock | _resnet.Bottleneck):
                _mark_projection(module.downsample)


def _mark_projection(shortcut: nn.Module | None) -> None:
    """Give the convolution of a projection shortcut its role; an identity shortcut has none."""
    if shortcut is not None:
        for module in shortcut.modules():
            if isinstance(module, nn.Conv2d):
                module.weight_role = "downsample"  # type: ignore[assignment]  # a plain attribute
