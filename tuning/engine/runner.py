"""A study from its first trial to its last confirmation."""

import logging
from collections.abc import Generator, Mapping, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

from rich.console import Console
from rich.markup import escape

from tuning import logs
from tuning.content import Content
from tuning.engine.cluster.head_watch import HeadWatch, NodeLostError
from tuning.engine.cluster.ray_session import is_local, ray_session
from tuning.engine.conductor import Session, conduct
from tuning.engine.preflight import check_folder, check_lasting, check_machine, check_resources, check_study
from tuning.engine.slots.sharing import Sharing
from tuning.engine.slots.slots import Slots
from tuning.engine.state.choice import frozen_trials, undecided
from tuning.engine.state.folder import StudyFolder
from tuning.engine.state.growth import outdated, outgrow
from tuning.engine.state.history import History
from tuning.engine.state.problems import problems
from tuning.engine.state.provenance import made_by
from tuning.engine.tune.callback import OtherDataError
from tuning.engine.tune.keeping_watch import KeepingLostError
from tuning.engine.view.progress import Progress
from tuning.engine.view.store_watch import StoreWatch
from tuning.engine.view.time_left import TimeLeft
from tuning.records import Phase
from tuning.store import StoreWriter, WriterReport, is_begun, lock_folder, resolve_tracking_uri, set_aside
from tuning.study import Study, planned_trials
from tuning.trial import data_remarks

_log = logging.getLogger("spectune.engine")

