import io
from functools import reduce
from operator import add

import numpy as np
import pytest
import scipy.stats
from rich.console import Console

from analysis.findings.compare import comparison
from analysis.findings.effects import effects
from analysis.notation import points_between
from analysis.sections.performance import performance
from analysis.stats import paired_difference
from analysis.words.sentences import CHOSEN, remarks, verdict
from analysis.writing.printed import on_terminal
from tests.analysis import planted
from tests.analysis.conftest import in_memory
from tests.analysis.synthetic import EPOCHS, Run
from tuning import records
from tuning.records import EpochRecord


def confirmed(condition, accuracies):
    runs = []
    for index, accuracy in enumerate(accuracies):
        if accuracy is None:  # a seed that did not complete
            continue
        run = Run(phase="confirm", architecture="mlp-small", condition=condition, index=index)
        last = EpochRecord(epoch=EPOCHS, metrics={records.TEST_ACCURACY: accuracy})
        runs.append(Run(**{**vars(run), "records": (last,)}))
    return runs


def said(**conditions):
    runs = [run for condition, accuracies in conditions.items() for run in confirmed(condition, accuracies)]
    return verdict(comparison(in_memory(runs)), "mlp-small")


def test_the_first_place_is_told_by_paired_differences():
    """Means whose intervals overlap, yet b is above a by the same on each seed; c goes up and down."""
    text = said(a=[0.80, 0.85, 0.90, 0.95], b=[0.81, 0.86, 0.92, 0.96], c=[0.90, 0.80, 0.93, 0.85])
    assert text == (
        "The highest mean test accuracy is that of b (88.75 ± 10.50%, 4 seeds). "
        "On shared seeds by the interval alone it is above a "
        f"({between(b=[0.81, 0.86, 0.92, 0.96], a=[0.80, 0.85, 0.90, 0.95])} points"
        f"{apart('0.125', seeds=4, smallest='0.125', holm='0.250', comparisons=2, least='0.250')}; "
        f"no difference is seen with c ({between(b=[0.81, 0.86, 0.92, 0.96], c=[0.90, 0.80, 0.93, 0.85])} points)."
    )


def apart(p, *, seeds, smallest, holm=None, comparisons=1, least=None):
    """What stands behind a number whose test does not agree."""
    by_holm = f", by Holm's rule {holm}" if holm else ""
    allowed = f", by Holm's rule over {comparisons} comparisons none below {least}" if holm else ""
    return f", sign-flip p {p}{by_holm}), where {seeds} seeds allow no p below {smallest}{allowed}"


def between(**two):
    first, second = two.values()
    return points_between(paired_difference(first, second).stated)


def test_the_verdict_and_the_paired_section_read_one_difference_alike(quickstart):
    found = comparison(quickstart)
    section = {
        (contrast.architecture, contrast.condition): contrast.difference for contrast in effects(quickstart).to_baseline
    }
    for name, leads in found.leads.items():
        (lead,) = [lead for lead in leads if lead.against == "baseline"]
        assert lead.difference == section[name, lead.condition]


UP = [0.0028, 0.0056, 0.0028, 0.0056, 0.0]
"""Differences of a planted study of five seeds whose interval leaves out zero, and whose sign-flip test does not."""


@pytest.fixture(scope="module")
def parted():
    plain = [0.90, 0.91, 0.92, 0.93, 0.94]
    runs = [
        *confirmed("baseline", plain),
        *confirmed("decay", [accuracy - 0.01 * (-1) ** place for place, accuracy in enumerate(plain)]),
        *confirmed("spectral", [accuracy + more for accuracy, more in zip(plain, UP, strict=True)]),
    ]
    return planted.tables(runs)


def test_where_interval_and_test_part_every_section_says_the_same_of_both(parted):
    """The first page, the section of paired differences, and the comparison that `compare` prints."""
    found = comparison(parted)
    difference = paired_difference(UP, [0.0] * 5)
    assert difference.stated.low > 0
    elsewhere = scipy.stats.permutation_test((UP,), np.mean, permutation_type="samples", n_resamples=np.inf)
    assert difference.test.p == elsewhere.pvalue == 0.125
    both = (
        f"({points_between(difference.stated)} points, sign-flip p 0.125, by Holm's rule 0.250), where 5 seeds allow "
        "no p below 0.0625, by Holm's rule over 2 comparisons none below 0.125"
    )
    first, second = verdict(found, "mlp-small"), performance(effects(parted)).said[0]
    assert f"by the interval alone it is above baseline {both}" in first
    assert f"by the interval alone higher with spectral {both}" in second
    console = Console(file=io.StringIO(), width=1000)
    console.print(on_terminal(found, [], console))
    assert f"by the interval alone it is above baseline {both}" in console.file.getvalue()


