"""The benchmark of measuring times what a trial's own recorder does, between steps."""

from benchmarks.measuring import LOOKS, markdown, run


def test_every_way_of_measuring_is_timed_in_every_round() -> None:
    result = run(["mlp-small", "resnet-small"], rounds=2, images=200, seconds=0)
    mlp, resnet = result["architectures"].values()
    assert set(resnet) == {"epoch", *LOOKS}
    assert set(mlp) == set(resnet) - {"standard, flat and circular"}
    assert all(len(times) == 2 and min(times) > 0 for found in (mlp, resnet) for times in found.values())


def test_a_share_is_that_of_the_round_it_was_measured_in() -> None:
    found = {"epoch": [10.0, 100.0, 50.0], "standard, flat": [1.0, 2.0, 4.0]}
    table = markdown({"machine": "a machine", "images": 1000, "architectures": {"mlp-medium": found}})
    assert table.splitlines()[-1] == "| mlp-medium | 50.0 | standard, flat | 2.00 | 8.0% | 2.0% – 10.0% | 3 |"
    assert "an epoch of 1,000 images, batch 128" in table


def test_numbers_are_written_as_a_person_would() -> None:
    found = {"epoch": [1925.4], "standard, flat": [0.5]}
    table = markdown({"machine": "a machine", "images": 1000, "architectures": {"mlp-medium": found}})
    assert table.splitlines()[-1] == "| mlp-medium | 1925 | standard, flat | 0.500 | < 0.1% | < 0.1% | 1 |"
