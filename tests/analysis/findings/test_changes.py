import pytest

from analysis.findings.changes import changes
from analysis.stats import mean_interval, paired_difference
from tests.analysis import planted
from tuning import records


def study(starts, ends):
    runs = []
    for index, (start, end) in enumerate(zip(starts, ends, strict=True)):
        norms = {epoch: {records.SPECTRAL_NORM_MAX: norm} for epoch, norm in ((0, start), (1, 99.0), (2, end))}
        names = {"phase": "confirm", "architecture": "mlp-small", "condition": "baseline"}
        runs.append(planted.run(norms, index=index, **names))
    return planted.tables(runs)


STARTS, ENDS = [1.0, 1.5, 2.0, 2.5], [3.0, 3.0, 3.5, 4.5]


def test_a_change_is_the_last_epoch_less_the_first_run_by_run():
    (found,) = changes(study(STARTS, ENDS), records.SPECTRAL_NORM_MAX)
    assert (found.architecture, found.condition, found.epochs) == ("mlp-small", "baseline", (0, 2))
    assert (found.start, found.end) == (mean_interval(STARTS), mean_interval(ENDS))
    assert found.difference == paired_difference(ENDS, STARTS)
    assert found.difference.mean == pytest.approx(1.75)


def test_a_metric_that_was_not_measured_has_no_change():
    assert changes(study(STARTS, ENDS), records.TEST_ACCURACY) == ()
