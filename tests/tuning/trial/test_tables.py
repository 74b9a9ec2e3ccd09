"""What study files can name and what a trial can open or build are the same."""

import pytest

from tuning.settings import DATASETS, OPTIMIZERS, DataSettings
from tuning.trial.data.dataset_info import PUBLISHED
from tuning.trial.data.sources import SOURCES
from tuning.trial.data.torchvision_sets import TorchvisionSet
from tuning.trial.optim.build import BUILDERS


def test_every_data_set_that_a_study_can_name_has_a_source_and_published_numbers_unless_it_is_the_users_own():
    assert set(SOURCES) == set(DATASETS)
    assert set(PUBLISHED) == {name for name, known in DATASETS.items() if not known.needs_path}


def test_every_optimizer_that_a_study_can_name_has_a_rule():
    assert set(BUILDERS) == set(OPTIMIZERS.values())


@pytest.mark.parametrize("given", [None, "/data/cifar"])
def test_downloads_lie_in_the_folder_that_was_given_else_in_the_cache(tmp_path, given):
    source = SOURCES["cifar10"](DataSettings(name="cifar10", path=given), tmp_path)
    assert isinstance(source, TorchvisionSet)
    assert str(source.root) == (given or str(tmp_path / "downloads" / "cifar10"))
