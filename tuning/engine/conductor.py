"""The phases of a study on Ray Tune."""

import shutil
from collections.abc import Mapping, Sequence
from typing import Any

from ray import tune

from tuning.engine.cluster.head_watch import HomeWatch
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
from tuning.engine.tune.search import InterleavedSearch
from tuning.engine.tune.trainable import KEY, run_trial
from tuning.engine.tune.trial_watch import TrialWatch
from tuning.engine.view.progress import Progress
from tuning.records import Phase
from tuning.settings import TrialSettings
from tuning.store import StoreWriter
from tuning.study import Study, unmatched


class Conductor:
    """Runs every phase, each as one Tuner over all cells.

    Args:
        study: what is asked.
        folder: where its state lies.
        history: what earlier sessions have done; filled further by what Tune reports.
        writer: the store.
        progress: the live view.
        slots: how many trials may run at a time.
        home: this process's own node.
        content: the content key of the study's images.
    """

    def __init__(
        self,
        study: Study,
        folder: StudyFolder,
        history: History,
        writer: StoreWriter,
        progress: Progress,
        slots: Slots,
        home: HomeWatch,
        content: str,
    ) -> None:
        self._study = study
        self._folder = folder
        self._history = history
        self._writer = writer
        self._progress = progress
        self._slots = slots
        self._home = home
        self._content = content
        self._callback = RecordCallback(history, writer, progress)
        self._keeping = KeepingWatch(writer, progress.say)

    def conduct(self) -> bool:
        """Tune, choose, confirm.

        Returns:
            Whether all phases ran to their end; False where the run was interrupted.
        """
        trials = self._study.search.trials
        tuning: dict[str, Proposals] = {
            cell.key: proposals_of(cell, self._history.of(cell.key, Phase.TUNE)) for cell in self._study.cells
        }
        if not self._run(Phase.TUNE, dict.fromkeys(tuning, trials), tuning):
            return False
        freeze(self._study, self._history, self._writer)
        for key in replace_confirmations(self._study, self._history, self._writer):
            self._folder.forget(key)
        self._progress.say(*unmatched(self._study).values())
        return all(self._confirm(phase, cells) for phase, cells in frozen_trials(self._study, self._history).items())

    def _confirm(self, phase: Phase, cells: Mapping[str, Sequence[TrialSettings]]) -> bool:
        """Run those trials of a confirmation phase that have not ended yet."""
        ended = {key for key, trial in self._history.trials.items() if trial.ended}
        rest = {cell: FixedProposals([one for one in mine if one.key not in ended]) for cell, mine in cells.items()}
        return self._run(phase, {cell: len(mine) for cell, mine in cells.items()}, rest)

    def _run(self, phase: Phase, planned: Mapping[str, int], proposals: Mapping[str, Proposals]) -> bool:
        if all(cell.proposed >= cell.planned for cell in proposals.values()):
            return True
        stopping = phase is Phase.TUNE and self._study.search.early_stopping.name != "none"
        resources = self._study.resources
        tuner = tune.Tuner(
            tune.with_resources(run_trial, {"CPU": resources.cpu, "GPU": resources.gpu}),
            tune_config=tune.TuneConfig(
                search_alg=InterleavedSearch(
                    proposals, self._history, str(self._folder.checkpoints), self._slots, self._content
                ),
                scheduler=CellScheduler(self._study, self._history) if stopping else None,
                num_samples=-1,  # the search itself says when it has no more
                max_concurrent_trials=sum(
                    planned.values()
                ),  # the search itself says how many; without it Tune takes one
                reuse_actors=True,
                trial_name_creator=_key,
                trial_dirname_creator=_key,
            ),
            run_config=tune.RunConfig(
                name=str(phase),
                storage_path=str(self._folder.ray),
                callbacks=[self._callback, self._home, self._keeping, TrialWatch()],
                failure_config=tune.FailureConfig(max_failures=REPEATS),
                verbose=0,
            ),
        )
        self._progress.begin(phase, planned)
        try:
            tuner.fit()
        finally:
            self._writer.close_open_runs()
            self._progress.finish()
        shutil.rmtree(self._folder.ray, ignore_errors=True)
        running = any(trial.settings.phase is phase for trial in self._history.running())
        return not running and all(cell.proposed >= cell.planned for cell in proposals.values())


def _key(trial: Any) -> str:
    """Return Tune's name for a trial, which is ours."""
    return str(trial.config[KEY])
