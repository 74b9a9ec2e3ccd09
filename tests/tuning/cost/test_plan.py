"""``python -m tuning plan``, as a person sees it."""

import csv
import io
import re
import subprocess
import sys

import pytest
import torch
import yaml
from typer.testing import CliRunner

from tests.tuning.studies import tiny
from tuning.__main__ import app


@pytest.fixture
def plan(monkeypatch, tmp_path):
    """Plan the tiny study with changes, on a terminal of so many columns."""

    def call(*options, columns=80, **changes):
        monkeypatch.setenv("COLUMNS", str(columns))
        (tmp_path / "study.yaml").write_text(yaml.safe_dump(tiny(**changes)))
        return CliRunner().invoke(app, ["plan", str(tmp_path / "study.yaml"), *options])

    return call


def words(result):
    assert result.exit_code == 0, result.output
    return " ".join(result.stdout.split())


@pytest.mark.parametrize("columns", [80, 120])
def test_a_plan_shows_cells_searched_trials_epochs_parameters_and_operations_whole(plan, columns):
    result = plan(columns=columns)
    text = words(result)
    # mlp-tiny is 64 × 16 and 16 × 10; its training and validation take 3 epochs of 1,294 and 4 passes over 144 images.
    assert "mlp-tiny 1,210 2.37 kFLOP 5.06 kFLOP" in text
    assert "baseline 5 + 2 15 + 6 154 MFLOP" in text
    assert "decay learning_rate, strength" in text
    assert (
        "4 cells × (5 trials to tune + 2 seeds to confirm) = 28 trainings, × 3 epochs = 84 epochs at most "
        "(asha stops some early)" in text
    )
    assert "The search repeats exactly: it runs one trial at a time." in text
    assert "Time: not estimated. --time times" in text
    assert max(map(len, result.stdout.splitlines())) <= columns
    assert "…" not in result.stdout


def test_a_stated_speed_estimates_hours_on_the_resources_given(plan):
    text = words(plan("--tflops", "1e-6", "--cpus", "4", search={"trials": 5}, resources={"cpu": 2}))
    # 153.7 MFLOP in each cell of mlp-tiny, 199.0 MFLOP in each of mlp-deep: 705.5 s.
    assert "about 5.9 min with 2 trials at a time (4 CPUs and 0 GPUs), 12 min one after the other." in text
    assert "at 1e-06 TFLOP/s a trial, as stated; what is not counted comes on top." in text
    assert "Early stopping" not in text


def test_a_timed_plan_says_what_it_was_computed_from(plan):
    result = plan("--time", "--cpus", "2")
    text = words(result)
    assert "with 1 trial at a time (2 CPUs and 0 GPUs). From some training steps" in text  # the study's own limit
    assert "timed alone on 1 core with images of noise" in text
    assert text.endswith("Early stopping makes it less.")
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "…" not in result.stdout


def test_a_long_name_gives_way_and_a_number_never(plan):
    name = "spectral-norm-scaling-of-the-hidden-layers-alone"
    result = plan("--tflops", "1e-6", conditions={name: {"regularizer": "none"}})
    assert max(map(len, result.stdout.splitlines())) <= 80
    assert "…" not in result.stdout
    assert re.search(r"5 \+ 2 +15 \+ 6 +154 MFLOP +2\.6 min", result.stdout)


def test_where_no_trial_fits_the_plan_says_how_to_tell_what_there_will_be(plan):
    text = words(plan("--tflops", "30", "--gpus", "0", "--cpus", "2", resources={"cpu": 1, "gpu": 1}))
    assert "On 2 CPUs and 0 GPUs none fits, for a trial takes 1 CPU and 1 GPU: say with --cpus and --gpus" in text


def test_csv_holds_every_digit_of_every_cell(plan):
    rows = list(csv.DictReader(io.StringIO(plan("--format", "csv").stdout)))
    assert [(row["architecture"], row["condition"]) for row in rows] == [
        (architecture, condition) for architecture in ("mlp-tiny", "mlp-deep") for condition in ("baseline", "decay")
    ]
    first = rows[0]
    forward, training = 2 * (64 * 16 + 16 * 10), 2 * (2 * 64 * 16 + 3 * 16 * 10)
    training_operations = 3 * 1294 * training + 4 * 144 * forward
    assert int(first["operations"]) == 5 * training_operations + 2 * (training_operations + 4 * 359 * forward)
    assert (first["tune_epochs"], first["confirm_epochs"], first["parameters"]) == ("15", "6", "1210")
    assert first["seconds"] == first["step_seconds"] == ""


