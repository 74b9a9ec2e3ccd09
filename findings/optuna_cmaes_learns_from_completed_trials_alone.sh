#!/usr/bin/env bash
# Optuna 5.0.0: CMA-ES takes no account of pruned trials, however many values they have reported.
#
# A good guess is that a sampler learns from whatever a trial has reported, as the TPE sampler of the same version does:
# it ranks pruned trials below completed ones by their last value. CMA-ES counts completed trials alone, towards its start
# and towards its generations. Where a rule stops most trials early, as successive halving does, a study of forty trials
# draws every one of them as if none had been before. A study that stops trials has to tell it of each as completed,
# with the value that it had when it was stopped.
#
# Output seen: "pruned: 0 of 40 proposed by CMA-ES; told as completed: 39 of 40".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'optuna==5.0.0' 'cmaes==0.13.1'
cd "$folder"
venv/bin/python - <<'PY'
import warnings

import optuna
from optuna.samplers import CmaEsSampler
from optuna.trial import TrialState

warnings.simplefilter("ignore")
optuna.logging.set_verbosity(optuna.logging.ERROR)


def proposed(state):
    study = optuna.create_study(sampler=CmaEsSampler(seed=0))
    for _ in range(40):
        trial = study.ask()
        x, y = trial.suggest_float("x", -1.0, 1.0), trial.suggest_float("y", -1.0, 1.0)
        value = x**2 + y**2
        trial.report(value, step=1)
        if state is TrialState.PRUNED:
            study.tell(trial, state=state)
        else:
            study.tell(trial, value)
    return sum(any(key.startswith("cma:") for key in trial.system_attrs) for trial in study.trials)


pruned, completed = proposed(TrialState.PRUNED), proposed(TrialState.COMPLETE)
print(f"pruned: {pruned} of 40 proposed by CMA-ES; told as completed: {completed} of 40")
assert pruned == 0 and completed >= 35
PY
