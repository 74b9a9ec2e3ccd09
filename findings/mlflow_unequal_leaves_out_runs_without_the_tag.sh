#!/usr/bin/env bash
# MLflow 3.17.0, SQLite store: `tags.phase != 'summary'` does not return runs that have no tag `phase` at all.
#
# A good guess is that "every run but the summaries" is what the filter asks for. It is a join with the tags, so that a
# run without the tag has no row to compare, and is neither equal nor unequal; params behave alike. A study that
# selects its trials so overlooks a run whose tag somebody has deleted, and writes it a second time. The runs without
# the tag have to be asked for as `tags.phase IS NULL`, in a search of their own, or all runs be read and sorted out.
#
# Output seen: "unequal: ['trial']", "null: ['untagged']".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'mlflow==3.17.0'
cd "$folder"
MLFLOW_DISABLE_TELEMETRY=true venv/bin/python - <<'PY'
from mlflow import MlflowClient

client = MlflowClient("sqlite:///mlflow.db")
experiment = client.create_experiment("study")
client.create_run(experiment, run_name="trial", tags={"phase": "tune"})
client.create_run(experiment, run_name="summary", tags={"phase": "summary"})
client.create_run(experiment, run_name="untagged")


def found(asked):
    return sorted(run.info.run_name for run in client.search_runs([experiment], asked))


print("unequal:", found("tags.phase != 'summary'"))
print("null:", found("tags.phase IS NULL"))
print("params:", found("params.rate != '1'"))
assert found("tags.phase != 'summary'") == ["trial"], "runs without the tag are returned now"
assert found("tags.phase IS NULL") == ["untagged"]
assert found("params.rate != '1'") == [], "runs without the parameter are returned now"
PY
