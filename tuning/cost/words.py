"""What a study's cost is in words, and how its numbers are written."""

import math
from collections.abc import Mapping

from tuning.cost.evidence import Evidence
from tuning.cost.study import StudyCost
from tuning.durations import duration
from tuning.full_budget import EQUAL_PHASES
from tuning.records import Phase
from tuning.study import baseline, uneven_budgets, unmatched

_PREFIXES = ("", "k", "M", "G", "T", "P", "E", "Z", "Y")


def scaled(value: float, unit: str) -> str:
    """Write a large number with three digits and a prefix of the SI.

    Args:
        value: 0 or more.
        unit: what is counted.

    Returns:
        The text.

    Example:
        >>> scaled(650, "FLOP"), scaled(3_554_304, "FLOP"), scaled(999_600, "FLOP")
        ('650 FLOP', '3.55 MFLOP', '1.00 MFLOP')
    """
    if value < 1000:
        return f"{value:.0f} {unit}"
    power = 0
    while float(f"{value:.3g}") >= 1000 and power < len(_PREFIXES) - 1:
        value, power = value / 1000, power + 1
    digits = max(0, 2 - math.floor(math.log10(float(f"{value:.3g}"))))
    return f"{value:.{digits}f} {_PREFIXES[power]}{unit}"


def sentences(cost: StudyCost) -> list[str]:
    """Say what would be run, on how many images, with how many operations, and for how long.

    Args:
        cost: of the study.

    Returns:
        One text a subject.
    """
    work = f"{_work(cost)}\n{cost.study.search.repeatability}"
    return [
        work,
        *uneven_budgets(cost.study),
        *_confirmed(cost),
        _images(cost),
        *_evidence(cost),
        _operations(cost),
        _time(cost),
    ]


def _work(cost: StudyCost) -> str:
    """Write the count so that it can be followed: what is trained = so many trainings, × epochs = so many epochs."""
    study = cost.study
    counted = _counted(len(cost.cells), "cell")
    if not uneven_budgets(study):
        trials, seeds = (cost.cells[0].trainings[phase] for phase in EQUAL_PHASES)
        budget = f"{_counted(trials, 'trial')} to tune + {_counted(seeds, 'seed')} to confirm"
        counted = " + ".join([f"{counted} × ({budget})", *_further(cost)])
    trainings = sum(sum(cell.trainings.values()) for cell in cost.cells)
    epochs = sum(cell.epochs(phase) for cell in cost.cells for phase in cost.phases)
    less = "; ".join(_less(cost))
    return (
        f"{counted} = {_counted(trainings, 'training')}, × {_counted(study.training.epochs, 'epoch')} = "
        f"{_counted(epochs, 'epoch')}{f' at most ({less})' if less else ''}"
    )


def _further(cost: StudyCost) -> list[str]:
    """Say what is trained beside the search and its confirmation, and how often."""
    study = cost.study
    seeds = _counted(study.confirm.seeds, "seed")
    cells = {phase: sum(phase in cell.trainings for cell in cost.cells) for phase in cost.phases}
    told = []
    if Phase.MATCHED in cells:
        at_rate = _counted(cells[Phase.MATCHED], "cell")
        told.append(f"up to {at_rate} × {seeds} at the learning rate of {_baseline(cost)}")
    if Phase.ABLATE in cells and study.ablate is not None:
        apart, factors = _counted(cells[Phase.ABLATE], "cell"), _counted(len(study.ablate.factors), "factor")
        told.append(f"{apart} × {factors} left out × {seeds}")
    return told


def _baseline(cost: StudyCost) -> str | None:
    """Return the condition at whose learning rate others are confirmed too."""
    return baseline(cost.study.confirm, cost.study.conditions)


def _counted(number: int, noun: str) -> str:
    return f"{number:,} {noun}" if number == 1 else f"{number:,} {noun}s"


def _less(cost: StudyCost) -> list[str]:
    """Say why less may be trained than is planned."""
    stopping = cost.study.search.early_stopping
    rule = [f"{stopping.name} stops some early"] if stopping.stops else []
    own = f"a cell that chooses the learning rate of {_baseline(cost)} itself is not trained at it again"
    return [*rule, own] if Phase.MATCHED in cost.phases else rule


