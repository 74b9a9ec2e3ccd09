"""Everything that is trained with frozen settings: which trials, once it is known what each cell has chosen."""

from collections.abc import Mapping

from tuning.records import CONFIRMATIONS, Phase
from tuning.settings.trial_settings import TrialSettings
from tuning.study.ablation import ablated_cells, ablations
from tuning.study.cell import Values
from tuning.study.matched import matched, matched_cells
from tuning.study.study import Study

Trials = dict[Phase, dict[str, list[TrialSettings]]]
"""By phase (each of `CONFIRMATIONS`, in their order) and cell."""


def confirmation_trials(study: Study, chosen: Mapping[str, Values]) -> Trials:
    """Return every trial that is confirmed: the chosen settings, at the baseline's learning rate, without each factor.

    Trials of one index have one seed, in all phases and cells: initialization, data order, split and augmentation are
    the same in all of them, and vary from index to index.

    Args:
        study: what is compared, and how.
        chosen: by cell, the searched values that are frozen; a cell without them has nothing to confirm.

    Returns:
        Seed by seed, so that what is cut short has come equally far everywhere.
    """
    trials: Trials = {phase: {} for phase in CONFIRMATIONS}
    seeds = range(study.confirm.seeds)
    for cell in study.cells:
        if cell.key in chosen:
            own = [cell.settings(Phase.CONFIRM, index, chosen[cell.key]) for index in seeds]
            trials[Phase.CONFIRM][cell.key] = own
    for cell, plain in matched_cells(study.confirm, study.cells):
        at_rate = [settings for index in seeds if (settings := matched(cell, plain, chosen, index)) is not None]
        if at_rate:
            trials[Phase.MATCHED][cell.key] = at_rate
    ablate = study.ablate
    for cell in ablated_cells(ablate, study.cells):
        if ablate is not None and cell.key in chosen:
            without = [settings for index in seeds for settings in ablations(ablate, cell, chosen[cell.key], index)]
            trials[Phase.ABLATE][cell.key] = without
    return trials


def confirmations_planned(study: Study) -> dict[Phase, dict[str, int]]:
    """Return how many trials of each confirmation phase a cell is planned to have, before anything is chosen.

    Args:
        study: what is compared, and how.

    Returns:
        By phase and cell, without zeros. Of ``matched`` it is the most there can be: a cell that chooses the baseline's
        learning rate itself needs no further trial at it.
    """
    seeds, factors = study.confirm.seeds, study.ablate.factors if study.ablate else {}
    return {
        Phase.CONFIRM: {cell.key: seeds for cell in study.cells},
        Phase.MATCHED: {cell.key: seeds for cell, _ in matched_cells(study.confirm, study.cells)},
        Phase.ABLATE: {cell.key: seeds * len(factors) for cell in ablated_cells(study.ablate, study.cells)},
    }
