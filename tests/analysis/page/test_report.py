import base64
import csv
import io
import re
from dataclasses import replace
from html import escape

import numpy as np
import pytest
from matplotlib.backends.backend_agg import FigureCanvasAgg

from analysis.findings.compare import comparison
from analysis.findings.curves import confirmed, curves
from analysis.findings.distributions import distributions
from analysis.page.report import report
from analysis.plots import (
    GENERALIZING,
    LEARNING,
    MOVING,
    NETWORK,
    TITLE_CHARACTERS,
    accuracy_figure,
    curves_figure,
    distributions_figure,
)
from analysis.plots.style import condition_styles
from analysis.tables.study_tables import load
from analysis.writing.comparison_sheet import COLUMNS, comparison_rows, comparison_sheet
from tests.analysis import synthetic
from tests.analysis.conftest import HOSTILE, in_memory
from tests.analysis.page_reader import Page
from tuning import records
from tuning.sheets import csv as to_csv
from tuning.sheets import markdown


def written(tables):
    """The report; in no file of its tables do two columns have the same name, by which readers ask for them."""
    made = report(tables, comparison(tables))
    for sheet in (*made.sections.sheets, *made.sheets):
        heading = next(csv.reader(io.StringIO(to_csv.written(sheet))))
        assert len(set(heading)) == len(heading)
    return made


@pytest.fixture(scope="module")
def made(quickstart):
    return written(quickstart)


@pytest.fixture(scope="module")
def page(made):
    return Page(made.html)


def test_every_element_is_closed(page):
    assert page.open == []


def test_the_page_loads_nothing_but_itself(made, page):
    assert page.addresses
    assert all(address.startswith("data:image/svg+xml;base64,") for address in page.addresses)
    assert not {"script", "link", "iframe", "object"} & set(page.elements)
    assert "@import" not in made.html
    assert "url(" not in made.html


def test_pictures_load_nothing_but_themselves(made):
    for picture in made.drawn:
        addresses = re.findall(rb'(?:href|src)="([^"]+)"', picture.svg)
        assert all(address.startswith((b"#", b"data:")) for address in addresses)


@pytest.mark.parametrize(
    "text",
    [
        "Which of 3 conditions, baseline, decay and spectral, reaches the highest test accuracy on digits "
        "with mlp-small and resnet-small, trained by adam for 4 epochs?",
        "tuned on validation data with 3 trials; its best setting was then trained anew on 3 seeds",
        "baseline 90.00 ± 2.48 90.10 2.50 5.00 5.00 0.81 3",
        "spectral 97.00 ± 2.48 90.10 0.500 1.00 5.00 0.81 3",
        "decay learning rate 0.001, strength 0.01 2 1 0 0 9",
        "On shared seeds by the interval alone it is above baseline (+5.00 [+5.00, +5.00] points, sign-flip p 0.250, "
        "by Holm's rule 1.00) and decay (",
        "where 3 seeds allow no p below 0.250, by Holm's rule over 4 comparisons none below 1.00",
        "18 of the search, 18 of the confirmation",
        "0123abc",
    ],
    ids=lambda text: text[:30],
)
def test_the_page_says_what_the_numbers_say(page, text):
    assert text in page.text


def test_the_page_of_a_quickstart_is_small(made):
    assert len(made.html) < 3_000_000


def test_equal_results_make_equal_pages(made, quickstart):
    assert written(quickstart) == made


def test_names_that_are_markup_are_shown_as_text(store):
    tables = load("hostile", store)
    page = Page(written(tables).html)
    assert "script" not in page.elements
    assert f"Which test accuracy does {HOSTILE} reach on digits with {HOSTILE}" in page.text
    assert page.open == []


def test_markdown_shows_markup_as_text(store):
    line = markdown.written(comparison_sheet(comparison(load("hostile", store)))).splitlines()[2]
    assert "<script>" not in line.replace("\\<", "")
    assert line.count(" | ") == len(COLUMNS)


def test_cells_that_lack_runs_show_a_dash(with_gaps):
    text = Page(written(with_gaps).html).text
    assert "spectral — — — — — — 0" in text
    assert "baseline on mlp-small: of 3 confirmation runs 1 diverged; its means are over 2 seeds." in text
    assert "decay 90.00 80.00" not in text


def test_a_study_without_spectra_says_so():
    text = Page(written(in_memory(synthetic.cell("mlp-small", "baseline"))).html).text
    assert "No confirmation run has stored spectra." in text
    assert "secret" not in text


@pytest.mark.parametrize(
    ("architectures", "conditions", "seeds"),
    [(1, 1, 1), (6, 8, 2), (2, 25, 2), (4, 3, 0)],
    ids=["smallest", "largest planned", "more conditions than colours", "nothing confirmed"],
)
def test_every_shape_of_study_can_be_drawn(architectures, conditions, seeds):
    names = [f"net-{place}" for place in range(architectures)]
    ways = [f"way-{place}" for place in range(conditions)]
    pairs = [(name, way) for name in names for way in ways]
    tables = in_memory([run for name, way in pairs[:8] for run in synthetic.cell(name, way, seeds=seeds)])
    drawn = curves_figure(curves(tables, [column.metric for column in LEARNING]), LEARNING, names, ways, "Curves")
    assert len(drawn.axes) == 4 * architectures
    dots = accuracy_figure(confirmed(tables), names, ways, "Accuracy")
    assert len(dots.axes) == architectures


