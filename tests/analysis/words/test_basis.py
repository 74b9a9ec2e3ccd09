"""What is said of runs that do not rest on the same images or versions."""

from dataclasses import replace

import pytest

from analysis.findings.compare import comparison
from analysis.page.report import report
from analysis.words.basis import basis_remarks, rested_on
from analysis.words.headline import provenance
from tests.analysis import synthetic
from tests.analysis.conftest import in_memory

CELL = synthetic.cell("mlp-small", "baseline")
CONTENTS = ("a" * 64, "b" * 64)
TORCH = ("2.13.0+cpu", "2.14.1")


@pytest.fixture
def tables():
    return in_memory(CELL)


def tagged(tables, **tags):
    """The same runs, with the first of two values but for the last two."""
    count = len(tables.runs)
    return tables.runs.assign(**{name: [each[0]] * (count - 2) + [each[-1]] * 2 for name, each in tags.items()})


def test_of_runs_stored_before_there_were_such_tags_nothing_is_said(tables):
    assert basis_remarks(tables.runs, tables.study_data) == ()
    assert rested_on(tables.runs) == dict.fromkeys(("Content of the data", "Versions", "Computed on"), "not stored")


def test_of_runs_that_all_rest_on_the_same_nothing_is_said(tables):
    runs = tagged(tables, data=CONTENTS[:1], torch_version=TORCH[:1])
    assert basis_remarks(runs, {**tables.study_data, "versions": [{"torch": TORCH[0]}]}) == ()


def test_runs_on_other_images_are_named_with_what_they_are_worth(tables):
    assert basis_remarks(tagged(tables, data=CONTENTS), tables.study_data) == (
        "Not all runs were trained on the same data, so their numbers are not comparable: 4 runs on content "
        "aaaaaaaaaaaa, but confirm__mlp-small__baseline__001, confirm__mlp-small__baseline__002 on content "
        "bbbbbbbbbbbb. A study begun anew with --fresh has one.",
    )


def test_versions_that_differ_are_counted(tables):
    runs = tagged(tables, torch_version=TORCH, numpy_version=("2.4.6",))
    assert basis_remarks(runs, tables.study_data) == (
        "Computed with more than one version: torch 2.13.0+cpu (4 runs) and 2.14.1 (2 runs). Equal seeds need not give "
        "equal bits in both.",
    )


def test_a_version_that_only_began_what_another_has_ended_is_said_too(tables):
    runs = tagged(tables, torch_version=TORCH[1:])
    study_data = {**tables.study_data, "versions": [{"torch": TORCH[0]}, {"torch": TORCH[1]}]}
    assert "torch 2.13.0+cpu and 2.14.1 (6 runs)." in basis_remarks(runs, study_data)[0]


def test_processors_that_differ_are_counted(tables):
    assert basis_remarks(tagged(tables, processor=("NVIDIA H200", "NVIDIA A100")), tables.study_data) == (
        "Computed on more than one processor: NVIDIA A100 (2 runs) and NVIDIA H200 (4 runs). Equal seeds need not give "
        "equal bits on both.",
    )


def test_the_page_says_on_what_its_numbers_rest():
    tables = in_memory(synthetic.study())
    runs = tagged(tables, data=CONTENTS[:1], spectune_version=("0.1.0",), torch_version=TORCH, numpy_version=("2.4.6",))
    runs = runs.assign(cuda_version="13.0", processor="NVIDIA H200")
    tables = replace(tables, runs=runs)
    told = provenance(tables)
    assert told["Content of the data"] == CONTENTS[0]
    assert told["Versions"] == "spectune 0.1.0; torch 2.13.0+cpu and 2.14.1; numpy 2.4.6; CUDA 13.0"
    assert told["Computed on"] == "NVIDIA H200"
    assert CONTENTS[0] in report(tables, comparison(tables)).html
