"""A study that also confirms at the baseline's learning rate and without each factor."""

from tests.analysis.accuracies import asked_for, runs
from tests.analysis.conftest import in_memory


def distinct(made):
    """Keys as the engine gives them: the factor is part of its runs'."""
    return [run if run.ablated == "nothing" else vary(run) for run in made]


def vary(run):
    return type(run)(**{**vars(run), "named": f"{run.key}__{run.ablated}"})


WHOLE = [0.90, 0.92, 0.94]


FACTORS = {
    "initialization": {"initialization": "default"},
    "optimizer": {"optimizer": {"name": "sgd", "momentum": 0.9}, "learning_rate": 0.1},
    "start": {"initialization": "mup"},
    "layers": {"where": None},
}


CONFIRMED = [
    *runs("confirm", "baseline", [0.80, 0.81, 0.82], learning_rate=0.01),
    *runs("confirm", "full", WHOLE, learning_rate=0.1),
]


BESIDE = [
    *runs("matched", "full", [0.81, 0.82, 0.83], learning_rate=0.01),
    *runs("ablate", "full", [0.85, 0.87, 0.89], ablated="initialization"),
    *runs("ablate", "full", [0.95, 0.97, 0.99], ablated="optimizer"),
    *runs("ablate", "full", [0.91, 0.90, None], ablated="start"),
    *runs("ablate", "full", [0.94], ablated="layers"),
]


STUDY = asked_for(in_memory(distinct([*CONFIRMED, *BESIDE])), baseline="baseline", factors=FACTORS)


def chosen_alike(architecture):
    return [
        *runs("confirm", "baseline", [0.80, 0.81, 0.82], learning_rate=0.01, architecture=architecture),
        *runs("confirm", "full", WHOLE, learning_rate=0.01, architecture=architecture),
    ]