STORE_SECONDS = 30.0
"""How long the end of a study waits for a store that takes nothing; what is then unsent is sent by the next run, or by
`python -m tuning replay`."""


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a study has ended.

    Attributes:
        problems: one line each; empty where every planned trial ended well and the store has everything.
        folder: where the journal lies.
        stored: what the store has, by its own word; None where that is not all, which a problem then says.
        page: where MLflow's pages show every run; None where the store has never been reached.
    """

    problems: tuple[str, ...]
    folder: Path
    stored: str | None
    page: str | None


def run(
    study: Study, *, tracking_uri: str | None, storage: Path, address: str | None, fresh: bool, console: Console
) -> Outcome:
    """Tune every cell, choose, confirm, and keep every record; continue where an earlier run has stopped.

    Args:
        study: what is compared, and how.
        tracking_uri: the store; None for MLflow's own default.
        storage: the folder below which the study's folder lies; on a cluster, a disk that all nodes share.
        address: of a Ray cluster; None for a local Ray.
        fresh: begin anew; what is stored so far is kept under another name.
        console: for the live view.

    Returns:
        How it ended.

    Raises:
        ValueError: before any trial has started: where data, store, folder, cluster or study do not fit.
        KeyboardInterrupt: where a signal has ended it, with its runs closed; run again, it goes on.
    """
    folder = StudyFolder(storage.absolute() / study.name)
    check_lasting(storage, tracking_uri)
    check_folder(folder.path)
    store = resolve_tracking_uri(tracking_uri)  # a mistyped one is told before anything takes time
    with (
        _FolderLock(study.name, folder.path) as lock,  # before anything is read that another process may write
        logs.kept_in(folder.path, warn=lambda line: console.print(escape(line), highlight=False, soft_wrap=True)),
    ):
        _log.info("session of %s in %s, store %s: %s", study.name, folder.path, store, made_by())
        if not fresh:
            folder.refuse_another(study)
        history = History()
        if not fresh:
            history.recall(folder.journal)
        superseded, finished = outgrow(study, history), _is_finished(study, history)
        if not finished and is_local(address):
            check_machine(study)
        time_left = TimeLeft(study, history)
        progress = Progress(study, history, console, time_left.outlook)
        with progress.preparing("checking the data set and the models"):
            content = check_study(study)
        progress.say(*data_remarks(study.dataset))
        if fresh:
            progress.say(*_set_aside(study, tracking_uri, folder, lock))
        folder.refuse_other_images(content)
        whole = folder.whole(study, None if finished else content)
        prepared = _Prepared(study, folder, history, progress, time_left, content, whole, superseded)
        return _kept_and_told(prepared, tracking_uri, address, lock, finished=finished)


def _kept_and_told(
    prepared: "_Prepared", tracking_uri: str | None, address: str | None, lock: "_FolderLock", *, finished: bool
) -> Outcome:
    """Run what is left of a study, and return how it has ended and what the store has of it."""
    study, history, progress = prepared.study, prepared.history, prepared.progress
    reports: list[WriterReport] = []
    broken: list[str] = []
    with ThreadPoolExecutor(1) as pool:
        # MLflow's import and first connection take seconds, Ray's start does too: side by side.
        opening = pool.submit(StoreWriter, study.name, tracking_uri, prepared.folder.path, prepared.whole, lock.held)
        with _closed_at_the_end(prepared, opening, reports):
            if finished:
                progress.nothing_left(len(history.trials))
                progress.say(*filter(None, (opening.result().away,)))
            else:
                try:
                    prepared.conduct(opening, address)
                except (NodeLostError, KeepingLostError, OtherDataError, OSError) as error:
                    _log.info("the study has broken off", exc_info=True)
                    broken.append(
                        f"the study has broken off ({error}); the same command goes on where this one stopped"
                    )
    (report,) = reports
    kept = [] if report.complete else [str(report)]
    if report.lost is not None:
        broken, kept = kept, []  # with what has become of the folder
    return Outcome(
        problems=(*broken, *problems(study, history), *kept),
        folder=prepared.folder.path,
        stored=str(report) if report.complete else None,
        page=report.page,
    )


@dataclass(frozen=True)
class _Prepared:
    """A study between this run of it and the last: its settings, where it lies, what was done."""

    study: Study
    folder: StudyFolder
    history: History
    progress: Progress
    time_left: TimeLeft
    content: Content
    whole: Mapping[str, Any]
    superseded: Sequence[str]

    def conduct(self, opening: "Future[StoreWriter]", address: str | None) -> None:
        """Start Ray, and run all phases to their end.

        Raises:
            RuntimeError: for what would look like a user's mistake, which all were found before the first trial.
        """
        with ExitStack() as stack:
            with self.progress.preparing("opening the store and starting Ray"):
                cluster = stack.enter_context(ray_session(address))
                _log.info("cluster: %s", cluster.capacity())
                check_resources(self.study, cluster)
                writer = opening.result()
            self.progress.say(*self.folder.other_versions())
            self.folder.keep(self.whole)
            for key in self.superseded:
                writer.supersede(key)
                self.folder.forget(key)
            self.progress.say(*writer.news())
            self.progress.watch(StoreWatch(lambda: writer.trouble))
            if writer.away is not None:
                self.progress.say(f"{writer.away}. It has been reached before: trials go on, and the journal keeps all")
            self.progress.say(self.study.search.repeatability)
            self.progress.going_on()
            sharing = Sharing()
            stack.callback(sharing.leave)
            session = Session(
                study=self.study,
                folder=self.folder,
                history=self.history,
                writer=writer,
                progress=self.progress,
                time_left=self.time_left,
                slots=Slots(self.study, cluster, sharing),
                head_watch=HeadWatch(cluster),
                content=self.content.key,
            )
            try:
                conduct(session)
            except ValueError as error:
                raise RuntimeError("the study has stopped on an error of ours; run again, it goes on") from error


def _is_finished(study: Study, history: History) -> bool:
    """Return whether every planned trial has ended; a cell that has nothing to confirm plans no confirmation."""
    for cell in study.cells:
        if sum(trial.ended for trial in history.of(cell.key, Phase.TUNE)) < planned_trials(study, cell, Phase.TUNE):
            return False
    if undecided(study, history) or outdated(study, history):
        return False
    ended = {key for key, trial in history.trials.items() if trial.ended}
    planned = (trials for cells in frozen_trials(study, history).values() for trials in cells.values())
    return all(settings.key in ended for trials in planned for settings in trials)


def _set_aside(study: Study, tracking_uri: str | None, folder: StudyFolder, lock: "_FolderLock") -> list[str]:
    """Rename what the study has stored so far, and return where it is now, a line each."""
    suffix = f"(until {datetime.now(UTC):%Y-%m-%d %H.%M.%S})"
    _close_open_runs(study, tracking_uri, folder, lock)
    kept = {"experiment": set_aside(study.name, tracking_uri, suffix, folder.path), "folder": folder.set_aside(suffix)}
    if kept["folder"] is not None:
        lock.renew()
    return [f"kept the {what} of the results so far as {name}" for what, name in kept.items() if name is not None]


def _close_open_runs(study: Study, tracking_uri: str | None, folder: StudyFolder, lock: "_FolderLock") -> None:
    """Leave no run as if it were running of a study that was killed and does not go on."""
    if not is_begun(folder.path):
        return
    with suppress(ValueError):  # a damaged journal, or one whose store is gone, is set aside as it is
        writer = StoreWriter(study.name, tracking_uri, folder.path, lock=lock.held)
        writer.close_open_runs()
        writer.close(STORE_SECONDS)


class _FolderLock:
    """The lock of a study's folder, held from before its journal is read to after it is closed."""

    def __init__(self, study: str, folder: Path) -> None:
        self._study, self._folder = study, folder

    def __enter__(self) -> "_FolderLock":
        self.held = lock_folder(self._study, self._folder)
        return self

    def __exit__(self, *_: object) -> None:
        self.held.release()

    def renew(self) -> None:
        """Lock the folder that comes in the place of one that was set aside with its lock."""
        self.held.release()
        self.held = lock_folder(self._study, self._folder)


@contextmanager
def _closed_at_the_end(
    prepared: _Prepared, opening: "Future[StoreWriter]", reports: list[WriterReport]
) -> Generator[None]:
    """Close the store, if it was opened, whatever else went wrong, and say what was found in it."""
    try:
        yield
    finally:
        if opening.exception() is None:
            writer = opening.result()
            report = writer.close(STORE_SECONDS)
            reports.append(report)
            prepared.progress.say(*writer.news())
            if report.lost is not None:
                prepared.folder.clear_debris()
