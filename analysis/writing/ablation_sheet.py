"""A condition without each of its factors, as a table."""

from collections.abc import Mapping, Sequence

from analysis.findings.ablation import Ablation, Without
from analysis.notation import percent, points
from analysis.stats import FamilyTest, family_tests
from analysis.words.described import Claim, allowance, claimed
from analysis.words.paired_seeds import EACH_ALONE, seeds_counted
from tuning.sheets.sheet import Row, Sheet, folding
from tuning.sheets.written import NOTHING

WITHOUT = {
    Claim.HIGHER: "lower",
    Claim.LOWER: "higher",
    Claim.HIGHER_ALONE: Claim.LOWER_ALONE.value,
    Claim.LOWER_ALONE: Claim.HIGHER_ALONE.value,
    Claim.SAME: Claim.SAME.value,
    Claim.TEST_ALONE: Claim.TEST_ALONE.value,
    Claim.OPEN: NOTHING,
}
"""What an accuracy is without a factor, by what is said of the difference: the whole less what is left."""

_Tests = Mapping[tuple[str, str], FamilyTest]
"""By architecture and factor, the test among all of them."""


def ablation_sheet(found: Sequence[Ablation]) -> Sheet:
    """Set out what each factor contributes.

    Args:
        found: at least one architecture's.
    """
    whole = found[0].condition
    differences = {
        (ablation.architecture, rest.factor): rest.difference.test for ablation in found for rest in ablation.without
    }
    tests = dict(zip(differences, family_tests(list(differences.values())), strict=True))
    notes = (
        f"Each row is {whole} as it was tuned, with one factor switched off and nothing tuned anew, on the same seeds. "
        f"The difference is the whole less what is left, in points. {EACH_ALONE} {_tested(list(tests.values()))}",
    )
    return Sheet(
        name="ablation",
        title=f"What does each factor of {whole} contribute?",
        columns=folding("without", "test accuracy %", "difference", "accuracy without it", "seeds"),
        groups={ablation.architecture: _rows(ablation, tests) for ablation in found},
        notes=notes,
    )


def _rows(ablation: Ablation, tests: _Tests) -> list[Row]:
    whole = percent(ablation.whole)
    with_all = ("nothing", whole, NOTHING, NOTHING, seeds_counted(ablation.whole, ablation.runs))
    return [with_all, *(_row(rest, tests[ablation.architecture, rest.factor]) for rest in ablation.without)]


def _row(rest: Without, test: FamilyTest) -> Row:
    return (
        rest.factor,
        percent(rest.test_accuracy),
        points(rest.difference.interval),
        WITHOUT[claimed(rest.difference.interval, test)],
        seeds_counted(rest.test_accuracy, rest.runs),
    )


def _tested(tests: Sequence[FamilyTest]) -> str:
    """Say when a difference is claimed, and where no test could."""
    said = (
        "Lower or higher without more: the sign-flip test agrees after Holm's rule over all factors and architectures"
    )
    there = [tested for tested in tests if tested.test.n]
    if not there or any(tested.could for tested in there):
        return f"{said}."
    return f"{said}, which none can: {allowance(min(there, key=lambda tested: tested.least))}."
