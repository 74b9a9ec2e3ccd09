"""The images that are held out, for validation and for a test where a data set has no test part; those trained on."""

import torch
from torch import Tensor


def split(labels: Tensor, validation_fraction: float, seed: int) -> tuple[Tensor, Tensor]:
    """Split images into a training and a validation part, class by class.

    Of the n_c images of class c, round(fraction · n_c) are drawn for validation, but at least one, and at
    least one stays for training. The drawing depends on the labels, the fraction and the seed alone.

    Args:
        labels: classes 0 … C − 1, shape (N,).
        validation_fraction: share of the images held out, in (0, 1).
        seed: of the drawing.

    Returns:
        The indices of the training part and of the validation part, ascending; together 0 … N − 1.

    Raises:
        ValueError: if a class has a single image, which cannot be in both parts.

    Example:
        >>> train, validation = split(torch.tensor([0, 0, 1, 1, 1, 1]), 0.5, seed=0)
        >>> len(train), len(validation)
        (3, 3)
    """
    counts = labels.bincount()
    if counts.min() < 2:
        poorest = int(counts.argmin())
        raise ValueError(
            f"every class needs 2 or more images to be split, got {int(counts[poorest])} of class {poorest}; "
            "add images or remove the class"
        )
    shuffled = torch.randperm(len(labels), generator=torch.Generator().manual_seed(seed))
    # Grouped by class, in random order inside each: the first few of each group are held out.
    classes, by_class = labels[shuffled].sort(stable=True)
    rank = torch.arange(len(labels)) - (counts.cumsum(0) - counts)[classes]
    held_out = (counts * validation_fraction).round().long().clamp(min=1).minimum(counts - 1)
    in_validation = rank < held_out[classes]
    members = shuffled[by_class]
    return members[~in_validation].sort().values, members[in_validation].sort().values


def reduced(labels: Tensor, index: Tensor, count: int, seed: int) -> Tensor:
    """Draw so many images of a part, of every class alike.

    The images of each class are put in random order, and image k of the n_c of class c gets the place (k + ½)/n_c; the
    images of the first places are taken. So every class gives the same share of its images up to one image, and the
    total is exact. One image of each class comes before all others. The drawing depends on the arguments alone.

    Args:
        labels: classes 0 … C − 1 of all images, shape (N,).
        index: the part, shape (M,).
        count: images to draw, from C to M.
        seed: of the drawing.

    Returns:
        The drawn images, ascending, shape (count,).

    Raises:
        ValueError: if the part has fewer images, or there are more classes than images to draw.

    Example:
        >>> labels = torch.tensor([0, 1, 1, 0, 1, 1])
        >>> labels[reduced(labels, torch.arange(6), 3, seed=0)].sort().values
        tensor([0, 1, 1])
    """
    of_part = labels[index]
    counts = of_part.bincount()
    present = int((counts > 0).sum())
    if not present <= count <= len(index):
        raise ValueError(
            f"training_images must lie between the {present} classes and the {len(index)} images that are not held "
            f"out, got {count}; change it or validation_fraction"
        )
    shuffled = torch.randperm(len(index), generator=torch.Generator().manual_seed(seed))
    classes, by_class = of_part[shuffled].sort(stable=True)
    rank = torch.arange(len(index)) - (counts.cumsum(0) - counts)[classes]
    place = torch.where(rank == 0, -1.0, (rank.double() + 0.5) / counts[classes])
    drawn = place.argsort(stable=True)[:count]
    return index[shuffled[by_class[drawn]]].sort().values


def fixed_test_part(labels: Tensor) -> tuple[Tensor, Tensor]:
    """Split off the test part of a data set that has none of its own: a fifth of every class.

    It is the same fifth in every study and on every machine, for no setting may be chosen by it.

    Args:
        labels: classes 0 … C − 1, shape (N,).

    Returns:
        The indices of the training part and of the test part, ascending.
    """
    return split(labels, 0.2, seed=0)
