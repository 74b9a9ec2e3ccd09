import pytest

from analysis.findings.effects import effects
from analysis.notation import points_between
from analysis.sections.families import families
from tests.analysis import planted

GAINS = {("resnet-small", "spectral"): 0.05}


@pytest.fixture(scope="module")
def found():
    return effects(planted.tables(planted.confirmed(GAINS)))


def test_a_planted_interaction_is_said_and_a_null_is_no_difference_seen(found):
    decay, spectral = (points_between(contrast.interaction.families.stated) for contrast in found.families)
    (said,) = families(found).said
    assert said.startswith(f"mlp against resnet: resnet gains more from spectral ({spectral} points); ")
    assert said.endswith(f"; no difference seen in what they gain from decay ({decay} points).")


def test_a_gain_of_the_first_family_is_said_to_be_the_first_s():
    gains = {(architecture, "spectral"): 0.05 for architecture in ("mlp-small", "mlp-large")}
    (said,) = families(effects(planted.tables(planted.confirmed(gains)))).said
    assert said.startswith("mlp against resnet: mlp gains more from spectral (+")


def test_every_pair_of_architectures_stands_below_its_condition(found):
    rows = families(found).sheet.groups["mlp − resnet"]
    assert [row[0] for row in rows[3:]] == ["spectral", "· mlp-small − resnet-small", "· mlp-large − resnet-small"]
    (pair,) = found.families[1].interaction.pairs[0]
    assert rows[4][1] == points_between(pair.stated)


def test_rows_of_single_architectures_are_explained_where_there_are_some(found):
    explained = "Rows that begin with · compare one architecture of each family."
    two = effects(planted.tables(planted.confirmed(GAINS, architectures=("mlp-small", "resnet-small"))))
    assert [explained in families(shown).sheet.notes[0] for shown in (found, two)] == [True, False]


def test_plus_one_is_what_the_caption_says_it_is(found):
    """The condition adds five points in the second family alone."""
    section = families(found)
    assert "the first family's gain less the second's" in section.sheet.notes[0]
    spectral = next(row for row in section.sheet.groups["mlp − resnet"] if row[0] == "spectral")
    assert float(spectral[1].split()[0]) == pytest.approx(-5.0, abs=0.5)


def test_one_family_alone_is_one_sentence():
    runs = planted.confirmed(GAINS, architectures=("mlp-small", "mlp-large"))
    section = families(effects(planted.tables(runs)))
    assert section.said[0].endswith("this study has none.")
    assert section.picture is section.sheet is None
