"""Split, normalization, augmentation and batches, against slow twins that handle one image at a time."""

import pytest
import torch

from tuning.trial.data import Batches, Normalization, normalization, reduced, resident, split
from tuning.trial.data.augmentation import crop_and_flip, draw
from tuning.trial.data.partition import fixed_test_part

CPU = torch.device("cpu")
UNIT = Normalization(mean=torch.zeros(3), std=torch.ones(3))


def generator(seed=0):
    return torch.Generator().manual_seed(seed)


def random_images(count, channels=3, height=6, width=5):
    return torch.randint(0, 256, (count, channels, height, width), generator=generator(), dtype=torch.uint8)


def batches(count=25, **options):
    images = random_images(count)
    labels = torch.arange(count)
    defaults = {"index": torch.arange(count), "normalization": UNIT, "batch_size": 8, "device": CPU}
    return Batches(images=images, labels=labels, **(defaults | options))


def one_at_a_time(images, draws, crop, flip):
    """Pad, crop and mirror every image by itself, pixel by pixel."""
    count, _, height, width = images.shape
    out = torch.zeros_like(images)
    for b in range(count):
        for i in range(height):
            for j in range(width):
                row = int(draws.top[b]) + i - crop
                column = int(draws.left[b]) + (width - 1 - j if flip and draws.mirrored[b] else j) - crop
                if 0 <= row < height and 0 <= column < width:
                    out[b, :, i, j] = images[b, :, row, column]
    return out


@pytest.mark.parametrize("flip", [True, False], ids=["flip", "no flip"])
@pytest.mark.parametrize("crop", [0, 1, 4])
@pytest.mark.parametrize("channels", [1, 3])
def test_a_batch_is_cropped_and_flipped_as_one_image_at_a_time(channels, crop, flip):
    images = random_images(40, channels)
    draws = draw(40, crop, generator(1))
    assert crop_and_flip(images, draws, crop=crop, flip=flip).equal(one_at_a_time(images, draws, crop, flip))


def test_offsets_and_coins_take_every_value_equally_often():
    draws = draw(90_000, 4, generator())
    for offsets in (draws.top, draws.left):
        assert (offsets.bincount() / 10_000 - 1).abs().max() < 0.05
    assert len((draws.top * 9 + draws.left).unique()) == 81
    assert draws.mirrored.float().mean() == pytest.approx(0.5, abs=0.01)


@pytest.mark.parametrize("fraction", [0.1, 0.25, 0.5])
def test_a_split_holds_out_the_same_share_of_every_class(fraction):
    labels = torch.arange(3).repeat_interleave(torch.tensor([40, 20, 100]))
    labels = labels[torch.randperm(160, generator=generator())]
    train, validation = split(labels, fraction, seed=5)
    assert torch.cat([train, validation]).sort().values.equal(torch.arange(160))
    assert labels[validation].bincount().tolist() == [fraction * 40, fraction * 20, fraction * 100]
    assert train.equal(train.sort().values)
    assert validation.equal(validation.sort().values)


def test_both_parts_of_a_split_have_every_class():
    labels = torch.tensor([0, 0, 1, 1, 1] + [2] * 100)
    for fraction in (0.01, 0.5):
        for part in split(labels, fraction, seed=0):
            assert set(labels[part].tolist()) == {0, 1, 2}


def test_the_seed_decides_a_split():
    labels = torch.arange(5).repeat(40)
    assert split(labels, 0.2, seed=1)[1].equal(split(labels, 0.2, seed=1)[1])
    assert not split(labels, 0.2, seed=1)[1].equal(split(labels, 0.2, seed=2)[1])


def test_every_image_of_a_class_is_held_out_equally_often():
    labels = torch.arange(2).repeat(10)
    held_out = sum(split(labels, 0.2, seed)[1].bincount(minlength=20) for seed in range(2000))
    assert (held_out / 400 - 1).abs().max() < 0.2


def test_a_class_of_one_image_cannot_be_split():
    with pytest.raises(ValueError, match="needs 2 or more images to be split, got 1 of class 1"):
        split(torch.tensor([0, 0, 0, 1]), 0.2, seed=0)


