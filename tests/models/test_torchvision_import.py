"""torchvision imports beside any build of torch, in any order of events."""

import subprocess
import sys

import pytest

from tests.root import ROOT

PROGRAMS = {
    "at once": "",
    "twice": "import_torchvision()",
    "after a failed or successful import of somebody else": """
try:
    import torchvision
except RuntimeError as error:
    assert "nms does not exist" in str(error)
""",
    "after the operators were declared elsewhere": """
import torch
if torch.version.cuda is None:
    library = torch.library.Library("torchvision", "DEF")
    library.define("nms(Tensor dets, Tensor scores, float iou_threshold) -> Tensor")
""",
}
CHECK = """
torchvision = import_torchvision()
import torch
assert import_torchvision() is torchvision is __import__("torchvision")
assert hasattr(torch.ops.torchvision, "nms") and hasattr(torch.ops.torchvision, "qnms")
assert torchvision.models.resnet18(weights=None)(torch.zeros(1, 3, 64, 64)).shape == (1, 1000)
assert torchvision.datasets.CIFAR10
"""


@pytest.mark.parametrize("before", PROGRAMS.values(), ids=PROGRAMS.keys())
def test_torchvision_imports(before):
    program = "from models import import_torchvision\n" + before + CHECK
    result = subprocess.run(
        [sys.executable, "-W", "error", "-c", program], capture_output=True, text=True, check=False, cwd=ROOT
    )
    assert result.returncode == 0, result.stderr
