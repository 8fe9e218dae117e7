"""A driver trains nothing: it starts without torch, which takes seconds to import."""

import subprocess
import sys

from sweep_process import ROOT, environment

PLAN_AND_IMPORT = """
import sys
import quadratic_run
import trainable.ray_trainable
import tune.sweep
from trainable.grpo.joint_controller import KIND

settings = KIND.settings_type()
print(KIND.describe(settings, KIND.prepare(settings)).summary)
print("torch" in sys.modules)
"""


def test_neither_the_driver_nor_a_worker_whose_kind_needs_no_torch_imports_it() -> None:
    path = f"{environment()['PYTHONPATH']}:{ROOT}"
    done = subprocess.run(
        [sys.executable, "-c", PLAN_AND_IMPORT],
        env=environment(PYTHONPATH=path),
        capture_output=True,
        encoding="utf-8",
        check=True,
    )
    summary, has_torch = done.stdout.splitlines()
    assert "2,000 samples" in summary
    assert has_torch == "False"
