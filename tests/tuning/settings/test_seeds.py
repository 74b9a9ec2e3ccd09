"""Seeds: equal where arms are paired, different where phases must not share them."""

import numpy as np
import pytest

from tests.tuning.studies import study
from tuning.records import Phase
from tuning.settings import derive_seed

ALGORITHMS = ["sobol", "random", "tpe", "nsga2"]


@pytest.mark.parametrize("algorithm", ALGORITHMS)
def test_confirmation_seeds_are_the_same_for_every_condition_and_architecture(algorithm):
    the_study = study(search={"algorithm": algorithm, "trials": 5, "early_stopping": "none"})
    for index in range(20):
        of_index = [cell.settings(Phase.CONFIRM, index, cell.draw(7 * index)) for cell in the_study.cells]
        assert len({settings.seed for settings in of_index}) == 1
        assert len({settings.split_seed for settings in of_index}) == 1


def test_confirmation_seeds_do_not_depend_on_what_was_chosen_or_searched():
    first = study(search={"algorithm": "sobol", "trials": 4}).cells[1]
    other = study(search={"algorithm": "random", "trials": 64}, training={"epochs": 9}).cells[3]
    for index in range(20):
        first_trial, second_trial = (
            cell.settings(Phase.CONFIRM, index, cell.draw(index + 3)) for cell in (first, other)
        )
        assert (first_trial.seed, first_trial.split_seed) == (second_trial.seed, second_trial.split_seed)


def test_confirmation_seeds_are_fresh():
    """Over a thousand studies' seeds, a hundred trials each way: no seed of the search is one of the confirmation."""
    for base in np.random.default_rng(0).integers(2**63, size=1000).tolist():
        tuned = {derive_seed(base, Phase.TUNE, index) for index in range(100)}
        confirmed = {derive_seed(base, Phase.CONFIRM, index) for index in range(100)}
        splits = {derive_seed(base, Phase.CONFIRM, index, "split") for index in range(100)}
        assert len(tuned | confirmed | splits | {derive_seed(base, Phase.TUNE, "split")}) == 301


def test_the_settings_have_those_seeds():
    cell = study(search={"trials": 4, "seed": 5}).cells[1]
    for index in range(4):
        tuned, confirmed = (cell.settings(phase, index, cell.draw(0)) for phase in (Phase.TUNE, Phase.CONFIRM))
        assert tuned.seed == derive_seed(5, "tune", index)
        assert confirmed.seed == derive_seed(5, "confirm", index)
        assert tuned.split_seed == derive_seed(5, "tune", "split")
        assert confirmed.split_seed == derive_seed(5, "confirm", index, "split")
