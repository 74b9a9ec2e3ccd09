"""Where the images of each data set come from: the one table of sources."""

from collections.abc import Callable
from pathlib import Path

from tuning.settings import DataSettings
from tuning.trial.data.cache import Source
from tuning.trial.data.digits import Digits
from tuning.trial.data.image_folder import ImageFolder
from tuning.trial.data.torchvision_sets import LOADERS, TorchvisionSet


def _digits(settings: DataSettings, cache: Path) -> Source:
    return Digits()


def _image_folder(settings: DataSettings, cache: Path) -> Source:
    assert settings.path is not None, "settings of an image-folder have a path"
    return ImageFolder(Path(settings.path))


def _downloaded(settings: DataSettings, cache: Path) -> Source:
    given = settings.path
    return TorchvisionSet(settings.name, cache / "downloads" / settings.name if given is None else Path(given))


SOURCES: dict[str, Callable[[DataSettings, Path], Source]] = {
    "digits": _digits,
    **dict.fromkeys(LOADERS, _downloaded),
    "image-folder": _image_folder,
}
"""By the name in study files (`tuning.settings.DATASETS`), what opens it: from settings and the cache's folder."""