def test_a_line_is_where_its_numbers_are(quickstart):
    found = curves(quickstart, [LEARNING[1].metric])
    figure = curves_figure(found, LEARNING[1:2], synthetic.ARCHITECTURES, synthetic.CONDITIONS, "Loss")
    lines = figure.axes[0].get_lines()
    assert len(lines) == 3
    for line, curve in zip(lines, found[:3], strict=True):
        np.testing.assert_array_equal(line.get_xydata(), np.column_stack([curve.epochs, curve.band.mean]))


def test_a_condition_keeps_its_colour_where_others_are_missing(with_gaps):
    figure = accuracy_figure(confirmed(with_gaps), ["mlp-small"], ["baseline", "decay", "spectral"], "Accuracy")
    colours = {line.get_color() for line in figure.axes[0].get_lines()}
    assert colours == {condition_styles(["baseline", "decay"])[name].colour for name in ("baseline", "decay")}


def test_the_looks_of_24_conditions_differ():
    assert len(set(condition_styles([f"way-{place}" for place in range(24)]).values())) == 24


def test_csv_holds_every_digit_and_leaves_missing_numbers_empty(with_gaps, quickstart):
    heading, first, *rest = to_csv.rows(comparison_rows(comparison(quickstart))).splitlines()
    cell = dict(zip(heading.split(","), first.split(","), strict=True))
    expected = comparison(quickstart).cells["mlp-small", "baseline"].measures["test_accuracy"].mean
    assert cell["test_accuracy_mean"] == str(expected)
    assert cell["seeds"] == "0 1 2"
    assert len(rest) == 5
    assert "nan" not in to_csv.rows(comparison_rows(comparison(with_gaps)))


def test_pictures_are_embedded_whole(made, page):
    held = [base64.b64decode(address.split(",", 1)[1]) for address in page.addresses]
    assert held == [picture.svg for picture in made.drawn]
    assert made.html.count('<div class="scroll"><img ') == len(held)  # each is as wide as its letters need, and scrolls


def test_every_view_that_is_stored_has_its_picture_and_says_which_it_is(made):
    titles = {name: [picture.title for picture in drawn] for name, drawn in made.spectra.items()}
    assert titles == {
        name: [f"{name}, {view}: singular values by epoch, darker where more of them lie" for view in views]
        for name, views in dict.fromkeys(synthetic.ARCHITECTURES, ("flat matrices", "circular convolutions")).items()
    }
    names = [picture.name for picture in made.drawn]
    assert len(set(names)) == len(names)


def test_pictures_columns_and_captions_of_metrics_that_no_run_has_are_left_out(made):
    assert list(made.pictures) == ["accuracy", "learning", "holding"]
    more = dict.fromkeys([records.DISTANCE_MEAN, records.UPDATE_NORM_MEAN, records.GAP_ACCURACY], 0.5)
    run = synthetic.with_records(synthetic.Run(phase="confirm", architecture="net", condition="a", index=0))
    moved = replace(run, records=tuple(replace(record, metrics={**record.metrics, **more}) for record in run.records))
    tables = in_memory([moved])
    made_of_it = written(tables)
    assert list(made_of_it.pictures) == ["accuracy", "learning", "holding", "moving", "generalizing"]
    text = Page(made_of_it.html).text
    assert all(column.meaning in text for column in MOVING[:2])
    assert not any(column.meaning in text for column in (*MOVING[2:], *GENERALIZING[:2], *NETWORK))
    found = curves(tables, [column.metric for column in MOVING])
    figure = curves_figure(found, MOVING, ["net"], ["a"], "Moving")
    assert [axes.get_title(loc="left") for axes in figure.axes] == [
        "distance from the start",
        "norm of an epoch's update",
    ]


def test_long_names_are_broken_in_titles_and_leave_the_legend_inside_of_the_page(quickstart):
    ways = [f"spectral norm scaling of hidden layers with learning rate schedule {place}" for place in range(22)]
    cells = [replace(distributions(quickstart)[0], condition=way) for way in ways]
    figure = distributions_figure(cells, ways, "mlp-small", "Singular values")
    FigureCanvasAgg(figure).draw()
    titles = [axes.get_title(loc="left") for axes in figure.axes]
    assert [title.replace("\n", " ") for title in titles] == ways
    assert max(len(line) for title in titles for line in title.splitlines()) <= TITLE_CHARACTERS
    curved = curves_figure([], LEARNING, ["mlp-small"], ways, "Learning")
    FigureCanvasAgg(curved).draw()
    assert curved.legends[0].get_window_extent().x1 <= curved.bbox.x1


def test_every_section_stands_on_the_page_in_its_order_with_its_picture(made):
    headings = [made.html.index(escape(section.question)) for section in made.sections.in_order]
    assert headings == sorted(headings)
    assert {section.picture.name for section in made.sections.in_order if section.picture is not None} <= {
        picture.name for picture in made.drawn
    }
