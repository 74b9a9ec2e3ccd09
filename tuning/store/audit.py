"""Whether a store holds what the journal tells: run by run, asked once a study, not once a point.

A data base counts the points of all runs in one query. A tracking server cannot, and is believed the number that
each run has been given as a tag when it ended, after its points, together with the last epoch that it shows: a store
that was put back to an older state was put back with its tags.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from tuning.records import Phase
from tuning.store.artifacts import local_folder
from tuning.store.batches import shortened
from tuning.store.census import Seen
from tuning.store.ledger import Ledger, RunState
from tuning.store.sender import POINTS
from tuning.store.tables import FILES, Tables, sizes

NOT_THERE = "is not there"


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What a store has of a study.

    Attributes:
        runs: those that are there, by key.
        lacking: why a run is not what the journal tells, by key; such a run is sent again, whole.
        mixed: those of them that hold points that no trial of ours has reported: they are replaced.
        strangers: runs that the journal does not know.
        points: how many numbers the runs hold that are whole.
        files: how many files.
    """

    runs: Mapping[str, Seen]
    lacking: Mapping[str, str]
    mixed: frozenset[str]
    strangers: Sequence[Seen]
    points: int
    files: int


@dataclass
class _Found:
    runs: dict[str, Seen] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)
    strangers: list[Seen] = field(default_factory=list)


def audit(ledger: Ledger, seen: Iterable[Seen], tables: Tables) -> Audit:
    """Compare a store with the journal.

    Args:
        ledger: the journal, folded.
        seen: the runs of the study's experiment.
        tables: the files that are kept beside the journal.

    Returns:
        What there is and what is lacking.
    """
    found = _matched(ledger, seen)
    waiting = tables.waiting()
    lacking: dict[str, str] = {}
    mixed: set[str] = set()
    for key, state in ledger.runs.items():
        run = found.runs.get(key)
        if run is None:
            lacking[key] = NOT_THERE
            continue
        if run.points is not None and run.points > state.points:
            mixed.add(key)
        problems = _differences(state, run, tables, waiting=key in waiting)
        reason = "is there twice" if key in found.twice else next(problems, None)
        if reason is not None:
            lacking[key] = reason
    complete = [key for key in found.runs if key not in lacking]
    return Audit(
        runs=found.runs,
        lacking=lacking,
        mixed=frozenset(mixed),
        strangers=found.strangers,
        points=sum(ledger[key].points for key in complete),
        files=sum(len(sizes(found.runs[key].tags.get(FILES))) for key in complete),
    )


def _matched(ledger: Ledger, seen: Iterable[Seen]) -> _Found:
    """Find the run of each key; two of the same study are told apart by the millisecond of their start."""
    found = _Found()
    others = []
    for run in seen:
        key = run.tags.get("trial_key", "")
        if key in ledger and ledger[key].start.time_ms == run.start_ms:
            if key in found.runs:
                found.twice.add(key)
            found.runs[key] = max(run, found.runs.get(key, run), key=lambda one: (one.points or 0, one.run_id))
        elif run.tags.get("phase") != Phase.SUMMARY:
            others.append(run)  # perhaps one of ours whose tags were edited
    missing = {state.start.time_ms: key for key, state in ledger.runs.items() if key not in found.runs}
    for run in others:
        edited = missing.pop(run.start_ms, None)  # its tags were edited; they are sent again
        if edited is not None:
            found.runs[edited] = run
        elif "trial_key" in run.tags:  # without it, a run is no trial, and whose ever it may be
            found.strangers.append(run)
    return found


def _differences(state: RunState, run: Seen, tables: Tables, *, waiting: bool) -> Iterator[str]:
    """Yield in what a run differs from what the journal tells of it."""
    if run.status != state.status or (state.ended and run.end_ms != state.end_ms):
        yield f"is {run.status} there and {state.status} here"
    edited = [name for name, value in shortened(state.tags).items() if run.tags.get(name) != value]
    if edited:
        yield f"has other tags ({', '.join(edited[:5])})"
    if run.params < len(state.params):
        yield "lacks parameters"
    yield from _of_points(state, run)
    if state.ended:
        yield from _of_files(state, run, tables, waiting=waiting)


def _of_points(state: RunState, run: Seen) -> Iterator[str]:
    if run.points is not None:
        if run.points != state.points:
            yield f"has {run.points} of {state.points} points"
        return
    stated = run.tags.get(POINTS)
    if state.ended and stated is not None and stated != str(state.points):
        yield f"has {stated} of {state.points} points"
    if run.last_epoch is not None and run.last_epoch < state.last_epoch:
        yield f"has {run.last_epoch} of {state.last_epoch} epochs"


def _of_files(state: RunState, run: Seen, tables: Tables, *, waiting: bool) -> Iterator[str]:
    """Yield what is the matter with a run's tables; what older versions have stored is not stated by a tag.

    Where the store keeps them on this machine they are looked at themselves.
    """
    stated, key = sizes(run.tags.get(FILES)), state.start.key
    if waiting:
        yield "lacks files that are still here"
    if state.measured and not stated:
        yield "lacks its files"
    kept = tables.sizes(key)
    if stated and kept and kept != stated:
        yield "has other files"
    folder = local_folder(run.artifact_uri)
    if folder is not None:
        there = {name: (folder / name).stat().st_size if (folder / name).is_file() else None for name in stated}
        if there != stated:
            yield "lacks files that it was given"
