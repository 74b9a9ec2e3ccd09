#!/usr/bin/env bash
# WeightWatcher 0.7.7: below 20 eigenvalues the tail that the new objective chooses is overwritten.
#
# `WWFit.fit_powerlaw_smallN` takes the xmin of the smallest J = D − 0.868/√n and sets `alpha`, `xmin` and `D`.
# `WWFit.__init__` then takes the smallest D of all, as it did before, and sets them again. So what is given out is the
# bias-corrected exponent of the tail (8 values at least) of the smallest D, and J decides nothing. (Its sign would
# favour short tails, where the comment beside it speaks of encouraging long ones.)
#
# Output seen: "given out: D 0.1079 n 14, smallest J: D 0.1330 n 8".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'weightwatcher==0.7.7' 'torch==2.13.0'
cd "$folder"
venv/bin/python - <<'PY' | grep 'given out'
import numpy as np
from weightwatcher.WW_powerlaw import WWFit

for seed in range(100):
    data = np.random.default_rng(seed).pareto(2.0, 14) + 1
    fit = WWFit(data)
    chosen = int(np.argmin(fit.Js))
    given = int(np.argmin(fit.Ds))
    if chosen != given:
        assert fit.xmin == np.sort(data)[given] and fit.D == fit.Ds[given]
        n = len(data)
        print(f"given out: D {fit.D:.4f} n {n - given}, smallest J: D {fit.Ds[chosen]:.4f} n {n - chosen}")
        break
else:
    raise SystemExit("the smallest J is given out now")
PY
