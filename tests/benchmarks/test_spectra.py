"""The benchmark of spectra compares what it says it compares."""

import json
import sys
import tomllib

import pytest
import torch
from torch import nn

from benchmarks import weight_watcher
from benchmarks.__main__ import main
from benchmarks.spectra import deviation, markdown, run
from benchmarks.spectra_contenders import EXACT, MEASURE, contenders
from regularizers.measure import measure
from tests.root import ROOT

SYNTHETIC = {
    "machine": "a machine",
    "rival": "weightwatcher 0.7.7",
    "flat": {
        "mlp-medium": {
            "weights": 5,
            "values": 8100,
            "timings": {
                "measure": {"seconds": [1.0, 3.0, 2.0], "ratios": [0.5, 1.5, 1.0]},
                "WeightWatcher": {"seconds": [10.0], "ratios": [5.0]},
            },
            "deviation": {"measure": 6.1e-08},
        }
    },
    "circular": {},
    "disagreement": {"mlp-medium": {"alpha": 3.21e-13, "num_spikes": 0.0}},
}


def network() -> nn.Module:
    """Kernels of several sizes, more and fewer inputs than outputs, an odd image, one tap, a head."""
    torch.manual_seed(0)
    layers = [nn.Conv2d(3, 5, 3, stride=2), nn.Conv2d(5, 2, (2, 3)), nn.Conv2d(2, 4, 1)]
    return nn.Sequential(*layers, nn.AdaptiveAvgPool2d(1), nn.Flatten(), nn.Linear(4, 30))


def matrices() -> nn.Module:
    """Two, in the first of which one direction stands out."""
    torch.manual_seed(0)
    net = nn.Sequential(nn.Linear(40, 30), nn.Linear(30, 20))
    with torch.no_grad():
        net[0].weight[:1] *= 10
    return net


@pytest.mark.parametrize(
    ("view", "sizes"),
    [("flat", {"0": 5, "1": 2, "2": 2, "5": 4}), ("circular", {"0": 3 * 32 * 32, "1": 2 * 15 * 15, "2": 2 * 14 * 13})],
)
def test_every_contender_finds_all_values(view: str, sizes: dict[str, int]) -> None:
    finders = contenders(network(), view)
    exact = finders[EXACT]()
    assert {name: len(values) for name, values in exact.items()} == sizes
    for name, find in finders.items():
        assert deviation(find(), exact) < 1e-5, name


def test_a_deviation_is_that_of_the_worst_value_relative_to_its_own_weight() -> None:
    exact = {"small": torch.tensor([0.1, 0.05]).double(), "large": torch.tensor([10.0, 5.0]).double()}
    found = {"small": torch.tensor([0.1, 0.06]).double(), "large": torch.tensor([10.1, 5.0]).double()}
    assert deviation(found, exact) == pytest.approx(0.1)


def test_a_disagreement_is_relative_and_the_largest_of_all_weights() -> None:
    ours = measure(matrices(), (40,))
    theirs = {name: dict(spectrum.measures) for name, spectrum in ours.items()}
    assert set(weight_watcher.disagreement(ours, theirs).values()) == {0.0}
    theirs["0"]["alpha"] *= 1.01
    theirs["1"]["alpha"] *= 2
    found = weight_watcher.disagreement(ours, theirs)
    assert found.pop("alpha") == pytest.approx(0.5)
    assert set(found.values()) == {0.0}


def test_where_the_package_has_zero_a_disagreement_is_the_difference() -> None:
    ours = measure(matrices(), (40,))
    theirs = {name: spectrum.measures | {"num_spikes": 0.0} for name, spectrum in ours.items()}
    assert weight_watcher.disagreement(ours, theirs)["num_spikes"] == ours["0"].num_spikes == 1


def test_every_shared_measure_is_one_that_a_spectrum_has() -> None:
    for spectrum in measure(matrices(), (40,)).values():
        assert set(weight_watcher.SHARED) <= spectrum.measures.keys()


def test_a_result_becomes_tables() -> None:
    assert markdown(SYNTHETIC).splitlines() == [
        "Machine: a machine; weightwatcher 0.7.7.",
        "",
        "The flat view:",
        "",
        "| network | contender | seconds | × `measure` | quartiles | runs | deviation / σ₁ |",
        "|---|---|--:|--:|--:|--:|--:|",
        "| mlp-medium: 5 weights, 8100 values | measure | 2 | 1.00 | 0.75 – 1.25 | 3 | 6e-08 |",
        "|  | WeightWatcher | 10 | 5.00 | 5.00 – 5.00 | 1 |  |",
        "",
        "The largest relative difference from WeightWatcher's measures, over the weights of mlp-medium:",
        "",
        "| alpha | num_spikes |",
        "|--:|--:|",
        "| 3e-13 | 0 |",
    ]


def test_a_measurement_has_every_contender_of_both_views() -> None:
    result = run(["resnet-small"], torch.device("cpu"), rounds=1, rival=None, circular="resnet-small")
    result = json.loads(json.dumps(result))
    for view, plain in (("flat", "svdvals"), ("circular", "rfft2 and svdvals")):
        measured = result[view]["resnet-small"]
        assert measured["timings"].keys() == {MEASURE, plain, "measure, once more"}
        assert 0 < measured["deviation"][MEASURE] < 1e-6
    assert markdown(result).count("resnet-small") == 2


def test_without_the_package_it_is_left_out_and_one_line_says_what_brings_it(
    monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    monkeypatch.setitem(sys.modules, "weightwatcher", None)  # what Python itself takes for a package that is not there
    monkeypatch.setattr(sys, "argv", ["benchmarks", "spectra", "--architectures", "mlp-small", "--rounds", "1"])
    main()
    told = capsys.readouterr()
    assert sum(weight_watcher.INSTALL in line for line in told.err.splitlines()) == 1
    assert "WeightWatcher was not installed" in told.out
    assert "| svdvals |" in told.out


def test_what_brings_it_is_an_extra_of_this_project_and_of_no_other_part() -> None:
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    extras = project["optional-dependencies"]
    assert "'.[benchmarks]'" in weight_watcher.INSTALL
    named = {extra for extra, packages in extras.items() if any("weightwatcher" in package for package in packages)}
    assert named == {"benchmarks"}
    assert not any("weightwatcher" in package for package in project["dependencies"])
