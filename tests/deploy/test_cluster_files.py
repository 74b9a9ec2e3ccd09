"""The cluster files as Ray reads them, and what this project asks of them beside."""

import copy
import re
import subprocess

import pytest
import yaml
from ray.autoscaler._private.util import prepare_config, validate_config

from tests.root import ROOT

AWS = "cluster.yaml"
ON_PREMISES = "deploy/on-premises.yaml"
FILES = (AWS, ON_PREMISES)
SCRIPTS = sorted(path.name for path in (ROOT / "deploy").glob("*.sh"))


def read(name: str) -> dict:
    return yaml.safe_load((ROOT / name).read_text())


def commands(config: dict) -> list[str]:
    return [command for key, value in config.items() if key.endswith("_commands") for command in value]


def starts(name: str, node: str) -> str:
    (command,) = [command for command in read(name)[f"{node}_start_ray_commands"] if "ray start" in command]
    return command


def constrained(package: str) -> str:
    (version,) = re.findall(rf"^{re.escape(package)}==(.+)$", (ROOT / "constraints.txt").read_text(), re.MULTILINE)
    return version


@pytest.mark.parametrize("name", FILES)
def test_ray_takes_the_file(name):
    validate_config(prepare_config(read(name)))


@pytest.mark.parametrize("name", FILES)
def test_ray_would_refuse_a_key_it_does_not_know(name):
    config = read(name) | {"idle_timeout": 10}
    with pytest.raises(Exception, match="idle_timeout"):
        validate_config(prepare_config(copy.deepcopy(config)))


@pytest.mark.parametrize("name", FILES)
def test_every_command_is_one_that_bash_can_read(name):
    for command in commands(read(name)):
        done = subprocess.run(["bash", "-n"], input=command, text=True, capture_output=True, check=False)
        assert not done.stderr, command


@pytest.mark.parametrize("name", SCRIPTS)
def test_every_script_is_one_that_bash_can_read(name):
    done = subprocess.run(["bash", "-n", ROOT / "deploy" / name], text=True, capture_output=True, check=False)
    assert not done.stderr
    assert (ROOT / "deploy" / name).stat().st_mode & 0o111


def test_the_scripts_that_the_files_call_are_there():
    called = {match for name in FILES for match in re.findall(r"deploy/([a-z]+\.sh)", (ROOT / name).read_text())}
    assert {"mlflow.sh", "dump.sh"} <= called <= set(SCRIPTS)


def test_on_aws_the_head_runs_no_trials():
    config = read(AWS)
    head = config["available_node_types"][config["head_node_type"]]
    assert head["resources"] == {"CPU": 0, "GPU": 0}
    assert head["max_workers"] == 0
    assert {"--num-cpus=0", "--num-gpus=0"} <= set(starts(AWS, "head").split())


def test_on_aws_workers_are_spot_machines_with_gpus_that_come_from_none_and_go_when_idle():
    config = read(AWS)
    (worker,) = [kind for name, kind in config["available_node_types"].items() if name != config["head_node_type"]]
    assert worker["resources"]["GPU"] >= 1
    assert worker["min_workers"] == 0
    assert worker["max_workers"] == config["max_workers"] > 0
    assert worker["node_config"]["InstanceMarketOptions"] == {"MarketType": "spot"}
    assert 0 < config["idle_timeout_minutes"] <= 15
    assert config["provider"]["cache_stopped_nodes"] is False


def test_on_aws_every_node_has_the_same_image_and_disk():
    kinds = [kind["node_config"] for kind in read(AWS)["available_node_types"].values()]
    assert len({kind["ImageId"] for kind in kinds}) == 1
    assert kinds[0]["BlockDeviceMappings"] == kinds[1]["BlockDeviceMappings"]


def test_on_aws_what_is_yours_is_given_in_one_place_each():
    lines = [line for line in (ROOT / AWS).read_text().splitlines() if not line.lstrip().startswith("#")]
    for value in ("my-spectune-bucket", "ami-0", "fs-0"):
        assert sum(value in line for line in lines) == 1, value
    assert sum("s3://" in line for line in lines) == 1
    marked = [line for line in (ROOT / AWS).read_text().splitlines() if "# yours" in line]
    assert len(marked) == 3


@pytest.mark.parametrize("name", FILES)
@pytest.mark.parametrize("node", ["head", "worker"])
def test_every_node_starts_ray_with_all_cores_for_a_trial_and_with_token_authentication(name, node):
    config = read(name)
    command = starts(name, node)
    assert "unset OMP_NUM_THREADS;" in command
    shell = [line for line in config["setup_commands"] if "cluster.env" in line]
    assert "RAY_AUTH_MODE=token" in " ".join(shell)
    assert shell[-1].endswith(">> ~/.bashrc")
    assert config["file_mounts"]["~/.ray/auth_token"] == "~/.ray/auth_token"
    assert "chmod 600 ~/.ray/auth_token" in config["setup_commands"]


@pytest.mark.parametrize("name", FILES)
def test_the_dashboard_and_mlflow_listen_on_loopback_alone(name):
    assert "--dashboard-host=127.0.0.1" in starts(name, "head").split()
    assert '"${MLFLOW_HOST:=127.0.0.1}"' in (ROOT / "deploy/mlflow.sh").read_text()
    for command in commands(read(name)):
        assert "0.0.0.0" not in command
        assert "MLFLOW_HOST" not in command


@pytest.mark.parametrize("name", FILES)
def test_workers_look_for_the_head_where_it_listens(name):
    (port,) = re.findall(r"--port=(\d+)", starts(name, "head"))
    assert f"--address=$RAY_HEAD_IP:{port}" in starts(name, "worker").split()


def test_every_node_of_either_cluster_is_given_one_python_and_the_versions_of_the_suite():
    installs = [[line for line in read(name)["setup_commands"] if "uv" in line] for name in FILES]
    assert installs[0] == installs[1]
    assert "--constraint ~/spectune/constraints.txt" in installs[0][-1]
    (python,) = re.findall(r"--python (3\.\d+\.\d+) ", installs[0][1])
    assert python.startswith("3.11.")
    for package in ("ray", "mlflow", "torch", "torchvision", "boto3", "psycopg", "Flask-WTF"):
        assert constrained(package)


@pytest.mark.parametrize("name", FILES)
def test_the_checkout_travels_whole_but_for_what_git_ignores(name):
    config = read(name)
    assert config["file_mounts"]["~/spectune"] == "."
    assert config["rsync_filter"] == [".gitignore"]
