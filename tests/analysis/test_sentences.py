import pytest

from analysis.compare import comparison
from analysis.sentences import remarks, verdict
from tests.analysis.conftest import in_memory
from tests.analysis.synthetic import EPOCHS, Run
from tuning import records
from tuning.records import EpochRecord


def confirmed(condition, accuracies):
    runs = []
    for index, accuracy in enumerate(accuracies):
        run = Run(phase="confirm", architecture="mlp-small", condition=condition, index=index)
        last = EpochRecord(epoch=EPOCHS, metrics={records.TEST_ACCURACY: accuracy})
        runs.append(Run(**{**vars(run), "records": (last,)}))
    return runs


def said(**conditions):
    runs = [run for condition, accuracies in conditions.items() for run in confirmed(condition, accuracies)]
    return verdict(comparison(in_memory(runs)), "mlp-small")


def test_intervals_apart_are_said_to_be_apart():
    assert said(a=[0.50, 0.51], b=[0.90, 0.91]) == (
        "The highest mean test accuracy is that of b (90.50 ± 6.35%, 2 seeds). "
        "Its 95% interval lies above those of all the others."
    )


def test_intervals_that_overlap_decide_nothing():
    text = said(a=[0.90, 0.91, 0.92], b=[0.91, 0.92, 0.93], c=[0.1, 0.11, 0.12])
    assert text.endswith("Its 95% interval overlaps that of a: between them these seeds do not decide.")


def test_one_seed_settles_no_order():
    assert said(a=[0.5], b=[0.9]).endswith("An interval needs two seeds or more, so the order is not settled.")


def test_equal_means_share_the_first_place():
    assert said(a=[0.5], b=[0.5]) == (
        "The highest mean test accuracy is shared by a (50.00%, 1 seed) and b (50.00%, 1 seed)."
    )


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


def test_a_study_that_lacks_nothing_has_no_remark(quickstart):
    assert remarks(comparison(quickstart)) == []
