"""What is sent, and what is refused before anything is."""

import shlex

import pytest
import yaml

from tests.tuning.studies import study
from tuning.engine.jobs import Jobs, Submission, pack, packing
from tuning.study import load

REFUSED = {
    "results here": ({"storage": "results"}, "--storage is a place on the cluster, as an absolute path, got 'results'"),
    "data here": ({"data": "cifar10-images"}, "--data is a place on the cluster"),
    "store here": ({"tracking_uri": "sqlite:///mlflow.db"}, "named by its absolute path"),
    "password shown": ({"tracking_uri": "http://me:secret@10.0.0.1:5000"}, "must hold no password"),
}
ADDRESSES = ["127.0.0.1:8265", "ray://127.0.0.1:10001", "http://", "http://127.0.0.1:port", "auto", ""]


@pytest.mark.parametrize(("given", "told"), REFUSED.values(), ids=REFUSED)
def test_what_could_only_be_meant_of_this_machine_is_refused(given, told):
    with pytest.raises(ValueError, match=told) as error:
        Submission(study=study(), **given)
    assert "secret" not in str(error.value)


def test_data_for_a_set_that_takes_none_are_refused():
    with pytest.raises(ValueError, match="digits comes with scikit-learn and takes no path"):
        _ = Submission(study=study(), data="/data").study_data


@pytest.mark.parametrize("address", ADDRESSES)
def test_what_is_no_dashboard_is_refused(address):
    with pytest.raises(ValueError, match="a cluster is reached at its dashboard's address"):
        Jobs(address)


def test_a_dashboard_that_is_not_there_is_told_at_once(free_port):
    with pytest.raises(ValueError, match=r"Ray must be reachable.*ray dashboard cluster\.yaml"):
        Jobs(f"http://127.0.0.1:{free_port}")


def test_a_name_that_a_shell_would_read_stays_a_name():
    given = Submission(study=study(), storage="/shared/it's; rm -rf $HOME")
    assert shlex.split(given.entrypoint)[-2:] == ["--storage", "/shared/it's; rm -rf $HOME"]


def test_the_package_holds_the_code_and_the_study_as_data_and_nothing_else(tmp_path):
    the_study = study(dataset={"name": "cifar10"})
    package = pack(Submission(study=the_study, data="/images").study_data, tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == {*packing.PACKAGES, packing.STUDY_FILE}
    assert {path.suffix for path in tmp_path.rglob("*") if path.is_file()} <= {".py", ".yaml", ".j2", ".css", ".typed"}
    sent = load(tmp_path / packing.STUDY_FILE)
    assert sent.dataset.path == "/images"
    assert {**sent.as_data(), "dataset": None} == {**the_study.as_data(), "dataset": None}
    assert package.files == sum(path.is_file() for path in tmp_path.rglob("*"))


def test_data_between_the_code_are_named_and_not_sent(tmp_path, monkeypatch):
    monkeypatch.setattr(packing, "_MOST_BYTES", 10_000)
    with pytest.raises(ValueError, match=r"code of at most 0 MB is sent, got [12] MB, of which .* are [a-z]+/.*\.py"):
        pack(study().as_data(), tmp_path)


def test_yaml_of_the_package_is_plain(tmp_path):
    pack(study().as_data(), tmp_path)
    assert "!!" not in (tmp_path / packing.STUDY_FILE).read_text()
    assert yaml.safe_load((tmp_path / packing.STUDY_FILE).read_text()) == study().as_data()
