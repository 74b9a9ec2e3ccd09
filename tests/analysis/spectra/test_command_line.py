import csv
import io
import math
import os
import re
import subprocess
import sys

import numpy as np
import pytest
import torch
from rich.cells import cell_len
from typer.testing import CliRunner

from analysis.__main__ import app
from analysis.spectra import page, spectra
from analysis.spectra.figure import BANDS, profile
from tests.analysis.page_reader import Page
from tests.root import ROOT

HOSTILE = "<script>alert(1)</script> & $x_1$ [bold]|"


@pytest.fixture
def invoke(monkeypatch, tmp_path):
    """Call the command in an empty folder, on a terminal of so many columns."""
    monkeypatch.chdir(tmp_path)

    def call(*arguments, columns=100):
        monkeypatch.setenv("COLUMNS", str(columns))
        return CliRunner().invoke(app, ("spectra", *arguments))

    return call


@pytest.fixture
def weights(tmp_path):
    """A checkpoint of three weights: known values, a zero matrix, and one that is not finite, of a hostile name."""
    values = torch.tensor([4.0, 2.0, 1.0, 0.5])
    tensors = {"a.weight": torch.diag(values), "zero.weight": torch.zeros(3, 2), "a.bias": torch.ones(4)}
    tensors[f"{HOSTILE}.weight"] = torch.full((2, 2), math.nan)
    torch.save(tensors, tmp_path / "weights.pt")
    return "weights.pt"


@pytest.mark.parametrize("columns", [60, 80, 100, 160])
def test_the_table_fits_the_terminal_and_cuts_no_number(invoke, columns):
    result = invoke("resnet-small", columns=columns)
    assert result.exit_code == 0, result.stderr
    lines = result.stdout.splitlines()
    assert max(map(cell_len, lines)) <= columns
    (head,) = [line.split() for line in lines if line.split()[:1] == ["conv1"]]
    assert head[1] == "16×3×3×3"
    assert "…" not in result.stdout


def test_the_table_says_the_numbers_of_a_known_matrix(invoke, weights):
    result = invoke(weights, columns=160)
    lines = result.stdout.splitlines()
    (line,) = [line.split() for line in lines if line.split()[:1] == ["a"]]
    # σ₁, RMS→RMS, stable rank (16 + 4 + 1 + 0.25)/16, exp(H) of shares 8:4:2:1 of 15, rank
    shares = np.array([8, 4, 2, 1]) / 15
    effective = math.exp(-(shares * np.log(shares)).sum())
    assert line[:7] == ["a", "4×4", "4.00", "4.00", "1.33", f"{effective:.2f}", "4/4"]
    (zero,) = [line.split() for line in lines if line.split()[:1] == ["zero"]]
    assert zero[:7] == ["zero", "3×2", "0", "0", "0", "0", "0/2"]
    assert any(line.strip().startswith(HOSTILE) for line in lines)
    said = " ".join(result.stdout.split())
    assert (
        "3 weights with 26 of 30 parameters; σ₁ from 0 (zero) to 4.00 (a); log10 of the product of all σ₁ is —" in said
    )
    assert f"Not finite: {HOSTILE}." in said


def test_what_is_left_out_for_want_of_room_is_said(invoke):
    assert "For want of room left out: " in invoke("resnet-small", columns=60).stdout
    assert "For want of room" not in invoke("resnet-small", columns=200).stdout


def test_csv_has_every_digit_and_nothing_else_on_stdout(invoke, weights):
    result = invoke(weights, "--format", "csv")
    rows = list(csv.DictReader(io.StringIO(result.stdout)))
    assert [row["layer"] for row in rows] == ["a", "zero", HOSTILE]
    assert float(rows[0]["stable_rank"]) == 21.25 / 16
    assert (rows[0]["shape"], rows[0]["view"], rows[0]["fan_in"]) == ("4x4", "flat", "4")
    assert rows[2]["spectral_norm"] == ""
    few = "alpha, D, alpha_weighted and log_alpha_norm"
    assert rows[0]["missing"].startswith("alpha: there are fewer than 8 values; D: there are")
    assert result.stderr.splitlines() == [
        "Nothing tells the outputs from the inputs, so they are taken as in Linear and Conv, first: zero.weight.",
        f"Not finite: {HOSTILE}.",
        f"No {few}, because there are fewer than 8 values: a.",
        "No condition_number, alpha, D, alpha_weighted, log_alpha_norm, log_spectral_norm, mp_softrank and num_spikes, "
        "because every value is zero: zero.",
    ]


def test_markdown_stands_in_a_page(invoke, weights):
    lines = invoke(weights, "--format", "markdown").stdout.splitlines()
    assert len({re.sub(r"\\.", "", line).count("|") for line in lines[:5]}) == 1
    assert lines[2].startswith("| a | 4×4 | 4.00 | 4.00 | 1.33 |")