def test_one_shared_seed_settles_no_order():
    text = "Too few seeds are shared for an interval, so the order is not settled."
    assert said(a=[0.5], b=[0.9]).endswith(text)
    assert said(a=[0.5, None, None], b=[0.9, 0.9, 0.9]).endswith(text)


def test_only_the_pair_without_two_shared_seeds_is_left_open():
    text = said(a=[0.5, None, None], b=[0.91, 0.92, 0.93], c=[0.90, 0.91, 0.92])
    assert text.endswith(
        "On shared seeds by the interval alone it is above c (+1.00 [+1.00, +1.00] points"
        f"{apart('0.250', seeds=3, smallest='0.250')}. "
        "Too few seeds are shared with a for an interval: that order is not settled."
    )


def test_the_highest_mean_may_lie_below_on_the_seeds_that_are_shared():
    text = said(a=[0.80, 0.81, 0.82, None], b=[0.79, 0.80, 0.81, 0.99])
    assert text.endswith(
        "On shared seeds by the interval alone it is below a (-1.00 [-1.00, -1.00] points"
        f"{apart('0.250', seeds=3, smallest='0.250')}."
    )


def test_equal_means_share_the_first_place():
    assert said(a=[0.5], b=[0.5]) == (
        "The highest mean test accuracy is shared by a (50.00%, 1 seed) and b (50.00%, 1 seed)."
    )


def test_those_that_share_the_first_place_are_each_set_against_the_others():
    a, b, c = [0.25, 0.5, 0.75], [0.75, 0.5, 0.25], [0.125, 0.375, 0.625]
    assert said(a=a, b=b, c=c).endswith(
        f"On shared seeds by the interval alone a is above c ({between(a=a, c=c)} points"
        f"{apart('0.250', seeds=3, smallest='0.250', holm='0.500', comparisons=2, least='0.500')}. "
        f"On shared seeds no difference of b is seen with c ({between(b=b, c=c)} points)."
    )


def test_means_that_differ_in_their_last_bit_alone_are_equal():
    """Equal numbers of right images, seed by seed in another order."""
    a, b = ([count / 359 for count in counts] for counts in ((344, 341, 343, 336, 337), (341, 338, 342, 336, 344)))
    assert reduce(add, a) / 5 != reduce(add, b) / 5  # `sum` itself has no such bit from Python 3.12 on
    assert "is shared by a" in said(a=a, b=b)


def test_a_choice_among_several_is_said_to_flatter_the_best():
    def told(**conditions):
        runs = [run for condition, accuracies in conditions.items() for run in confirmed(condition, accuracies)]
        return remarks(comparison(in_memory(runs)))

    low, high = [0.80, 0.81, 0.82], [0.90, 0.91, 0.92]
    assert CHOSEN in told(a=low, b=low, c=high)
    assert CHOSEN not in told(a=low, b=high)  # one difference alone: nothing was chosen
    assert CHOSEN not in told(a=low, b=[0.79, 0.80, 0.84], c=[0.78, 0.82, 0.83])  # nothing is said to be above


def test_one_condition_alone_is_compared_with_nothing():
    assert said(a=[0.5, 0.5]).startswith("Only a (50.00 ± 0.00%, 2 seeds) was confirmed")


def test_without_confirmation_there_is_nothing_to_report(with_gaps):
    assert "no test accuracy to report" in verdict(comparison(with_gaps), "resnet-small")


@pytest.mark.parametrize(
    "remark",
    [
        "baseline on mlp-small: of 3 confirmation runs 1 diverged; its means are over 2 seeds.",
        "No confirmation run, hence no result: spectral on mlp-small, baseline on resnet-small, decay on "
        "resnet-small and spectral on resnet-small.",
    ],
)
def test_cells_that_lack_runs_are_named(with_gaps, remark):
    assert remark in remarks(comparison(with_gaps))


def test_a_study_that_lacks_nothing_is_told_of_the_choice_alone(quickstart):
    assert remarks(comparison(quickstart)) == [CHOSEN]