def test_a_reduced_part_has_the_number_asked_for_and_the_same_share_of_every_class():
    labels = torch.arange(3).repeat_interleave(torch.tensor([40, 20, 100]))[torch.randperm(160, generator=generator())]
    part = torch.randperm(160, generator=generator(1))[:120].sort().values
    there = labels[part].bincount()
    for count in (3, 30, 77, 120):
        drawn = reduced(labels, part, count, seed=5)
        assert len(drawn) == len(drawn.unique()) == count
        assert set(drawn.tolist()) <= set(part.tolist())
        assert drawn.equal(drawn.sort().values)
        assert (labels[drawn].bincount() - there * count / 120).abs().max() <= 1
    assert reduced(labels, part, 120, seed=5).equal(part)


def test_every_image_of_a_class_is_drawn_equally_often_and_the_seed_decides_which():
    labels, part = torch.arange(2).repeat(10), torch.arange(20)
    drawn = torch.stack([reduced(labels, part, 8, seed) for seed in range(2000)])
    assert (drawn.flatten().bincount(minlength=20) / 800 - 1).abs().max() < 0.1
    assert reduced(labels, part, 8, seed=1).equal(drawn[1])


def test_a_rare_class_keeps_an_image():
    labels = torch.tensor([0] * 100 + [1])
    assert 1 in labels[reduced(labels, torch.arange(101), 2, seed=0)]


@pytest.mark.parametrize("count", [1, 21])
def test_no_more_images_than_there_are_and_no_fewer_than_classes_can_be_drawn(count):
    with pytest.raises(ValueError, match=f"between the 2 classes and the 20 images that are not held out, got {count}"):
        reduced(torch.arange(2).repeat(10), torch.arange(20), count, seed=0)


def test_the_fixed_test_part_is_a_fifth_of_every_class_and_never_changes():
    labels = torch.arange(2).repeat(10)
    train, test = fixed_test_part(labels)
    assert labels[test].tolist().count(0) == labels[test].tolist().count(1) == 2
    assert len(train) == 16
    assert test.equal(split(labels, 0.2, seed=0)[1])


@pytest.mark.parametrize("count", [7, 5000], ids=["one chunk", "two chunks"])
def test_normalization_is_mean_and_deviation_of_the_chosen_pixels(count):
    images = random_images(count + 3)
    index = torch.randperm(count + 3, generator=generator())[:count]
    mean, std = normalization(images, index)
    pixels = images[index].double() / 255
    torch.testing.assert_close(mean.double(), pixels.mean((0, 2, 3)), rtol=1e-6, atol=0)
    torch.testing.assert_close(std.double(), pixels.std((0, 2, 3), correction=0), rtol=1e-6, atol=0)


def test_a_constant_channel_has_a_deviation_of_one_grey_level():
    images = torch.full((4, 2, 3, 3), 7, dtype=torch.uint8)
    images[0, 1] = 200
    mean, std = normalization(images, torch.arange(4))
    assert std[0] == torch.tensor(1 / 255)
    assert std[1] > 0.1
    assert mean[0].item() == pytest.approx(7 / 255)


def test_a_training_part_has_mean_0_and_deviation_1_after_normalization():
    images = random_images(300)
    index = torch.arange(0, 300, 2)
    part = Batches(
        images=images, labels=torch.zeros(300).long(), index=index, device=CPU, batch_size=64,
        normalization=normalization(images, index),
    )  # fmt: skip
    x = torch.cat([x for x, _ in part.in_order()]).double()
    torch.testing.assert_close(x.mean((0, 2, 3)), torch.zeros(3).double(), rtol=0, atol=1e-5)
    torch.testing.assert_close(x.std((0, 2, 3), correction=0), torch.ones(3).double(), rtol=1e-5, atol=0)


def test_batches_in_order_are_the_images_of_the_index_as_they_are():
    index = torch.tensor([4, 2, 9, 7, 1])
    part = batches(index=index, batch_size=2, crop=2, flip=True)
    x, y = (torch.cat(each) for each in zip(*part.in_order(), strict=True))
    assert y.equal(index)
    assert x.dtype == torch.float32
    torch.testing.assert_close(x, part.images[index].float() / 255)


