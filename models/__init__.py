"""The architectures: multilayer perceptrons and residual networks, by name or by depth and width."""

from models.architecture import Architecture, PlainArchitecture
from models.cifar_resnet import CifarResNetArchitecture
from models.imagenet_resnet import ImageNetResNetArchitecture
from models.mlp import MLPArchitecture
from models.table import ARCHITECTURES, FAMILIES, build, read
from models.torchvision_import import import_torchvision

__all__ = [
    "ARCHITECTURES",
    "FAMILIES",
    "Architecture",
    "CifarResNetArchitecture",
    "ImageNetResNetArchitecture",
    "MLPArchitecture",
    "PlainArchitecture",
    "build",
    "import_torchvision",
    "read",
]
