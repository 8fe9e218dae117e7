"""Sweeps on a Ray that has been told of two GPUs: shares are found out, halved and recorded, and no epoch is lost."""

import json
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from gpu_run import CARD, HUNGRY_EPOCH, NO_CARD, ON_GPUS
from quadratic_run import OBJECTIVE, QuadraticRun, QuadraticSettings
from sweep_process import ROOT, arguments, environment, params, rows, trial_folders

from trainable.contract import DEVICE, GPU_IDS, GPU_SHARE

SWEEPS = """
import json, sys
from tune.cluster.cpu_cores import UsableCores
from tune.cluster.local_ray import start_ray
from tune.cluster.ray_environment import prepare_ray_environment
from tune.run_sweep import main

prepare_ray_environment()
start_ray(UsableCores(8, 8), num_gpus=2, log_to_driver=False)
for given in json.loads(sys.argv[1]):
    print("status", main(given), flush=True)
"""
NUM_EPOCHS, NUM_SAMPLES, MORE_SAMPLES = 4, 4, 5
FLAGS = (*ON_GPUS, "--num_epochs", NUM_EPOCHS, "--grace_period", NUM_EPOCHS, "--wandb_mode", "disabled")


@dataclass(frozen=True)
class OnTwoGpus:
    storage: Path
    said: dict[str, str]
    """By the sweeps, in their order."""

    def placement(self, name: str) -> list[dict[str, Any]]:
        content = json.loads((self.storage / name / "placement.json").read_text(encoding="utf-8"))
        packings: list[dict[str, Any]] = content["packings"]
        return packings

    def column(self, name: str, column: str) -> list[list[Any]]:
        return [[row[column] for row in rows(trial)] for trial in trial_folders(self.storage / name)]


@pytest.fixture(scope="module")
def on_two_gpus(tmp_path_factory: pytest.TempPathFactory) -> OnTwoGpus:
    storage = tmp_path_factory.mktemp("gpus")
    auto = ("--name", "auto", "--gpus_per_trial", "auto", *FLAGS, "--num_samples", NUM_SAMPLES)
    # 8,000 / (1,400 x 1.25) is 4.6: four share one, with 2,000 each.
    auto += ("--needs_mb", 1400, "--needs_later_mb", "0,0,2100", "--epoch_ms", 50)
    alone = ("--name", "alone", *FLAGS, "--num_samples", 2, "--needs_later_mb", "0,9000,0")
    sweeps = {
        "begun": auto,
        "resumed": ("--resume", "auto", "--num_samples", MORE_SAMPLES),
        "alone": alone,
        "without": ("--name", "without", "--gpus_per_trial", 0, *FLAGS, "--num_samples", 1),
    }
    given = json.dumps([arguments(storage, *flags) for flags in sweeps.values()])
    command = [sys.executable, "-c", SWEEPS, given]
    done = subprocess.run(command, env=environment(), capture_output=True, encoding="utf-8", cwd=ROOT, timeout=300)
    said = done.stdout.split("status ")
    assert [text[0] for text in said[1:]] == ["0", "0", "1", "0"], done.stdout + done.stderr
    assert "Traceback" not in done.stdout + done.stderr
    return OnTwoGpus(storage, dict(zip(sweeps, (" ".join(text.split()) for text in said), strict=False)))


def test_auto_measures_a_trial_alone_on_a_gpu_and_packs_as_many_as_fit(on_two_gpus: OnTwoGpus) -> None:
    assert "2 at a time, each on 1 CPU core and a GPU, until it is known how many" in on_two_gpus.said["begun"]
    found, _ = on_two_gpus.placement("auto")
    assert (found["wish"], found["trials_per_gpu"]) == ("auto", 4)
    number = found["measured"].pop("trial")  # the first whose epoch was done, of two on two GPUs
    took = f"trial {number} alone took 1,400 of 8,000 MB of a made-up GPU and 20% of its time"
    assert f"--gpus_per_trial auto: {took}: 4 share one, as many as its memory allows" in on_two_gpus.said["begun"]
    of_gpu = {"gpu": "a made-up GPU", "total_mb": 8000.0, "peak_mb": 1400.0, "busy": 0.2}
    assert found["measured"] == {"epoch": 1, **of_gpu}
    shares = on_two_gpus.column("auto", "gpu_share")
    assert shares[number][:2] == [1.0, 0.25]
    assert {share for later in shares[2:] for share in later} <= {0.25, 0.5}


