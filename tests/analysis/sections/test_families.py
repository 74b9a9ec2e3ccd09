import pytest

from analysis.effects import effects
from analysis.notation import points_between
from analysis.sections.families import families
from tests.analysis import planted

GAINS = {("resnet-small", "spectral"): 0.05}


@pytest.fixture(scope="module")
def found():
    return effects(planted.tables(planted.confirmed(GAINS)))


def test_a_planted_interaction_is_said_and_a_null_is_no_difference_seen(found):
    decay, spectral = (points_between(one.interaction.families.stated) for one in found.families)
    (said,) = families(found).said
    assert said.startswith(f"mlp against resnet: resnet gains more from spectral ({spectral} points, p by Holm ")
    assert f"; no difference seen in what they gain from decay ({decay} points, " in said


def test_a_gain_of_the_first_family_is_said_to_be_the_first_s():
    gains = {(architecture, "spectral"): 0.05 for architecture in ("mlp-small", "mlp-large")}
    (said,) = families(effects(planted.tables(planted.confirmed(gains)))).said
    assert said.startswith("mlp against resnet: mlp gains more from spectral (+")


def test_every_pair_of_architectures_stands_below_its_condition(found):
    rows = families(found).sheet.blocks["mlp − resnet"]
    assert [row[0] for row in rows[3:]] == ["spectral", "· mlp-small − resnet-small", "· mlp-large − resnet-small"]
    (pair,) = found.families[1].interaction.pairs[0]
    assert rows[4][1] == points_between(pair.stated)


def test_one_family_alone_is_one_sentence():
    runs = planted.confirmed(GAINS, architectures=("mlp-small", "mlp-large"))
    section = families(effects(planted.tables(runs)))
    assert section.said[0].endswith("this study has none.")
    assert section.picture is section.sheet is None
