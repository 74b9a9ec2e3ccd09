"""The example studies of the documentation."""

from tests.root import ROOT

EXAMPLES = sorted((ROOT / "docs" / "examples").glob("*.yaml"))
