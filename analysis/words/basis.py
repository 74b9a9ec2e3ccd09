"""On which images and versions a study's runs rest, and what is to be said where these differ."""

from collections import Counter

import pandas as pd

from analysis.notation import count, listed, several
from analysis.tables.study_data import StudyData
from analysis.tables.study_tables import Tables, sets_of_versions
from tuning.records import DATA, PROCESSOR, VERSION_TAGS

_CALLED = {"cuda": "CUDA"}
"""How packages are written that people do not write as they are named."""

_DIGITS = 12
"""Of a content key, for people."""


def basis_remarks(runs: pd.DataFrame, study_data: StudyData) -> tuple[str, ...]:
    """Say where runs do not rest on the same; of runs that were stored before this was, there is nothing to say.

    Args:
        runs: as in `analysis.tables.study_tables.Tables`.
        study_data: the study.

    Returns:
        A sentence each for images that differ, for versions and for processors that do.
    """
    return tuple(said for said in (_images(runs), _versions(runs, study_data), _processors(runs)) if said)


def study_remarks(tables: Tables) -> tuple[str, ...]:
    """Say which runs a study's tables are of, and where these do not rest on the same.

    Args:
        tables: the study's.

    Returns:
        Sentences; none where there is nothing to say.
    """
    return (*tables.remarks, *basis_remarks(tables.runs, tables.study_data))


def rested_on(runs: pd.DataFrame) -> dict[str, str]:
    """Tell what the runs rest on, by heading.

    Args:
        runs: as in `analysis.tables.study_tables.Tables`.

    Returns:
        The content keys of the images, the versions, and the processors or GPUs.
    """
    contents = sorted(_by_value(runs[DATA]))
    found = {package: sorted(_by_value(runs[tag])) for package, tag in VERSION_TAGS.items()}
    told = [f"{_CALLED.get(package, package)} {listed(versions)}" for package, versions in found.items() if versions]
    processors = sorted(_by_value(runs[PROCESSOR]))
    return {
        "Content of the data": listed(contents) if contents else "not stored",
        "Versions": "; ".join(told) if told else "not stored",
        "Computed on": listed(processors) if processors else "not stored",
    }


def _images(runs: pd.DataFrame) -> str:
    """Say which runs were trained on other images than most."""
    by_content = _by_value(runs[DATA])
    if len(by_content) < 2:
        return ""
    (most, many), *others = by_content.most_common()
    told = [
        f"{several(sorted(runs.loc[runs[DATA] == content, 'trial_key']))} on content {content[:_DIGITS]}"
        for content, _ in others
    ]
    return (
        f"Not all runs were trained on the same data, so their numbers are not comparable: {count(many, 'run')} on "
        f"content {most[:_DIGITS]}, but {listed(told)}. A study begun anew with --fresh has one."
    )


def _versions(runs: pd.DataFrame, study_data: StudyData) -> str:
    """Say which versions of what have computed the results, where a package had several."""
    told = []
    for package, tag in VERSION_TAGS.items():
        by_version = _by_value(runs[tag])
        kept_versions = [str(kept[package]) for kept in sets_of_versions(study_data) if package in kept]
        versions = list(dict.fromkeys((*kept_versions, *sorted(by_version))))
        if len(versions) > 1:
            spoken = [
                f"{version} ({count(by_version[version], 'run')})" if version in by_version else version
                for version in versions
            ]
            told.append(f"{_CALLED.get(package, package)} {listed(spoken)}")
    if not told:
        return ""
    return f"Computed with more than one version: {'; '.join(told)}. Equal seeds need not give equal bits in both."


def _processors(runs: pd.DataFrame) -> str:
    """Say on which processors the results were computed, where these were several."""
    by_processor = sorted(_by_value(runs[PROCESSOR]).items())
    if len(by_processor) < 2:
        return ""
    told = listed([f"{processor} ({count(times, 'run')})" for processor, times in by_processor])
    return f"Computed on more than one processor: {told}. Equal seeds need not give equal bits on both."


def _by_value(tags: "pd.Series[str]") -> Counter[str]:
    """Count the runs that have a tag, by its value."""
    return Counter(value for value in tags if value)
