"""Small trainings against the curves they gave before: whoever changes a number of the training is to know it.

PYTHONPATH=tests/support python tests/trainable/grpo/test_reference_curves.py    writes reference_curves.json anew
"""

import dataclasses
import json
import platform
import tempfile
from pathlib import Path

import pytest
import torch
from grpo_runs import EVERYTHING, QUICK, data_of, epochs, run_of
from profiles import write_profile

from trainable.grpo.controller_data import ControllerData
from trainable.runs import WorkerContext
from trainable.torch_process import set_up_torch

FILE = Path(__file__).with_name("reference_curves.json")
EPOCHS = 3
SETTINGS = {
    "default recipe": QUICK,
    "original recipe": dataclasses.replace(QUICK, recipe="original"),
    "two updates a batch and a divergence": EVERYTHING,
}


def curves(data: ControllerData) -> dict[str, list[dict[str, float]]]:
    """Every metric of every epoch but what the clock says."""
    return {name: epochs(run_of(data, settings), EPOCHS) for name, settings in SETTINGS.items()}


def made_with() -> dict[str, str]:
    """What the last bits depend on: torch's version, and the processor for which it chooses its kernels."""
    cpuinfo = Path("/proc/cpuinfo")
    lines = cpuinfo.read_text(encoding="utf-8").splitlines() if cpuinfo.exists() else []
    model = next((line.partition(":")[2].strip() for line in lines if line.startswith("model name")), "")
    processor = f"{platform.machine()} {model} {torch.backends.cpu.get_cpu_capability()}"
    return {"torch": torch.__version__, "processor": processor}


def test_training_gives_the_curves_it_gave_before(small: ControllerData) -> None:
    reference = json.loads(FILE.read_text(encoding="utf-8"))
    tolerance = 0.0 if reference["made_with"] == made_with() else 1e-4
    found = curves(small)
    assert found.keys() == reference["curves"].keys()
    for name, rows in reference["curves"].items():
        for epoch, row in enumerate(rows, start=1):
            assert found[name][epoch - 1] == pytest.approx(row, rel=tolerance, abs=tolerance), f"{name}, epoch {epoch}"


def main() -> None:
    set_up_torch(WorkerContext(1, ("cpu",), 1.0))
    with tempfile.TemporaryDirectory() as folder:
        content = {"made_with": made_with(), "curves": curves(data_of(write_profile(Path(folder))))}
    FILE.write_text(json.dumps(content, indent=1) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