def _confirmed(cost: StudyCost) -> list[str]:
    """Say which numbers of a cell's are which, and who is not confirmed at the baseline's learning rate."""
    if len(cost.phases) == len(EQUAL_PHASES):
        return []
    study = cost.study
    words = {
        Phase.TUNE: "of the search",
        Phase.CONFIRM: "of the confirmation",
        Phase.MATCHED: f"at the learning rate of {_baseline(cost)}",
        Phase.ABLATE: "without a factor",
    }
    told = f"Trials and epochs of a cell: {' + '.join(words[phase] for phase in cost.phases)}."
    return [told, *unmatched(study.confirm, study.cells).values()]


def _images(cost: StudyCost) -> str:
    dataset_info, dataset = cost.dataset_info, cost.study.dataset
    trained, held_out = dataset_info.split(dataset)
    shape = "×".join(map(str, dataset_info.input_shape))
    assumed = (
        f" These numbers are CIFAR-10's, assumed because {dataset.path} is not there." if dataset_info.assumed else ""
    )
    told = "".join(f" {remark}" for remark in dataset_info.remarks)
    return (
        f"Images of {shape}: an epoch trains on {trained:,} and validates on {held_out:,}; in the confirmation "
        f"{dataset_info.test_images:,} of the test part are evaluated too.{assumed}{told}"
    )


def _evidence(cost: StudyCost) -> list[str]:
    """Say which p and which difference the seeds can show at all."""
    shown = cost.evidence
    if shown is None:
        return []
    said = f"Evidence: {_counted(shown.seeds, 'seed')} can give no sign-flip p below {shown.smallest:.3g}"
    if shown.comparisons > 1:
        said += f", and after Holm's rule over {shown.comparisons} comparisons with {shown.baseline} none below "
        said += f"{shown.least:.3g}"
    if shown.seeds < shown.enough:
        said += f": no test can reach 0.05, as it can from {shown.enough} seeds on"
    return [f"{said}. {_seen(shown)}"]


def _seen(shown: Evidence) -> str:
    low, high = (100 * difference for difference in shown.detectable)
    if math.isnan(low):
        return "One seed tells no difference from chance."
    points = f"{low:.2g} points" if f"{low:.2g}" == f"{high:.2g}" else f"{low:.2g} to {high:.2g} points"
    of = (
        "as the paired differences of the study of that name spread"
        if shown.spreads
        else "where paired differences spread by 1 point, assumed for want of an earlier study of that name"
    )
    more = "; Holm's rule asks for more" if shown.comparisons > 1 else ""
    return (
        f"The smallest true difference that a t-test at 0.05 finds in them four times in five is {points}, {of} in "
        f"{shown.store}{more}."
    )


def _operations(cost: StudyCost) -> str:
    return (
        f"Operations: {scaled(cost.operations, 'FLOP')} together. Counted are the matrix products and convolutions of "
        "training (forward and backward) and of evaluation, a multiply-add as two operations; optimizer, regularizer "
        "and measuring are not."
    )


def _time(cost: StudyCost) -> str:
    one_by_one = cost.seconds
    if one_by_one is None:
        return "Time: not estimated. --time times some steps on this machine, --tflops states a speed instead."
    there = _resources(cost.available)
    if cost.slots == 0:
        wanted = _resources(cost.study.resources.wanted)
        said = (
            f"Time: about {duration(one_by_one)} with one trial after the other. On {there} none fits, for a trial "
            f"takes {wanted}: say with --cpus and --gpus what there will be."
        )
    else:
        trials = "1 trial" if cost.slots == 1 else f"{cost.slots} trials"
        rest = "" if cost.slots == 1 else f", {duration(one_by_one)} one after the other"
        said = f"Time: about {duration(cost.elapsed(cost.slots) or 0.0)} with {trials} at a time ({there}){rest}."
    return f"{said} {_source(cost)}"


def _source(cost: StudyCost) -> str:
    less = " Early stopping makes it less." if cost.study.search.early_stopping.stops else ""
    if cost.timed_on is None:
        said = f"From the operations at {cost.tflops:g} TFLOP/s a trial, as stated; what is not counted comes on top."
    else:
        said = (
            f"From some training steps of every cell, and an evaluation and a measurement of every architecture, timed "
            f"alone on {cost.timed_on} with images of noise. Ray's own time between trials comes on top, and trials "
            "side by side slow each other down."
        )
    return said + less


def _resources(amounts: Mapping[str, float]) -> str:
    """Write "2 CPUs and 0 GPUs"."""
    return " and ".join(f"{amount:g} {name}{'' if amount == 1 else 's'}" for name, amount in amounts.items())
