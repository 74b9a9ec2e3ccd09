#!/usr/bin/env bash
# MLflow 3.17.0: the digest of a dataset input holds at most 36 characters, so a SHA-256 in hexadecimal is refused.
#
# A good guess is to give a data set's content by the digest that everything else names files by: 64 characters. The
# entity takes it, as it takes any text, and `log_inputs` then raises. MLflow's own digests of arrays have 8 characters.
# A whole SHA-256 goes into the dataset's `source` or into a tag, and its first 36 characters into `digest`.
#
# Output seen: "'digest' exceeds the maximum length of 36 characters".
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
python3 -m venv "$folder/venv"
"$folder/venv/bin/pip" install --quiet --disable-pip-version-check 'mlflow==3.17.0'
cd "$folder"
MLFLOW_DISABLE_TELEMETRY=true venv/bin/python - <<'PY'
import hashlib

from mlflow import MlflowClient
from mlflow.entities import Dataset, DatasetInput
from mlflow.exceptions import MlflowException

client = MlflowClient("sqlite:///mlflow.db")
run = client.create_run(client.create_experiment("study")).info.run_id
digest = hashlib.sha256(b"images and labels").hexdigest()


def log(text):
    client.log_inputs(run, [DatasetInput(Dataset("images", text, "local", "images"))])


try:
    log(digest)
except MlflowException as error:
    print(error)
    assert "36" in str(error)
else:
    raise SystemExit("a SHA-256 is taken now")
log(digest[:36])
(stored,) = client.get_run(run).inputs.dataset_inputs
assert stored.dataset.digest == digest[:36]
PY
