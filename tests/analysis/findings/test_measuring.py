"""What a report says of measuring is what the stored files and times say."""

from dataclasses import replace

import pyarrow.parquet as pq
import pytest

from analysis.findings.kept_spectra import Kept, fallbacks, kept
from analysis.findings.measuring import Cost, cost
from analysis.words.sentences import measured
from tests.analysis import synthetic
from tests.analysis.conftest import in_memory
from tests.analysis.stored import Stored
from tuning import records
from tuning.records import EpochRecord


def timed(architecture, condition, index, measure, epochs=2, train=10.0):
    """A run whose epochs each took so many seconds, the state before the first included in the measurements."""
    run = synthetic.Run(phase="tune", architecture=architecture, condition=condition, index=index)
    times = [EpochRecord(epoch=0, metrics={records.MEASURE_SECONDS: measure})]
    for epoch in range(1, epochs + 1):
        seconds = {records.MEASURE_SECONDS: measure, records.EPOCH_SECONDS: train}
        times.append(EpochRecord(epoch=epoch, metrics=seconds))
    return replace(run, records=tuple(times))


def test_cost_is_the_median_share_of_the_seconds_that_training_took():
    runs = [timed("small", "a", index, measure) for index, measure in enumerate([1.0, 2.0, 4.0])]
    runs += [timed("large", "a", 0, 6.0)]
    found = cost(in_memory(runs))
    # Three measurements go with two epochs of ten seconds.
    assert found == Cost(
        share=pytest.approx(0.45),
        by_architecture={"small": 0.3, "large": 0.9},
        epoch_seconds={"small": 10.0, "large": 10.0},
        runs=4,
    )
    assert measured(found, [], {}) == [
        "Measuring took 45% of the time of training (median over 4 runs; largest with large: 90%)."
    ]


def test_where_epochs_are_short_it_is_said_how_short():
    runs = [timed("small", "a", 0, 0.05, train=0.04), timed("large", "a", 0, 3.0)]
    assert measured(cost(in_memory(runs)), [], {}) == [
        "Measuring took 116% of the time of training (median over 2 runs; largest with small: 188%). Epochs are "
        "short (0.040 s with small), and a measurement takes as long however short they are."
    ]


def test_runs_without_both_times_cost_nothing():
    runs = [timed("small", "a", 0, 1.0, epochs=0), timed("small", "a", 1, 1.0)]
    assert cost(in_memory(runs)).runs == 1
    assert cost(in_memory(runs[:1])) is None
    assert cost(in_memory([])) is None


def test_one_architecture_is_not_said_to_be_the_largest():
    found = cost(in_memory([timed("small", "a", 0, 0.1)]))
    assert measured(found, [], {}) == ["Measuring took 1.5% of the time of training (median over 1 run)."]


def test_vectors_that_were_not_kept_are_told_with_what_all_would_have_taken(tmp_path):
    stored = Stored(tmp_path, epochs=range(12), kept=(0, 5, 10, 11))
    (found,) = kept(stored.tables)
    size = (tmp_path / stored.tables.runs.index[0] / records.SPECTRA_FILE).stat().st_size
    assert found == Kept(
        architecture="mlp-small",
        views=("flat", "circular"),
        measured=tuple(range(12)),
        kept=(0, 5, 10, 11),
        size=size,
    )
    assert found.whole == size * 3
    large = replace(found, size=900_000_000)
    assert measured(None, [large], {}) == [
        "mlp-small: whole vectors of singular values were kept at 4 epochs of the 12 measured (every 5 epochs, and the "
        "last), because all would have taken 2.7 GB a trial; the measures are of every measured epoch."
    ]


def test_nothing_is_said_of_vectors_that_are_all_there(tmp_path):
    stored = Stored(tmp_path, epochs=range(3), kept=range(3))
    assert measured(None, kept(stored.tables), fallbacks(stored.tables)) == []


@pytest.mark.parametrize(
    ("epochs", "said"),
    [((), "no vectors"), ((9,), "at 1 epoch of the 10 measured, because"), ((0, 9), "at 2 epochs of the 10 measured,")],
)
def test_few_kept_epochs_have_no_spacing(epochs, said):
    kept = Kept(architecture="net", views=("flat",), measured=tuple(range(10)), kept=epochs, size=10**8)
    assert said in measured(None, [kept], {})[0]
    assert "every" not in measured(None, [kept], {})[0].partition("because")[0]


def test_fallbacks_are_counted_by_routine(tmp_path):
    stored = Stored(tmp_path, epochs=range(5), kept=range(5), routines=("gram", "svd: gesvd", "gram", "gram: svd"))
    found = fallbacks(stored.tables)  # three rows an epoch in each of two runs
    assert found == {"svd: gesvd": 6, "gram: svd": 6}
    assert measured(None, [], found) == [
        "12 spectra of the confirmation runs were found by a fallback: 6 by svd: gesvd and 6 by gram: svd."
    ]
    assert measured(None, [], {"svd: gesvd": 1}) == [
        "1 spectrum of the confirmation runs was found by a fallback: 1 by svd: gesvd."
    ]


def test_spectra_that_no_routine_found_are_said_to_be_lost_and_not_to_be_thinned(tmp_path):
    stored = Stored(tmp_path, epochs=range(4), kept=range(4), lost=(2,))
    (found,) = kept(stored.tables)
    assert found.measured == found.kept == (0, 1, 3)
    assert measured(None, [found], fallbacks(stored.tables)) == [
        "6 spectra of the confirmation runs were not found, because no routine converged: 6 by gram: none converged."
    ]


def test_files_from_before_routines_were_told_fell_back_nowhere(tmp_path):
    stored = Stored(tmp_path, epochs=range(2), kept=range(2), routines=("svd: gesvd",))
    path = stored.fetch(stored.tables.runs.index[0], records.LAYERS_FILE)
    pq.write_table(pq.read_table(path).drop_columns(["routine"]), path)
    assert fallbacks(stored.tables) == {"svd: gesvd": 6}