def test_csv_has_a_column_for_every_phase_that_some_cell_has(plan):
    further = {
        "confirm": {"seeds": 2, "learning_rate": "matched"},
        "ablate": {"condition": "decay", "factors": {"start": {"initialization": "mup"}}},
    }
    rows = list(csv.DictReader(io.StringIO(plan("--format", "csv", **further).stdout)))
    phases = ("tune", "confirm", "matched", "ablate")
    assert [tuple(row[f"{phase}_trials"] for phase in phases) for row in rows[:2]] == [
        ("5", "2", "0", "0"),
        ("5", "2", "2", "2"),
    ]
    assert [row["ablate_epochs"] for row in rows] == ["0", "6", "0", "6"]


def test_latex_has_the_rows_of_markdown(plan):
    written, rows = plan("--format", "latex").stdout, plan("--format", "markdown").stdout
    cells = [line for line in rows.splitlines() if line.startswith("| mlp")]
    assert len([line for line in written.splitlines() if line.startswith("mlp")]) == len(cells) > 0
    assert written.count(r"\begin{tabular}") == written.count(r"\end{tabular}") == 2


def test_markdown_is_one_table_with_its_words(plan):
    lines = plan("--format", "markdown").stdout.splitlines()
    assert lines[2].startswith(
        "| mlp-tiny | baseline | learning\\_rate | 1,210 | 5.06 kFLOP | 5 + 2 | 15 + 6 | 154 MFLOP |"
    )
    assert len({line.count("|") for line in lines[:6]}) == 1


@pytest.mark.parametrize(
    ("options", "changes", "message"),
    [
        (["--time", "--tflops", "1"], {}, "from --time or from --tflops, got both"),
        (["--tflops", "0"], {}, "--tflops must be above 0, got 0.0"),
        (["--time"], {"resources": {"gpu": 1}}, "--time needs the 1 GPU that a trial reserves"),
    ],
)
def test_an_estimate_that_cannot_be_made_is_refused_in_one_line(plan, options, changes, message):
    if "resources" in changes and torch.cuda.is_available():
        pytest.skip("there is a GPU to time on")
    result = plan(*options, **changes)
    assert result.exit_code == 2
    assert message in result.stderr
    assert len(result.stderr.splitlines()) == 1


def test_a_plan_needs_neither_ray_nor_mlflow(tmp_path):  # where no store has an earlier study of that name
    program = (
        "import sys\nfrom tuning.__main__ import app\n"
        "app(['plan', 'quickstart'], standalone_mode=False)\n"
        "print([name for name in ('ray', 'mlflow', 'optuna') if name in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert done.stderr == ""
    assert done.stdout.endswith("\n[]\n")


def test_a_plan_says_which_p_and_which_difference_its_seeds_can_show(plan, tmp_path):
    text = words(plan("--tracking-uri", f"sqlite:///{tmp_path / 'absent.db'}", confirm={"seeds": 5}))
    assert (
        "Evidence: 5 seeds can give no sign-flip p below 0.0625, and after Holm's rule over 2 comparisons with "
        "baseline none below 0.125: no test can reach 0.05, as it can from 7 seeds on. The smallest true difference "
        "that a t-test at 0.05 finds in them four times in five is 1.7 points, where paired differences spread by 1 "
        "point, assumed for want of an earlier study of that name in sqlite:///"
    ) in text
    assert not (tmp_path / "absent.db").exists()


def test_with_enough_seeds_no_warning_is_given(plan):
    assert "none below 0.0312. The smallest true difference" in words(plan(confirm={"seeds": 7}))


def test_one_seed_is_said_to_tell_nothing_from_chance(plan):
    assert "1 seed can give no sign-flip p below 1" in words(plan(confirm={"seeds": 1}))
    assert "One seed tells no difference from chance." in words(plan(confirm={"seeds": 1}))


def test_a_plan_shows_layer_by_layer_what_each_condition_holds(plan):
    conditions = {
        "baseline": {"regularizer": "none"},
        "decay": {"regularizer": "weight_decay", "strength": 0.1},
        "capped": {"regularizer": "spectral_hard_cap", "where": ["hidden", "first"]},
    }
    architectures = [{"name": "mlp-deep", "family": "mlp", "depth": 4, "width": 16}]
    text = words(plan(columns=120, conditions=conditions, architectures=architectures))
    assert "mlp-deep layers.0 first 16×64 capped, decay" in text
    assert (
        "layers.1, layers.2 hidden 16×16 capped, decay layers.3 head 10×16 decay biases, norms 58 numbers no condition"
        in text
    )
    written = plan("--format", "markdown", conditions=conditions, architectures=architectures).stdout
    assert "| mlp-deep | layers.1, layers.2 | hidden | 16×16 | capped, decay |" in written
