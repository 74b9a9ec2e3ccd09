"""The network that many facts are shown of."""

import pytest
import torch

from tests.regularizers.measure.networks import Branched


@pytest.fixture
def branched() -> Branched:
    torch.manual_seed(0)
    return Branched()
