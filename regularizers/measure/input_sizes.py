"""How large the image is that each convolution is given."""

from collections.abc import Sequence

from torch import Tensor, nn

from regularizers.targets import Target


def input_sizes(model: nn.Module, convolutions: list[Target], input_shape: Sequence[int]) -> dict[str, tuple[int, int]]:
    """The height and width of what each convolution is given, by the layer's name.

    Raises:
        ValueError: a convolution is dilated or not used.
    """
    sizes: dict[str, tuple[int, int]] = {}

    def note(name: str, image: Tensor) -> None:
        sizes[name] = (image.shape[-2], image.shape[-1])

    handles = [
        target.module.register_forward_pre_hook(lambda _, inputs, name=target.name: note(name, inputs[0]))
        for target in convolutions
    ]
    like = convolutions[0].parameter
    try:
        model(like.new_zeros(1, *input_shape))
    finally:
        for handle in handles:
            handle.remove()
    for target in convolutions:
        if target.name not in sizes:
            raise ValueError(f"the forward pass must use every convolution, got unused {target.name!r}; remove it")
        if target.module.dilation != (1, 1):
            raise ValueError(
                f"the circular and the padded view need dilation 1, got {target.module.dilation} in {target.name!r}; "
                "measure the flat view"
            )
    return sizes
