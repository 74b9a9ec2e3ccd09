"""What a machine that only trains must have: nothing that reads studies, proposes settings or draws tables."""

import subprocess
import sys

import pytest

STRANGERS = ("pydantic", "yaml", "optuna", "scipy", "mlflow", "ray", "rich", "pandas", "matplotlib")


def loaded(module):
    """The packages that a fresh process has loaded once it has imported a module."""
    code = f"import sys, {module}; print(*{{name.partition('.')[0] for name in sys.modules}})"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    return set(done.stdout.split())


@pytest.mark.parametrize(
    "module", ["tuning.settings", "tuning.baseline", "tuning.full_budget", "tuning.nearest", "tuning.whole_files"]
)
def test_settings_and_the_rules_that_all_rooms_share_load_none_of_the_large_packages(module):
    found = loaded(module)
    assert found.isdisjoint(STRANGERS)
    assert ("torch" in found) == (module == "tuning.settings")
