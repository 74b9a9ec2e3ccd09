"""The residual network that He et al. made for CIFAR: as data, and its network."""

from dataclasses import dataclass
from typing import ClassVar

from torch import Tensor, nn
from torch.nn import functional

from models.architecture import Architecture


@dataclass(frozen=True, kw_only=True)
class CifarResNetArchitecture(Architecture):
    """The residual network that He et al. made for CIFAR: three stages, shortcuts without parameters.

    Attributes:
        depth: its layers as its authors count them, 6n + 2 with n ≥ 1.
        width: channels of the first stage; the paper's is 16.

    Example:
        >>> CifarResNetArchitecture(name="deep", depth=56, width=16).layout
        'cifar'
    """

    family: ClassVar[str] = "resnet"
    layout: ClassVar[str | None] = "cifar"

    def __post_init__(self) -> None:
        super().__post_init__()
        if self.depth < 8 or self.depth % 6 != 2:
            raise ValueError(f"depth of a cifar resnet must be 6n + 2 with n >= 1, got {self.depth}; choose e.g. 20")

    def _model(self, input_shape: tuple[int, int, int], num_classes: int) -> nn.Module:
        return CifarResNet(input_shape[0], num_classes, depth=self.depth, width=self.width)


class CifarResNet(nn.Module):
    """The CIFAR ResNet: 6n + 2 layers in three stages, shortcuts without parameters.

    A 3×3 convolution to w channels; three stages of n blocks at w, 2w and 4w channels, the second and third
    starting with stride 2; the mean over positions; a linear layer. A block is ``relu(F(x) + S(x))`` with
    F = BN ∘ conv ∘ relu ∘ BN ∘ conv; its shortcut S is the identity, or option A where the shape changes:
    every other pixel, and zeros in the new channels. He, Zhang, Ren, Sun: Deep residual learning for image
    recognition (2016), section 4.2. Images of any size, down to one pixel.

    Args:
        channels: channels of the images.
        num_classes: number of outputs.
        depth: 6n + 2.
        width: channels w of the first stage; the paper's is 16.
    """

    def __init__(self, channels: int, num_classes: int, *, depth: int, width: int) -> None:
        super().__init__()
        blocks = (depth - 2) // 6
        assert depth == 6 * blocks + 2, f"depth is 6n + 2, got {depth}"
        self.conv1 = nn.Conv2d(channels, width, 3, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(width)
        self.layer1 = _stage(width, width, blocks, stride=1)
        self.layer2 = _stage(width, 2 * width, blocks, stride=2)
        self.layer3 = _stage(2 * width, 4 * width, blocks, stride=2)
        self.fc = nn.Linear(4 * width, num_classes)
        for module in self.modules():
            if isinstance(module, nn.Conv2d):
                nn.init.kaiming_normal_(module.weight, mode="fan_out", nonlinearity="relu")

    def forward(self, x: Tensor) -> Tensor:
        """Return the logits ``(batch, num_classes)`` of images ``(batch, channels, height, width)``."""
        x = self.bn1(self.conv1(x)).relu()
        x = self.layer3(self.layer2(self.layer1(x)))
        return self.fc(x.mean(dim=(2, 3)))


class Block(nn.Module):
    """Two 3×3 convolutions beside a shortcut without parameters; see `CifarResNet`.

    Args:
        fan_in: channels that come in.
        fan_out: channels that go out, ≥ fan_in.
        stride: of the first convolution and the shortcut.
    """

    def __init__(self, fan_in: int, fan_out: int, *, stride: int) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(fan_in, fan_out, 3, stride=stride, padding=1, bias=False)
        self.bn1 = nn.BatchNorm2d(fan_out)
        self.conv2 = nn.Conv2d(fan_out, fan_out, 3, padding=1, bias=False)
        self.bn2 = nn.BatchNorm2d(fan_out)
        self.stride = stride
        self.new_channels = fan_out - fan_in

    def forward(self, x: Tensor) -> Tensor:
        """Return ``relu(F(x) + S(x))``."""
        residual = self.bn2(self.conv2(self.bn1(self.conv1(x)).relu()))
        shortcut = x[:, :, :: self.stride, :: self.stride]
        if self.new_channels:
            shortcut = functional.pad(shortcut, (0, 0, 0, 0, 0, self.new_channels))
        return (residual + shortcut).relu()


def _stage(fan_in: int, fan_out: int, blocks: int, *, stride: int) -> nn.Sequential:
    """Return the blocks of one stage; the first changes the shape."""
    first = Block(fan_in, fan_out, stride=stride)
    return nn.Sequential(first, *(Block(fan_out, fan_out, stride=1) for _ in range(blocks - 1)))
