"""How large the image is that each convolution is given."""

from collections.abc import Mapping, Sequence
from typing import Any

from torch import Tensor, nn

from regularizers.targets import Target


def input_sizes(model: nn.Module, convolutions: list[Target], input_shape: Sequence[int]) -> dict[str, tuple[int, int]]:
    """The height and width of what each convolution is given, by the layer's name.

    Raises:
        ValueError: a convolution is dilated, not used, or used for images of several sizes; or the model does not take
            an image of this shape.
    """
    seen = _sizes_seen(model, convolutions, input_shape)
    for target in convolutions:
        sizes = seen[target.name]
        if not sizes:
            raise ValueError(f"the forward pass must use every convolution, got unused {target.name!r}; remove it")
        if len(sizes) > 1:
            several = " and ".join(f"{h} × {w}" for h, w in sizes)
            raise ValueError(
                "the circular and the padded view need one image size for each convolution, got "
                f"{several} in {target.name!r}; measure the flat view"
            )
        if target.module.dilation != (1, 1):
            raise ValueError(
                f"the circular and the padded view need dilation 1, got {target.module.dilation} in {target.name!r}; "
                "measure the flat view"
            )
    return {name: next(iter(sizes)) for name, sizes in seen.items()}


def _sizes_seen(
    model: nn.Module, convolutions: list[Target], input_shape: Sequence[int]
) -> dict[str, dict[tuple[int, int], None]]:
    """Every size that each convolution is given in one forward pass, in the order in which they come.

    Raises:
        ValueError: the model does not take such an image.
    """
    seen: dict[str, dict[tuple[int, int], None]] = {target.name: {} for target in convolutions}

    def note(name: str, inputs: tuple[Tensor, ...], named: Mapping[str, Any]) -> None:
        image = inputs[0] if inputs else named["input"]
        seen[name][image.shape[-2], image.shape[-1]] = None

    handles = [
        target.module.register_forward_pre_hook(
            lambda _, inputs, named, name=target.name: note(name, inputs, named), with_kwargs=True
        )
        for target in convolutions
    ]
    like = convolutions[0].parameter
    try:
        model(like.new_zeros(1, *input_shape))
    except Exception as error:  # a forward pass may raise anything
        shape = " × ".join(map(str, input_shape))
        reason = " ".join(str(error).split())[:200] or type(error).__name__
        raise ValueError(
            f"the model must take an image of input_shape, got {shape} ({reason}); give the shape of its images"
        ) from error
    finally:
        for handle in handles:
            handle.remove()
    return seen
