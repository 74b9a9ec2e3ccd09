from dataclasses import replace

from tuning.sheets import html


def test_a_table_has_its_groups_its_best_row_its_dots_and_every_text_escaped(sheet):
    assert str(html.table(sheet, {"x|y": "#fff"})) == (
        '<figure class="table">\n'
        '<div class="scroll">\n'
        "<table>\n"
        "<thead><tr>\n"
        '  <th class="left">architecture</th>\n'
        '  <th class="left">condition</th>\n'
        "  <th>accuracy on test data<small>%</small></th>\n"
        "  <th>seeds</th>\n"
        "</tr></thead>\n"
        "<tbody>\n"
        '<tr class="best">\n'
        '  <th class="name" rowspan="2" scope="rowgroup">a_b</th>\n'
        '  <td class="left name"><span class="dot" style="background: #fff"></span>x|y</td>\n'
        '  <td class="result">50.0 ± 1.0</td>\n'
        "  <td>3</td>\n"
        "</tr>\n"
        "<tr>\n"
        '  <td class="left name">&lt;i&gt;</td>\n'
        '  <td class="result">40.0</td>\n'
        "  <td>1</td>\n"
        "</tr>\n"
        "</tbody>\n"
        "<tbody>\n"
        "<tr>\n"
        '  <th class="name" rowspan="1" scope="rowgroup">c</th>\n'
        '  <td class="left name"></td>\n'
        '  <td class="result">—</td>\n'
        "  <td>—</td>\n"
        "</tr>\n"
        "</tbody>\n"
        "</table>\n"
        "</div>\n"
        "<figcaption>{sign}: the highest. A note_d.</figcaption>\n"
        "</figure>"
    )


def test_a_compact_table_keeps_a_number_and_its_interval_in_one_line(sheet):
    text = str(html.table(sheet, compact=True))
    assert '<table class="sheet">' in text
    assert '<td class="result">50.0\u00a0±\u00a01.0</td>' in text


def test_a_sheet_without_rows_is_its_notes(sheet):
    assert str(html.table(replace(sheet, groups={}))) == "<p>A note_d.</p>"
