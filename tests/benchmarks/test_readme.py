"""The tables in the documentation are those of the kept measurements."""

import json
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from benchmarks import (
    adaptive_search,
    bounds_in_training,
    constraint_overhead,
    faulty_network,
    growth,
    long_trial,
    measuring,
    opening,
    spectra,
    time_left,
)

FOLDER = Path(bounds_in_training.__file__).parent
TABLES: dict[str, Callable[[Any], str]] = {
    "constraint_overhead": constraint_overhead.markdown,
    "bounds_in_training": bounds_in_training.markdown,
    "spectra": spectra.markdown,
    "measuring": measuring.markdown,
    "long_trial": long_trial.markdown,
    "opening": opening.markdown,
    "faulty_network": faulty_network.markdown,
    "growth": growth.markdown,
    "adaptive_search": adaptive_search.markdown,
    "time_left": time_left.markdown,
}
RESULTS = sorted((FOLDER / "results").glob("*.json"))


@pytest.mark.parametrize("path", RESULTS, ids=lambda path: path.stem)
def test_every_kept_measurement_is_shown_as_it_was_measured(path: Path) -> None:
    table = TABLES[path.stem.split("-")[0]]
    assert table(json.loads(path.read_text())).strip() in (FOLDER / "README.md").read_text()


def test_there_are_measurements_of_every_benchmark() -> None:
    assert {path.stem.split("-")[0] for path in RESULTS} == set(TABLES)
