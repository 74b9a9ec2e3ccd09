"""Names of Ray that are not public ones are there, and do what the engine needs of them."""

import importlib
import inspect
import re
from operator import attrgetter
from types import SimpleNamespace

import pytest
from ray.tune.experiment import Trial

from tests.root import ROOT
from tests.tuning.studies import settings
from tuning.engine import compat
from tuning.engine.tune.trainable import as_config

NEEDED = {
    "ray._private.state:state.get_max_resources_from_cluster_config": (
        "a study would take an autoscaled cluster to be as large as it is now, and never let it grow"
    ),
    "ray._private.state:state.get_cluster_config": (
        "a trial that fits on no node there is would be refused, though the autoscaler may add one"
    ),
    "ray.experimental.internal_kv:_internal_kv_put": "studies on one cluster would not hear of each other",
    "ray.experimental.internal_kv:_internal_kv_get": "studies on one cluster would not hear of each other",
    "ray.experimental.internal_kv:_internal_kv_list": "studies on one cluster would not hear of each other",
    "ray.experimental.internal_kv:_internal_kv_del": "a study that ends would keep its share for half a minute",
    "ray._common.utils:get_default_system_temp_dir": "an error could not name the folder that Ray could not use",
    "ray._private.ray_constants:ENABLE_RAY_CLUSTERS_ENV_VAR": "a local Ray would listen on all addresses",
    "ray._private.ray_constants:ENABLE_RAY_CLUSTER": "a local Ray would listen on all addresses",
    "ray._private.node:Node.kill_all_processes": "a start that fails would leave Ray's servers behind",
}


@pytest.mark.parametrize("name", NEEDED)
def test_a_private_name_of_rays_is_there(name):
    module, _, attribute = name.partition(":")
    try:
        attrgetter(attribute)(importlib.import_module(module))
    except (ImportError, AttributeError):
        pytest.fail(f"{name} is gone; without it {NEEDED[name]}: mend tuning/engine/compat.py")


def test_a_node_that_did_not_come_up_can_be_ended_without_asking_whether_its_servers_live():
    assert {"check_alive", "wait"} <= inspect.signature(compat.Node.kill_all_processes).parameters.keys()


def test_a_trial_of_tunes_knows_its_worker_or_the_driver_could_not_end_one_that_is_silent(tmp_path):
    trial = Trial("nothing is run", config=as_config(settings(), str(tmp_path), "session", "content"), stub=True)
    assert compat.worker_of(trial) is None
    worker = SimpleNamespace(get_auto_filled_metrics=SimpleNamespace(remote=lambda **_: {}))
    trial.set_ray_actor(worker)
    assert compat.worker_of(trial) is worker


def test_no_other_file_imports_such_a_name():
    private = re.compile(r"^\s*(from|import) ray\.(_|experimental)", re.MULTILINE)
    found = [file for file in (ROOT / "tuning").rglob("*.py") if private.search(file.read_text(encoding="utf-8"))]
    assert found == [ROOT / "tuning" / "engine" / "compat.py"]
