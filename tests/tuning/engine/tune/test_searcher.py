"""What Tune is told to run next."""

import pytest
from ray.tune.search import Searcher

from tests.tuning.studies import study
from tuning.engine.proposals import proposals_of
from tuning.engine.state.history import History
from tuning.engine.tune.searcher import InterleavedSearch
from tuning.engine.tune.trainable import KEY

ASKED = study(search={"algorithm": "sobol", "trials": 2, "early_stopping": "none"})


class Room:
    """Slots without end."""

    def allowed(self, wanted):
        return wanted


@pytest.fixture
def search():
    history = History()
    return history, InterleavedSearch(
        {cell.key: proposals_of(cell, []) for cell in ASKED.cells}, history, "checkpoints", Room(), "content"
    )


def test_a_trial_that_was_lost_before_it_began_is_proposed_again(search):
    history, searcher = search
    first = searcher.suggest("a")
    searcher.on_trial_complete("a", error=True)
    assert searcher.suggest("b") == first
    assert first[KEY] not in history.trials


def test_a_trial_that_was_lost_between_two_workers_is_proposed_again(search):
    history, searcher = search
    first = searcher.suggest("a")
    history.start(searcher._live["a"]).lose()  # an earlier worker's, or an earlier session's
    searcher.on_trial_complete("a", error=True)
    assert searcher.suggest("b") == first
    assert not history.trials[first[KEY]].ended


def test_a_trial_that_is_lost_again_and_again_is_given_up(search):
    history, searcher = search
    first = searcher.suggest("0")
    for number in range(21):
        searcher.on_trial_complete(str(number), error=True)
        following = searcher.suggest(str(number + 1))
    assert following != first
    assert history.trials[first[KEY]].ended


def test_a_trial_that_had_begun_and_died_is_not(search):
    history, searcher = search
    first = searcher.suggest("a")
    history.start(searcher._live["a"])
    searcher.on_trial_complete("a", error=True)
    assert searcher.suggest("b") != first
    assert history.trials[first[KEY]].ended


def test_the_search_ends_when_its_last_trial_has_for_that_one_may_be_lost(search):
    history, searcher = search
    names = [str(number) for number in range(2 * len(ASKED.cells))]
    keys = [searcher.suggest(name)[KEY] for name in names]
    assert searcher.suggest("more") is None
    searcher.on_trial_complete(names[-1], error=True)
    assert searcher.suggest("again")[KEY] == keys[-1]
    for name in [*names[:-1], "again"]:
        history.start(searcher._live[name])
        searcher.on_trial_complete(name)
    assert searcher.suggest("more") == Searcher.FINISHED
