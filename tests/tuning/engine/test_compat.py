"""Names of Ray that are not public ones are there, and do what the engine needs of them."""

import ast
import importlib
import inspect
import logging
import re
import threading
from http.server import BaseHTTPRequestHandler, HTTPServer
from operator import attrgetter
from types import SimpleNamespace

import pytest
from ray.tune.experiment import Trial

from tests.root import ROOT
from tests.tuning.studies import settings
from tuning.engine import compat
from tuning.engine.jobs import compat as of_jobs
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
    "ray.dashboard.modules.dashboard_sdk:SubmissionClient._do_request": "a silent dashboard would hold a command",
    "ray.dashboard.modules.dashboard_sdk:logger": "Ray would tell of an upload that a line of ours tells of",
    "ray._private.runtime_env.packaging:default_logger": "Ray would tell of an upload that a line of ours tells of",
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


def test_the_client_of_jobs_asks_with_a_time_limit_and_learns_which_ray_is_there():
    asked = []

    class Dashboard(BaseHTTPRequestHandler):
        def do_GET(self):
            asked.append(self.path)
            self.send_response(200)
            self.end_headers()
            self.wfile.write(b'{"ray_version": "9.8.7", "version": "4", "ray_commit": "c", "session_name": "s"}')

        def log_message(self, *_):
            """Say nothing."""

    with HTTPServer(("127.0.0.1", 0), Dashboard) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        client = of_jobs.JobsClient(f"http://127.0.0.1:{server.server_port}", 10.0)
        server.shutdown()
    assert client.server_version == "9.8.7"
    assert asked
    assert [logging.getLogger(name).level for name in of_jobs.UPLOAD_LOGGERS] == [logging.ERROR] * 2


def private_names(file):
    """Yield what a file uses of Ray, or of an object that is not its own, under a name that begins with ``_``."""
    source = file.read_text(encoding="utf-8")
    tree = ast.parse(source)
    own = {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef | ast.ClassDef)}
    own |= {node.attr for node in ast.walk(tree) if isinstance(node, ast.Attribute) and isinstance(node.ctx, ast.Store)}
    own |= {node.target.id for node in ast.walk(tree) if isinstance(node, ast.AnnAssign) and hasattr(node.target, "id")}
    for node in ast.walk(tree):
        match node:
            case ast.ImportFrom(module=str(module)) if _PRIVATE.match(module):
                yield module
            case ast.Import(names=names):
                yield from (name.name for name in names if _PRIVATE.match(name.name))
            case ast.Constant(value=str(value)) if _PRIVATE.match(value):
                yield value
            case ast.Attribute(attr=attr, value=value):
                of_super = isinstance(value, ast.Call) and ast.unparse(value.func) == "super"
                if attr.startswith("_") and not attr.startswith("__") and (of_super or attr not in own):
                    yield attr


_PRIVATE = re.compile(r"ray\.(_|experimental|dashboard)")


def test_no_other_file_uses_such_a_name():
    files = {file for file in (ROOT / "tuning").rglob("*.py") if "engine" in file.parts}
    found = {file.relative_to(ROOT).as_posix(): list(private_names(file)) for file in files}
    found["tuning/engine/tune/watchdog.py"].remove("_exit")  # the system's: at once, without what Python would tidy up
    found = {file for file, names in found.items() if names}
    assert found == {"tuning/engine/compat.py", "tuning/engine/jobs/compat.py"}
