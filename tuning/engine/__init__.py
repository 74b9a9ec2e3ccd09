"""Studies on Ray: the only room that imports it. Its door is `tuning.engine.runner`.

A worker imports what trains and no more, and it comes through this file: nothing else is imported here.
"""

import tuning.own_packages  # ruff: ignore[unused-import]  # first, and in Ray's workers too
