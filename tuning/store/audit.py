"""Whether a store holds what the journal tells: run by run, asked once a study, not once a point.

A data base counts the points of all runs in one query. A tracking server cannot: of it is believed the number that each
run was given as a tag when it ended, after its points, for a store that was put back was put back with its tags; a run
that has none, and was not sent in this session, is sent again.
"""

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

from tuning.records import FILES, Phase
from tuning.store.artifacts import local_folder
from tuning.store.batches import shortened
from tuning.store.census import Seen
from tuning.store.ledger import Ledger, RunState
from tuning.store.sender import POINTS
from tuning.store.tables import TABLES, Tables, sha256s, sizes

NOT_THERE = "is not there"
NOT_STATED = "does not state its files"
"""What is said of every run that a version has stored which did not state them."""

NOT_KNOWN = "may lack points"
"""What is said of a run of a server that was broken off."""


@dataclass(frozen=True, kw_only=True)
class Audit:
    """What a store was found to have of a study, compared with what its journal tells.

    Attributes:
        runs: those that are there, by key.
        lacking: why a run is not what the journal tells, by key; such a run is sent again, whole.
        mixed: those of them that hold points that no trial of ours has reported: they are replaced.
        ahead: those that hold more than the journal tells, because it is older than the store.
        strangers: runs that the journal does not know.
        counted: how many numbers each run holds that is whole.
        files: how many files these hold.
    """

    runs: Mapping[str, Seen]
    lacking: Mapping[str, str]
    mixed: frozenset[str]
    ahead: frozenset[str]
    strangers: Sequence[Seen]
    counted: Mapping[str, int]
    files: int


@dataclass
class _Found:
    runs: dict[str, Seen] = field(default_factory=dict)
    twice: set[str] = field(default_factory=set)
    strangers: list[Seen] = field(default_factory=list)


def audit(
    ledger: Ledger,
    seen: Iterable[Seen],
    tables: Tables,
    *,
    sent: Mapping[str, int] | None = None,
    stored: Callable[[Seen], Mapping[str, str] | None] | None = None,
) -> Audit:
    """Compare a store with the journal.

    Args:
        ledger: the journal, folded.
        seen: the runs of the study's experiment.
        tables: the files that are kept beside the journal.
        sent: how many numbers this session knows of each run to be there, where the store does not count.
        stored: looks at the files of a run where they lie, and returns their digests by name, None where it cannot;
            left out, those on this machine are looked at for their size.

    Returns:
        What there is and what is lacking.
    """
    found = _matched(ledger, seen)
    waiting = tables.waiting()
    lacking: dict[str, str] = {}
    mixed: set[str] = set()
    ahead: set[str] = set()
    for key, state in ledger.runs.items():
        run = found.runs.get(key)
        if run is None:
            lacking[key] = NOT_THERE
            continue
        if _holds_more(state, run):
            (mixed if run.tags.get(POINTS) == str(state.points) else ahead).add(key)
        problems = itertools.chain(
            ["is there twice"] * (key in found.twice),
            _differences(state, run),
            _of_points(state, run, (sent or {}).get(key)),
            _of_files(state, run, tables, waiting=key in waiting, stored=stored) if state.ended else (),
        )
        reason = next(iter(problems), None)
        if reason is not None:
            lacking[key] = reason
    complete = [key for key in found.runs if key not in lacking]
    return Audit(
        runs=found.runs,
        lacking=lacking,
        mixed=frozenset(mixed),
        ahead=frozenset(ahead),
        strangers=found.strangers,
        counted={key: ledger[key].points for key in complete},
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
            found.runs[key] = max(
                run, found.runs.get(key, run), key=lambda candidate: (candidate.points or 0, candidate.run_id)
            )
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


def _holds_more(state: RunState, run: Seen) -> bool:
    """Return whether a run has more numbers than the journal tells of."""
    stated = run.tags.get(POINTS, "")
    if stated.isdecimal() and int(stated) > state.points:
        return True
    if run.points is not None:
        return run.points > state.points
    return run.last_epoch is not None and run.last_epoch > state.last_epoch


def _differences(state: RunState, run: Seen) -> Iterator[str]:
    """Yield in what a run differs from what the journal tells of it."""
    if run.status != state.status or (state.ended and run.end_ms != state.end_ms):
        yield f"is {run.status} there and {state.status} here"
    edited = [name for name, value in shortened(state.tags).items() if run.tags.get(name) != value]
    if edited:
        yield f"has other tags ({', '.join(edited[:5])})"
    if run.params < len(state.params):
        yield "lacks parameters"


def _of_points(state: RunState, run: Seen, sent: int | None) -> Iterator[str]:
    """Yield what is the matter with a run's points, counted by the store or known otherwise.

    A group of points that was broken off reaches a server in part, so that its last epoch says nothing: a run that has
    not stated its number is whole only as far as this session has sent it.
    """
    if run.points is not None:
        known: str | int | None = run.points
    elif state.ended:
        known = run.tags.get(POINTS, sent)
    else:
        known = sent
    if known is None:
        yield NOT_KNOWN
    elif str(known) != str(state.points):
        yield f"has {known} of {state.points} points"
    if run.last_epoch is not None and run.last_epoch < state.last_epoch:
        yield f"has {run.last_epoch} of {state.last_epoch} epochs"


def _of_files(
    state: RunState,
    run: Seen,
    tables: Tables,
    *,
    waiting: bool,
    stored: Callable[[Seen], Mapping[str, str] | None] | None,
) -> Iterator[str]:
    """Yield what is the matter with a run's tables."""
    stated = sizes(run.tags.get(FILES))
    if waiting:
        yield "lacks files that are still here"
    if state.measured and not stated.keys() >= set(TABLES):
        yield NOT_STATED
    kept = tables.sizes(state.start.key)
    if stated and kept and kept != stated:
        yield "has other files"
    if stored is not None:
        there = stored(run)
        if there is not None and there != sha256s(run.tags.get(FILES)):
            yield "lacks files that it was given"
        return
    folder = local_folder(run.artifact_uri)
    if folder is not None and stated != _sizes_in(folder, stated):
        yield "lacks files that it was given"


def _sizes_in(folder: Path, names: Iterable[str]) -> dict[str, int]:
    return {name: (folder / name).stat().st_size for name in names if (folder / name).is_file()}
