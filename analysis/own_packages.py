"""Imported first, this lets the process take our packages from beside this one: see `tuning.own_packages`.

That file is run by its path, for its own package is not to be looked for before it has run.
"""

import runpy
from pathlib import Path

runpy.run_path(str(Path(__file__).resolve().parents[1] / "tuning" / "own_packages.py"))
