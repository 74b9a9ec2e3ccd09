"""What is known of a data set without opening it: enough to plan with."""

from dataclasses import dataclass
from pathlib import Path

from tuning.settings import DataSettings
from tuning.trial.data.image_folder import ImageFolder


@dataclass(frozen=True, kw_only=True)
class DatasetInfo:
    """Shape and numbers of a data set's images.

    Attributes:
        input_shape: channels, height and width of an image.
        num_classes: how many classes there are.
        train_images: images of the training part, those that will be held out for validation among them.
        test_images: images of the test part.
        validation_images: how many of the training part are the data set's own for validation; None where a share is
            held out.
        remarks: what is not read, and what of the settings is not used.
        assumed: an image folder that is not there: the numbers are CIFAR-10's.
    """

    input_shape: tuple[int, int, int]
    num_classes: int
    train_images: int
    test_images: int
    validation_images: int | None = None
    remarks: tuple[str, ...] = ()
    assumed: bool = False

    def split(self, settings: DataSettings) -> tuple[int, int]:
        """Return how many images are trained on and how many are held out, up to one a class.

        Args:
            settings: which share is held out, and how many of the others are trained on.

        Example:
            >>> PUBLISHED["cifar10"].split(DataSettings(name="cifar10", training_images=10_000))
            (10000, 5000)
        """
        drawn = round(self.train_images * settings.validation_fraction)
        held_out = drawn if self.validation_images is None else self.validation_images
        rest = self.train_images - held_out
        return min(rest, settings.training_images or rest), held_out


PUBLISHED = {
    "digits": DatasetInfo(input_shape=(1, 8, 8), num_classes=10, train_images=1_438, test_images=359),
    "mnist": DatasetInfo(input_shape=(1, 28, 28), num_classes=10, train_images=60_000, test_images=10_000),
    "fashion-mnist": DatasetInfo(input_shape=(1, 28, 28), num_classes=10, train_images=60_000, test_images=10_000),
    "cifar10": DatasetInfo(input_shape=(3, 32, 32), num_classes=10, train_images=50_000, test_images=10_000),
    "cifar100": DatasetInfo(input_shape=(3, 32, 32), num_classes=100, train_images=50_000, test_images=10_000),
    "svhn": DatasetInfo(input_shape=(3, 32, 32), num_classes=10, train_images=73_257, test_images=26_032),
}
"""The data sets whose numbers never change, by name."""

ASSUMED = DatasetInfo(input_shape=(3, 32, 32), num_classes=10, train_images=50_000, test_images=10_000, assumed=True)


def dataset_info(settings: DataSettings) -> DatasetInfo:
    """Return what is known of a data set; nothing is downloaded or decoded.

    Args:
        settings: which images.

    Returns:
        Published numbers, or for an image folder those of its files, one of whose headers is read. A folder that is not
        there has the numbers of CIFAR-10, and says that they are assumed.

    Raises:
        ValueError: for an image folder that is there and not laid out as one.
    """
    if settings.name != "image-folder":
        return PUBLISHED[settings.name]
    assert settings.path is not None, "settings of an image-folder have a path"
    if not Path(settings.path).is_dir():
        return ASSUMED
    counted = ImageFolder(Path(settings.path)).counted()
    return DatasetInfo(
        input_shape=counted.shape,
        num_classes=counted.classes,
        train_images=counted.train,
        test_images=counted.test,
        validation_images=counted.validation,
        remarks=counted.remarks,
    )
