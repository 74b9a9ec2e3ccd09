"""The searches of one cell, their scores given."""

import numpy as np

from tests.analysis import planted, synthetic
from tuning import records

RATES = np.geomspace(1e-4, 0.1, 16).tolist()


STRENGTHS = np.geomspace(1e-5, 0.1, 16)[::-1].tolist()


SCORES = np.linspace(0.9, 0.6, 16).tolist()


def searched(scores=SCORES, reasons=None, **search):
    number = len(scores)
    runs = planted.searched(
        "mlp-small", "decay", scores, rates=RATES[:number], strengths=STRENGTHS[:number], reasons=reasons
    )
    return planted.tables(runs, **search)


def chosen(rate):
    run = synthetic.Run(
        phase="confirm", architecture="mlp-small", condition="decay", index=0, learning_rate=rate, strength=0.001
    )
    runs = planted.searched("mlp-small", "decay", SCORES, rates=RATES, strengths=STRENGTHS)
    return planted.tables([*runs, synthetic.with_records(run)])


def bounded():
    """Trials at (bound, accuracy): the second is beaten by the first, the last by the third."""
    points = [(1.0, 0.6), (2.0, 0.5), (3.0, 0.8), (4.0, 0.8)]
    return [
        planted.run(
            {1: {records.LIPSCHITZ_BOUND: bound, records.VAL_ACCURACY: score}},
            phase="tune", architecture="mlp-small", condition="decay", index=index,
        )
        for index, (bound, score) in enumerate(points)
    ]  # fmt: skip
