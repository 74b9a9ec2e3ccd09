"""The phases of a study on Ray Tune."""

import logging
import shutil
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from ray import tune

from tuning.engine.cluster.head_watch import HeadWatch
from tuning.engine.proposals import FixedProposals, Proposals, proposals_of
from tuning.engine.slots.slots import Slots
from tuning.engine.state.choice import freeze, frozen_trials
from tuning.engine.state.folder import StudyFolder
from tuning.engine.state.growth import replace_confirmations
from tuning.engine.state.history import History
from tuning.engine.state.trial_life import REPEATS
from tuning.engine.tune.callback import RecordCallback
from tuning.engine.tune.keeping_watch import KeepingWatch
from tuning.engine.tune.schedule import CellScheduler
from tuning.engine.tune.searcher import InterleavedSearch
from tuning.engine.tune.trainable import KEY, run_trial
from tuning.engine.tune.trial_watch import TrialWatch
from tuning.engine.tune.worker_lines import WorkerLines
from tuning.engine.view.progress import Progress
from tuning.engine.view.time_left import TimeLeft
from tuning.full_budget import may_be_stopped
from tuning.records import Phase
from tuning.settings import TrialSettings
from tuning.store import StoreWriter
from tuning.study import Study, unmatched

_log = logging.getLogger("spectune.engine")


@dataclass(frozen=True, kw_only=True)
class Session:
    """What one session of a study holds while its phases run.

    Attributes:
        study: what is compared, and how.
        folder: where its state lies.
        history: what earlier sessions have done; filled further by what Tune reports.
        writer: the store.
        progress: the live view.
        time_left: what it shows as left.
        slots: how many trials may run at a time.
        head_watch: the watch over this process's own node.
        content: the content key of the study's images.
    """

    study: Study
    folder: StudyFolder
    history: History
    writer: StoreWriter
    progress: Progress
    time_left: TimeLeft
    slots: Slots
    head_watch: HeadWatch
    content: str


def conduct(session: Session) -> None:
    """Tune, choose, confirm: every phase to its end, each as one Tuner over all cells.

    Args:
        session: the study's.

    Raises:
        KeyboardInterrupt: where a signal has ended a phase.
    """
    study, history = session.study, session.history
    tuning: dict[str, Proposals] = {
        cell.key: proposals_of(cell, history.of(cell.key, Phase.TUNE)) for cell in study.cells
    }
    _run(session, Phase.TUNE, dict.fromkeys(tuning, study.search.trials), tuning)
    freeze(study, history, session.writer)
    for key in replace_confirmations(study, history, session.writer):
        session.folder.forget(key)
    session.progress.say(*unmatched(study.confirm, study.cells).values())
    for phase, cells in frozen_trials(study, history).items():
        _confirm(session, phase, cells)


def _confirm(session: Session, phase: Phase, cells: Mapping[str, Sequence[TrialSettings]]) -> None:
    """Run those trials of a confirmation phase that have not ended yet."""
    ended = {key for key, trial in session.history.trials.items() if trial.ended}
    rest = {
        cell: FixedProposals([settings for settings in trials if settings.key not in ended])
        for cell, trials in cells.items()
    }
    _run(session, phase, {cell: len(trials) for cell, trials in cells.items()}, rest)


def _run(session: Session, phase: Phase, planned: Mapping[str, int], proposals: Mapping[str, Proposals]) -> None:
    """Run what is left of a phase.

    Raises:
        KeyboardInterrupt: where a signal has ended it. The first is Tune's, which ends its loop and returns as if all
            were done: what is not done tells.
    """
    if all(cell.proposed >= cell.planned for cell in proposals.values()):
        return
    tuner = _tuner(session, phase, sum(planned.values()), proposals)
    _log.info("phase %s begins: %s trials by cell", phase, dict(planned))
    session.time_left.begin(phase, planned)
    session.progress.begin(phase, planned)
    try:
        tuner.fit()
    finally:
        session.writer.close_open_runs()
        session.progress.finish()
    shutil.rmtree(session.folder.ray, ignore_errors=True)
    running = any(trial.settings.phase is phase for trial in session.history.running())
    if running or any(cell.proposed < cell.planned for cell in proposals.values()):
        _log.info("phase %s was interrupted", phase)
        raise KeyboardInterrupt


def _tuner(session: Session, phase: Phase, trials: int, proposals: Mapping[str, Proposals]) -> tune.Tuner:
    study, history, folder = session.study, session.history, session.folder
    stopping = may_be_stopped(phase, rule=study.search.early_stopping.stops)
    return tune.Tuner(
        tune.with_resources(run_trial, {"CPU": study.resources.cpu, "GPU": study.resources.gpu}),
        tune_config=tune.TuneConfig(
            search_alg=InterleavedSearch(proposals, history, str(folder.checkpoints), session.slots, session.content),
            scheduler=CellScheduler(study, history) if stopping else None,
            num_samples=-1,  # the search itself says when it has no more
            max_concurrent_trials=trials,  # the search itself says how many; without it Tune takes one
            reuse_actors=True,
            trial_name_creator=_key,
            trial_dirname_creator=_key,
        ),
        run_config=tune.RunConfig(
            name=str(phase),
            storage_path=str(folder.ray),
            callbacks=[
                WorkerLines(),
                RecordCallback(history, session.writer, session.progress, session.time_left),
                session.head_watch,
                KeepingWatch(session.writer, session.progress.say),
                TrialWatch(),
            ],
            failure_config=tune.FailureConfig(max_failures=REPEATS),
            verbose=0,
        ),
    )


def _key(trial: Any) -> str:
    """Return Tune's name for a trial, which is ours."""
    return str(trial.config[KEY])
