"""Which images a trial is trained on, and how they are varied."""

from dataclasses import dataclass
from pathlib import Path

from tuning.nearest import nearest
from tuning.surroundings import no_home


@dataclass(frozen=True, kw_only=True)
class KnownDataset:
    """What is usual for a data set, and whether it lies in a folder of the user's.

    Attributes:
        crop: pixels of padding for the crop.
        flip: whether to mirror; digits and letters are not mirrored: a mirrored 2 is no 2.
        needs_path: whether there is nothing without a folder.
        comes_with: the package that brings the images, so that there is no folder to name; empty for the others.
    """

    crop: int = 0
    flip: bool = False
    needs_path: bool = False
    comes_with: str = ""


DATASETS: dict[str, KnownDataset] = {
    "digits": KnownDataset(comes_with="scikit-learn"),
    "mnist": KnownDataset(),
    "fashion-mnist": KnownDataset(),
    "cifar10": KnownDataset(crop=4, flip=True),
    "cifar100": KnownDataset(crop=4, flip=True),
    "svhn": KnownDataset(crop=4),
    "image-folder": KnownDataset(crop=4, flip=True, needs_path=True),
}
"""The data sets by name; `tuning.trial.data.sources` opens each."""


@dataclass(frozen=True, kw_only=True)
class DataSettings:
    """The images, the validation part and the augmentation; plain values, so that they travel anywhere.

    Attributes:
        name: which data set.
        path: the folder of an ``image-folder``; the folder for the downloads of a torchvision data set, by
            default one in the cache. Made absolute, so that it means the same in a worker's own folder.
        validation_fraction: share of the training images, of every class alike, that is held out for
            validation, in (0, 0.5].
        training_images: so many of the images that are not held out are trained on, of every class alike; by default
            all of them.
        crop: training images are padded by this many black pixels on each side and cropped back to their
            size at a random place; 0 leaves them as they are. By default what is usual for the data set.
        flip: whether training images are mirrored, each with probability 1/2. By default what is usual.

    Raises:
        ValueError: for an unknown name, a path missing or superfluous, or a value outside its domain.

    Example:
        >>> DataSettings(name="cifar10").crop
        4
    """

    name: str
    path: str | None = None
    validation_fraction: float = 0.1
    training_images: int | None = None
    crop: int | None = None
    flip: bool | None = None

    def __post_init__(self) -> None:
        if self.name not in DATASETS:
            near = nearest(str(self.name), DATASETS)
            cure = "for your own images choose 'image-folder'"
            raise ValueError(f"dataset must be one of {', '.join(DATASETS)}, got {self.name!r}{near}; {cure}")
        known = DATASETS[self.name]
        if known.needs_path and not self.path:
            raise ValueError(f"{self.name} needs a path, got none; give the folder that holds one sub-folder a class")
        if known.comes_with and self.path is not None:
            raise ValueError(
                f"{self.name} comes with {known.comes_with} and takes no path, got {self.path!r}; leave it out"
            )
        if not 0 < self.validation_fraction <= 0.5:
            raise ValueError(
                f"validation_fraction must be in (0, 0.5], got {self.validation_fraction}; choose e.g. 0.1"
            )
        if self.training_images is not None and not _is_count(self.training_images, least=2):
            raise ValueError(
                f"training_images must be a whole number >= 2, got {self.training_images!r}; leave it out for all"
            )
        crop = known.crop if self.crop is None else self.crop
        if not _is_count(crop, least=0):
            raise ValueError(f"crop must be a whole number of pixels >= 0, got {crop!r}; choose e.g. 4")
        # Stored settings say what was done, not "the default".
        object.__setattr__(self, "crop", crop)
        object.__setattr__(self, "flip", known.flip if self.flip is None else self.flip)
        if self.path is not None:
            object.__setattr__(self, "path", str(_found(Path(self.path))))


def _found(path: Path) -> Path:
    """Return a path from the root on.

    Raises:
        ValueError: where it is below a home folder, and there is none.
    """
    try:
        return path.expanduser().absolute()
    except RuntimeError as error:
        raise ValueError(
            f"path must be a folder that can be found, got {path}: {no_home()}; write the path out"
        ) from error


def _is_count(value: object, least: int) -> bool:
    """Return whether a value is a whole number from some least one on; true and false are numbers to Python alone."""
    return isinstance(value, int) and not isinstance(value, bool) and value >= least