def test_the_page_loads_nothing_but_itself_and_shows_every_weight(invoke, weights, tmp_path):
    result = invoke(weights, "--out", "pages/spectra.html")
    assert result.exit_code == 0, result.stderr
    assert result.stderr.splitlines() == ["Page: pages/spectra.html"]
    html = (tmp_path / "pages" / "spectra.html").read_text(encoding="utf-8")
    found = Page(html)
    assert found.open == []
    assert len(found.addresses) == 1
    assert found.addresses[0].startswith("data:image/svg+xml;base64,")
    assert not {"script", "link", "iframe", "object"} & set(found.elements)
    assert "a 4×4 4.00 4.00 1.33" in found.text
    assert HOSTILE in found.text


def test_a_page_of_weights_without_any_finite_value_is_made(tmp_path):
    torch.save({"a.weight": torch.full((2, 2), math.nan), "b.weight": torch.zeros(2, 2)}, tmp_path / "w.pt")
    assert "Not finite: a." in Page(page(spectra(str(tmp_path / "w.pt")))).text


def test_the_bands_count_all_values_by_their_share_of_the_largest(tmp_path):
    values = torch.tensor([2.0, 1.7, 1.5, 0.9, 0.3, 0.15, 0.03, 0.01, 0.001, 0.0])
    torch.save({"a.weight": torch.diag(values)}, tmp_path / "w.pt")
    (layer,) = spectra(str(tmp_path / "w.pt")).layers
    drawn = profile(layer)
    assert drawn.shares == pytest.approx([0.2, 0.1, 0.1, 0.1, 0.1, 0.1, 0.1, 0.2])
    assert len(drawn.shares) == len(BANDS) + 1
    assert (drawn.largest, drawn.median, drawn.smallest) == pytest.approx((2.0, 0.225, 0.0))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        (["rsnet34"], "got 'rsnet34', and no such file exists; did you mean 'resnet34'?"),
        (["nosuch.pt"], "a file or a network's name, got 'nosuch.pt', and no such file exists; check the path"),
        (["nosuch/weights.pt"], "got 'nosuch/weights.pt', and no such file exists; check the path"),
        (["wieghts.pt"], "got 'wieghts.pt', and no such file exists; did you mean 'weights.pt'?"),
        (["nothing"], "got 'nothing', and no such file exists; name a file, mlp-small, mlp-medium"),
        (["."], "got '.', a folder; name a file in it"),
        (["broken.pt"], "got 'broken.pt', which torch cannot read"),
        (["weights.pt", "--input", "3x32"], "--input must be CHANNELSxHEIGHTxWIDTH, got '3x32'; give e.g. 3x32x32"),
        (["mlp-small", "--input", "3x0x32"], "--input must be CHANNELSxHEIGHTxWIDTH, got '3x0x32'"),
        (["weights.pt", "--view", "circular"], "--view circular needs the network's modules"),
        (["weights.pt", "--out", "broken.pt/page.html"], "--out must be a file that can be written"),
        (["weights.pt", "--out", "."], "--out must be a file that can be written, got '.': Is a directory"),
        (
            ["weights.pt", "--out", "a\0b"],
            "invalid value for '--out': embedded null byte",
        ),
        (["n" * 300], ": File name too long"),
        (["flat.pt"], "the parts of a weight must be plain tensors that fit together, got original (4,), 0._u (4,)"),
        (["vit_b_16", "--input", "3x32x32", "--view", "padded"], "--input must be an image that the network takes"),
        (["mlp-small", "--input", "3x99999x99999"], "--input must hold at most 16,777,216 numbers, got 3x99999x99999"),
        (["weights.pt", "--model", "nope"], "--model must be a network's name, got 'nope'; name mlp-small, mlp-medium"),
    ],
)
def test_a_mistake_is_one_line_and_exit_code_2(invoke, weights, tmp_path, arguments, message):
    (tmp_path / "broken.pt").write_bytes(b"PK\x03\x04 no archive")
    parts = {"fc.weight_orig": torch.ones(4), "fc.weight_u": torch.ones(4), "fc.weight_v": torch.ones(1)}
    torch.save(parts, tmp_path / "flat.pt")
    result = invoke(*arguments)
    assert result.exit_code == 2
    (line,) = result.stderr.splitlines()
    assert line.startswith("error: ")
    assert message in line
    assert result.stdout == "" or "--out" in arguments


def test_the_real_process_prints_a_table_and_no_warning(tmp_path):
    environment = {**os.environ, "PYTHONPATH": str(ROOT), "COLUMNS": "80"}
    command = [sys.executable, "-m", "analysis", "spectra", "resnet-small"]
    result = subprocess.run(command, cwd=tmp_path, env=environment, capture_output=True, text=True, check=False)
    assert (result.returncode, result.stderr) == (0, "")
    assert "resnet-small, flat view" in result.stdout


def test_the_other_commands_import_no_torch():
    program = "import sys, analysis.__main__; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], cwd=ROOT, check=False).returncode == 0
