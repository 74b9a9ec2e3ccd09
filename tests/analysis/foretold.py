"""Trials of which one measure decides how they end."""

import itertools

import numpy as np

from tests.analysis import planted
from tuning import records

EPOCHS = (0, 1, 2, 3)


CELLS = tuple(itertools.product(planted.ARCHITECTURES, planted.CONDITIONS))


def study(seed=19, trials=6, seeds=4):
    """Trials whose validation accuracy is minus the norm at the end; early norms know it less and less well.

    The effective rank is the architecture's alone, and the draw's learning rate is the same for every cell.
    """
    rng = np.random.default_rng(seed)
    runs = []
    for (architecture, condition), (phase, number) in itertools.product(CELLS, (("tune", trials), ("confirm", seeds))):
        for index in range(number):
            norm = 1.0 + rng.uniform()
            level = planted.ARCHITECTURES.index(architecture)
            epochs = {
                epoch: {
                    records.SPECTRAL_NORM_MAX: norm + 0.2 * (3 - epoch) * rng.normal(),
                    records.EFFECTIVE_RANK_MEAN: 10.0 * level + rng.uniform(),
                    records.RANK_MEAN: 8.0,
                }
                for epoch in EPOCHS
            }
            epochs[3] |= {records.VAL_ACCURACY: 0.5 + 0.2 * level - 0.1 * norm, records.GAP_ACCURACY: 0.1 * norm}
            if phase == "confirm":
                epochs[3][records.TEST_ACCURACY] = 0.5 - 0.1 * norm
            runs.append(
                planted.run(
                    epochs,
                    phase=phase,
                    architecture=architecture,
                    condition=condition,
                    index=index,
                    learning_rate=0.001 * (index + 1) if phase == "tune" else 0.001,
                )
            )
    return runs
