import math

import pytest

from tuning.sheets.sheet import SIGN, Column, Mark, Sheet
from tuning.sheets.written import NOTHING, Written


@pytest.fixture
def sheet():
    """Two groups, of which the second is one row; a best row, an interval, a dash, names that are markup."""
    return Sheet(
        name="results",
        title="Which <b>?",
        columns=(
            Column(heading="condition", side="left"),
            Column(heading="test\naccuracy", long="accuracy on test data", unit="%", ranked=True),
            Column(heading="seeds"),
        ),
        groups={
            "a_b": [
                ("x|y", Written("50.0 ± 1.0", 50.00001, (49.0, 51.0)), "3"),
                ("<i>", Written("40.0", 40.0, (math.nan, math.nan)), "1"),
            ],
            "c": [("", Written(NOTHING, math.nan, None), NOTHING)],
        },
        marks={("a_b", "x|y"): Mark.BEST},
        legend=f"{SIGN}: the highest.",
        notes=("A note_d.",),
        leaving=("seeds",),
    )