def test_a_trial_that_has_not_enough_of_a_shared_gpu_halves_the_packing_and_no_epoch_is_lost(
    on_two_gpus: OnTwoGpus,
) -> None:
    why = f"trial 2 ran out of GPU memory in epoch {HUNGRY_EPOCH} with 4 on a GPU"
    assert f"{why}; from now on 2 share one, and no epoch before it is lost" in on_two_gpus.said["begun"]
    _, halved = on_two_gpus.placement("auto")
    assert (halved["trials_per_gpu"], halved["why"], halved["measured"]) == (2, why, None)
    for trial in trial_folders(on_two_gpus.storage / "auto"):
        walker = QuadraticRun(QuadraticSettings(**params(trial)), seed=0)
        assert [row[OBJECTIVE] for row in rows(trial)] == [walker.step()[OBJECTIVE] for _ in range(NUM_EPOCHS)]
    assert not list(on_two_gpus.storage.glob("auto/trial_*/failure*.json"))
    assert on_two_gpus.column("auto", "gpu_share")[2][HUNGRY_EPOCH - 1 :] == [0.5] * (NUM_EPOCHS - HUNGRY_EPOCH + 1)


def test_a_resume_goes_on_with_the_packing_that_was_found(on_two_gpus: OnTwoGpus) -> None:
    assert "auto: trial" not in on_two_gpus.said["resumed"]
    assert len(on_two_gpus.placement("auto")) == 2
    new = on_two_gpus.column("auto", "gpu_share")[NUM_SAMPLES:]
    assert new == [[0.5] * NUM_EPOCHS] * (MORE_SAMPLES - NUM_SAMPLES)


def test_a_trial_with_a_gpu_to_itself_that_has_not_enough_fails_at_once(on_two_gpus: OnTwoGpus) -> None:
    trial = on_two_gpus.storage / "alone" / "trial_00001"
    failure = json.loads((trial / "failure.json").read_text(encoding="utf-8"))
    assert (failure["kind"], failure["epoch"]) == ("out of GPU memory", HUNGRY_EPOCH)
    assert f"failed (out of GPU memory) in epoch {HUNGRY_EPOCH}: RuntimeError: RESOURCE_EX" in on_two_gpus.said["alone"]
    assert not (trial / "failure_1.json").exists()
    assert not (on_two_gpus.storage / "alone" / "placement.json").exists()
    assert on_two_gpus.column("alone", "gpu_share")[0] == [1.0] * NUM_EPOCHS


def test_a_trial_sees_the_gpus_that_it_was_given_and_its_record_names_them(on_two_gpus: OnTwoGpus) -> None:
    for name in ("auto", "alone"):
        cards, ids = on_two_gpus.column(name, CARD), on_two_gpus.column(name, "gpu_ids")
        assert [[float(card) for card in of_trial] for of_trial in ids] == cards
        assert {card for of_trial in cards for card in of_trial} <= {0.0, 1.0}


def test_a_trial_without_a_gpu_sees_none_of_its_nodes(on_two_gpus: OnTwoGpus) -> None:
    assert on_two_gpus.column("without", CARD) == [[NO_CARD] * NUM_EPOCHS]
    for column, value in {DEVICE: "cpu", GPU_IDS: "", GPU_SHARE: 0.0}.items():
        assert on_two_gpus.column("without", column) == [[value] * NUM_EPOCHS]
