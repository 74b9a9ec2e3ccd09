"""Every condition at the baseline's learning rate, as a table."""

from collections.abc import Sequence

from analysis.findings.matched import AtRate, Matched
from analysis.notation import listed, percent, points, setting
from analysis.words.paired_seeds import EACH_ALONE, seeds_counted
from tuning.sheets.sheet import Row, Sheet, folding
from tuning.sheets.written import NOTHING


def matched_sheet(found: Sequence[Matched]) -> Sheet:
    """Set out what is left of each difference at one learning rate.

    Args:
        found: at least one architecture's.

    Returns:
        The table, of the architectures where it is not the comparison once more.
    """
    plain = found[0].baseline
    groups = {
        matched.architecture: [_row(at_rate, plain) for at_rate in matched.conditions]
        for matched in found
        if not matched.repeated
    }
    left_out = list(dict.fromkeys(name for matched in found for name in matched.left_out))
    notes = [
        f"Each setting as tuned, but for its learning rate, on the same seeds. Differences from {plain} are in points. "
        + EACH_ALONE
    ]
    notes = (notes if groups else []) + [_repeated(matched) for matched in found if matched.repeated]
    if left_out:
        notes.append(f"Not trained at it: {listed(left_out)}; another optimizer, a fixed learning rate, or not run.")
    return Sheet(
        name="matched",
        title=f"At the learning rate of {plain}, does it still differ?",
        columns=folding(
            "condition", "own learning rate", "accuracy % there", f"at that of {plain}", "difference", "seeds"
        ),
        groups=groups,
        notes=tuple(notes),
    )


def _row(at_rate: AtRate, plain: str) -> Row:
    return (
        at_rate.condition,
        setting(at_rate.own_rate),
        percent(at_rate.own),
        percent(at_rate.test_accuracy),
        NOTHING if at_rate.condition == plain else points(at_rate.difference.interval),
        seeds_counted(at_rate.test_accuracy, at_rate.runs),
    )


def _repeated(matched: Matched) -> str:
    """Say that a table would be the comparison once more."""
    others = [at_rate.condition for at_rate in matched.conditions if at_rate.condition != matched.baseline]
    if not others:
        return f"On {matched.architecture} no other condition was trained at the learning rate of {matched.baseline}."
    rate = setting(matched.learning_rate)
    chose = f"{listed(others)} chose the learning rate of {matched.baseline} ({rate}) in the search"
    return f"On {matched.architecture} {chose}: the comparison is at one learning rate already."
