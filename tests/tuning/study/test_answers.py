"""What a study writes down for each of its cells, so that readers of results need not derive it."""

import json

from tests.tuning.studies import study
from tuning.records import CONFIRMATIONS, Phase
from tuning.settings.space import plain
from tuning.study import answers, parse_study, planned_trials
from tuning.study.matched import matched_cells

DECAY = {"regularizer": "weight_decay", "strength": {"log_uniform": [1e-4, 1e-1]}, "where": ["hidden"]}
CONDITIONS = {
    "baseline": {"regularizer": "none"},
    "decay": DECAY,
    "other": {"regularizer": "none", "optimizer": {"name": "muon", "momentum": {"uniform": [0.8, 0.9]}}},
    "fixed": {"regularizer": "none", "learning_rate": 0.01},
}
ASKED = {
    "conditions": CONDITIONS,
    "confirm": {"seeds": 2, "learning_rate": "matched", "baseline": "baseline"},
    "ablate": {"condition": "decay", "factors": {"start": {"initialization": "mup"}, "rule": {"regularizer": "none"}}},
}


def test_every_cell_has_its_constants_and_ranges_by_flat_name():
    assert answers(study(**ASKED))["conditions"]["decay"]["values"] == {
        "training.learning_rate": {"log_uniform": [1e-3, 1e-1]},
        "training.batch_size": 256,
        "training.initialization": "default",
        "regularizer.name": "weight_decay",
        "regularizer.strength": {"log_uniform": [1e-4, 1e-1]},
        "regularizer.where": ["hidden"],
        "optimizer.name": "adam",
    }


def test_what_is_written_once_of_a_condition_holds_for_its_cells_on_all_architectures():
    the_study = study(**ASKED)
    written = answers(the_study)["conditions"]
    assert list(written) == list(CONDITIONS)
    assert len(the_study.cells) == 2 * len(written)
    at_rate = {cell.key for cell, _ in matched_cells(the_study.confirm, the_study.cells)}
    for cell in the_study.cells:
        assert written[cell.condition_name] == {
            "values": plain(cell.values),
            "planned": {phase: planned_trials(the_study, cell, phase) for phase in (Phase.TUNE, *CONFIRMATIONS)},
            "matched": cell.key in at_rate,
        }


def test_trials_are_planned_by_phase_and_only_comparable_searched_rates_are_matched():
    found = answers(study(**ASKED))["conditions"]
    assert {name: cell["matched"] for name, cell in found.items()} == {
        "baseline": False,
        "decay": True,
        "other": False,
        "fixed": False,
    }
    assert found["decay"]["planned"] == {"tune": 5, "confirm": 2, "matched": 2, "ablate": 4}
    assert found["other"]["planned"] == {"tune": 5, "confirm": 2, "matched": 0, "ablate": 0}


def test_the_baseline_is_the_one_named_else_the_first_without_a_regularizer_else_the_first():
    assert answers(study(**ASKED))["baseline"] == "baseline"
    both = {"decay": DECAY, "bare": {"regularizer": "none"}, "plain": {"regularizer": "none"}}
    assert answers(study(conditions=both))["baseline"] == "bare"
    assert answers(study(conditions={"decay": DECAY}))["baseline"] == "decay"
    named = {"learning_rate": "matched", "baseline": "decay"}
    assert answers(study(conditions=both, confirm=named))["baseline"] == "decay"


def test_answers_are_plain_data_and_the_study_file_has_no_such_key():
    the_study = study(**ASKED)
    assert json.loads(json.dumps(answers(the_study))) == answers(the_study)
    assert "answers" not in the_study.as_data()
    assert answers(parse_study(the_study.as_data(), "again")) == answers(the_study)