def test_an_epoch_gives_every_image_of_the_index_once_in_random_order():
    index = torch.arange(3, 25)
    part = batches(index=index)
    y = torch.cat([y for _, y in part.epoch(1)])
    assert not y.equal(index)
    assert y.sort().values.equal(index)


def test_an_epoch_is_the_augmentation_of_its_own_draws():
    part = batches(crop=2, flip=True, seed=7)
    whole, same = (torch.cat(each) for each in zip(*part.epoch(3), strict=True))
    torch.testing.assert_close(batches(crop=2, flip=True, seed=7, batch_size=25).epoch(3).__next__()[0], whole)
    candidates = {}
    for label in same.tolist():
        single = part.images[label : label + 1].expand(50, -1, -1, -1)
        every = [(top, left, mirrored) for top in range(5) for left in range(5) for mirrored in (False, True)]
        draws = draw(50, 2, generator())
        draws.top[:], draws.left[:], draws.mirrored[:] = (torch.tensor(each) for each in zip(*every, strict=True))
        candidates[label] = one_at_a_time(single, draws, 2, True)
    for x, label in zip(whole, same.tolist(), strict=True):
        assert (candidates[label] == (x * 255).round().to(torch.uint8)).flatten(1).all(1).any()


@pytest.mark.parametrize("changed", ["seed", "epoch"])
def test_seed_and_epoch_alone_decide_an_epoch(changed):
    def run(seed, epoch):
        torch.manual_seed(seed + epoch)  # the global generator has no say
        part = batches(seed=seed, crop=2, flip=True)
        return torch.cat([x.flatten() for x, _ in part.epoch(epoch)])

    assert run(1, 2).equal(run(1, 2))
    assert not run(1, 2).equal(run(2, 2) if changed == "seed" else run(1, 3))


def test_the_global_generator_is_left_alone():
    torch.manual_seed(0)
    before = torch.get_rng_state()
    list(batches(crop=2, flip=True).epoch(1))
    split(torch.arange(2).repeat(5), 0.2, seed=0)
    assert torch.get_rng_state().equal(before)


def test_augmentation_does_not_change_the_order():
    plain = torch.cat([y for _, y in batches().epoch(1)])
    assert plain.equal(torch.cat([y for _, y in batches(crop=2, flip=True).epoch(1)]))


@pytest.mark.parametrize(
    ("count", "batch_size", "sizes"),
    [
        (24, 8, [8, 8, 8]),
        (25, 8, [8, 8, 9]),
        (26, 8, [8, 8, 8, 2]),
        (9, 8, [9]),
        (3, 8, [3]),
        (1, 8, [1]),
        (3, 1, [1, 1, 1]),
    ],
    ids=str,
)
def test_a_single_last_image_joins_the_batch_before(count, batch_size, sizes):
    part = batches(count, batch_size=batch_size)
    assert [len(y) for _, y in part.epoch(1)] == sizes
    assert [len(y) for _, y in part.in_order()] == sizes
    assert len(part) == len(sizes)


def test_on_the_cpu_images_stay_where_they_are():
    images = random_images(2)
    assert resident(images, CPU) is images


@pytest.mark.gpu
@pytest.mark.parametrize("held", [True, False], ids=["resident", "streamed"])
def test_a_gpu_sees_the_batches_of_the_cpu(held):
    cuda = torch.device("cuda")
    here = batches(crop=2, flip=True)
    images = resident(here.images, cuda) if held else here.images
    there = Batches(
        images=images, labels=here.labels, index=here.index, normalization=UNIT, batch_size=8, device=cuda,
        crop=2, flip=True,
    )  # fmt: skip
    assert images.is_cuda == held
    for (x, y), (x_there, y_there) in zip(here.epoch(1), there.epoch(1), strict=True):
        assert y.equal(y_there.cpu())
        torch.testing.assert_close(x, x_there.cpu())
