"""The architectures: multilayer perceptrons and residual networks, by name or by depth and width."""

from models.architecture import ARCHITECTURES, Architecture, build
from models.torchvision_import import import_torchvision

__all__ = ["ARCHITECTURES", "Architecture", "build", "import_torchvision"]
