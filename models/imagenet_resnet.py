"""The ImageNet ResNet as data; its network, which needs torchvision, is imported when it is built."""

from dataclasses import dataclass
from typing import ClassVar

from torch import nn

from models.architecture import Architecture

DEPTHS = (18, 34, 50, 101, 152)


@dataclass(frozen=True, kw_only=True)
class ImageNetResNetArchitecture(Architecture):
    """The residual network that He et al. made for ImageNet: four stages, projection shortcuts.

    Attributes:
        depth: its layers as its authors count them: 18, 34, 50, 101 or 152.
        width: channels of the first stage; the paper's is 64.

    Example:
        >>> ImageNetResNetArchitecture(name="narrow", depth=18, width=8).family
        'resnet'
    """

    family: ClassVar[str] = "resnet"
    layout: ClassVar[str | None] = "imagenet"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.depth not in DEPTHS:
            depths = ", ".join(map(str, DEPTHS))
            raise ValueError(f"depth of an imagenet resnet must be one of {depths}, got {self.depth}; choose e.g. 34")

    def _model(self, input_shape: tuple[int, int, int], num_classes: int) -> nn.Module:
        # Importing torchvision costs seconds that other models need not pay.
        from models.torchvision_resnet import ImageNetResNet

        return ImageNetResNet(input_shape, num_classes, depth=self.depth, width=self.width)
