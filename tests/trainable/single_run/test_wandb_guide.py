"""docs/wandb.md and docs/wandb.zh.md: every command runs as written, and W&B's absence is what they say it is."""

import json
import os
import re
import shlex
import shutil
import socket
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest
import yaml
from door import CORE_EXPERIMENT, REPOSITORY, environment, run_beside_the_tests, train, train_beside_the_tests
from made_up_sweep import write_sweep
from wandb.sdk.launch.sweeps.utils import create_sweep_command, create_sweep_command_args
from wandb_file import history, offline_runs, run_record

GUIDES = ("docs/wandb.md", "docs/wandb.zh.md")
WARNING = "wandb not installed. Install with: pip install wandb"
NOT_RUN = ("pip install wandb", "wandb login", "wandb sweep search_spaces/wandb_sweep.yaml")
"""They take the network or a login."""
PLAIN = "python trainable/train_joint_controller.py "
LEFT_OUT = f"--results_dir {CORE_EXPERIMENT} --num_epochs 3"
"""What `...` stands for."""


def commands_of(guide: str) -> list[str]:
    text = (REPOSITORY / guide).read_text(encoding="utf-8")
    return [block.replace("\\\n", " ").strip() for block in re.findall(r"```bash\n(.*?)```", text, re.S)]


def test_both_languages_have_the_same_sections_and_commands() -> None:
    texts = [(REPOSITORY / guide).read_text(encoding="utf-8") for guide in GUIDES]
    shapes = [re.findall(r"^#+(?= )", text, re.M) for text in texts]
    flags = [sorted(set(re.findall(r"--\w+|\b(?:Train|Val|Perf)/\w+", text))) for text in texts]

    assert commands_of(GUIDES[0]) == commands_of(GUIDES[1])
    assert len(commands_of(GUIDES[0])) == 11
    assert shapes[0] == shapes[1]
    assert flags[0] == flags[1]


@pytest.mark.parametrize("command", [command for command in commands_of(GUIDES[0]) if command not in NOT_RUN])
def test_a_command_of_the_guide_runs_as_written(command: str, workplace: Path) -> None:
    if command.startswith("wandb sync"):
        command += " --dry-run"
    else:
        shutil.rmtree(workplace / "checkpoints" / "joint_controller", ignore_errors=True)
    here = {"NUM_EPOCHS": "3", "RESULTS_DIR": CORE_EXPERIMENT} if "run_training.sh" in command else {}
    if "..." not in command and "train_joint" in command:
        command += " --num_epochs 2"  # without any, on the shipped profile

    result = run_as_written(command.replace("...", LEFT_OUT), workplace, **here)

    assert result.returncode == 0, result.stderr
    assert "Traceback" not in result.stderr
    if "train" in command:
        (file,) = offline_runs(workplace / "checkpoints" / "joint_controller")
        run = run_record(file)
        for flag, value in (("project", run.project), ("entity", run.entity), ("name", run.display_name)):
            wished = re.search(rf"(?:--wandb_{flag} |WANDB_{flag.upper()}=)(\S+)", command)
            assert not wished or value == wished[1]
        no_login = [line for line in result.stdout.splitlines() if "No W&B login is stored here" in line]
        assert len(no_login) == (0 if "WANDB_MODE=offline" in command else 1)
        assert len(history(file)) == int((re.findall(r"--num_epochs (\d+)", command) or [3])[-1])


def run_as_written(command: str, workplace: Path, **variables: str) -> "subprocess.CompletedProcess[str]":
    """In a shell, unless a shell would have nothing to do but to split the command into its flags."""
    if command.startswith(PLAIN):
        return run_beside_the_tests(workplace, *shlex.split(command.removeprefix(PLAIN)), **variables)
    return subprocess.run(
        ["bash", "-c", command],
        cwd=workplace,
        env=environment(workplace, **variables),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )


def without_wandb(folder: Path) -> Path:
    """Every installed package but wandb, as a folder for PYTHONPATH."""
    installed = Path(yaml.__file__).parents[1]
    folder.mkdir()
    for entry in installed.iterdir():
        if not entry.name.startswith("wandb") and entry.suffix != ".pth":
            (folder / entry.name).symlink_to(entry)
    return folder


@pytest.mark.parametrize("command", ["trainable/train_joint_controller.py", "tune/run_sweep.py"])
def test_without_wandb_a_training_goes_on_and_a_sweep_says_so(command: str, workplace: Path, tmp_path: Path) -> None:
    packages = without_wandb(tmp_path / "packages")
    of_training = [
        "--output_dir",
        str(tmp_path / "out"),
        "--results_dir",
        str(workplace / CORE_EXPERIMENT),
        "--use_wandb",
    ]
    flags = of_training if "train_" in command else ["--num_samples", "1"]
    (tmp_path / "wandb").mkdir()  # such a folder, left by W&B itself, passes for a package of that name

    result = subprocess.run(
        [sys.executable, "-S", str(REPOSITORY / command), "--num_epochs", "2", *flags],
        cwd=tmp_path,
        env=environment(tmp_path, PYTHONPATH=os.pathsep.join([str(REPOSITORY), str(packages), str(tmp_path)])),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )

    if "train_" in command:
        assert result.returncode == 0, result.stderr
        assert WARNING in result.stdout.splitlines()
        assert len((tmp_path / "out" / "result.json").read_text(encoding="utf-8").splitlines()) == 2
    else:
        assert result.returncode == 2
        assert result.stderr == f"run_sweep.py: {WARNING}\n"


def test_without_wandb_a_sweep_is_not_sent_and_that_is_said(workplace: Path, tmp_path: Path) -> None:
    packages = without_wandb(tmp_path / "packages")
    sweep = write_sweep(tmp_path / "sweep", [])

    result = subprocess.run(
        [sys.executable, "-S", str(REPOSITORY / "results" / "sync_wandb.py"), str(sweep)],
        cwd=tmp_path,
        env=environment(tmp_path, PYTHONPATH=os.pathsep.join([str(REPOSITORY), str(packages)])),
        capture_output=True,
        encoding="utf-8",
        timeout=300,
    )

    assert result.returncode == 2
    assert result.stderr == f"sync_wandb.py: {WARNING}\n"


@pytest.mark.parametrize("behaviour", ["refuses", "never answers"])
def test_a_server_that_does_not_serve_neither_stops_nor_slows_the_training(behaviour: str, workplace: Path) -> None:
    name = behaviour.replace(" ", "-")
    with socket.socket() as server:
        server.bind(("127.0.0.1", 0))
        if behaviour == "never answers":
            server.listen()
        url = f"http://127.0.0.1:{server.getsockname()[1]}"
        result = train(
            workplace,
            *("--output_dir", name, "--num_epochs=3", "--use_wandb", "--no_tensorboard"),
            WANDB_BASE_URL=url,
            WANDB_API_KEY="0" * 40,
        )
        assert result.returncode == 0, result.stderr

    assert "W&B does not answer" in result.stdout
    assert "wandb sync" in result.stdout
    assert len(history(offline_runs(workplace / name)[0])) == 3
    # The last row was on disk before W&B began to write down the run, having given the server up.
    offline = offline_runs(workplace / name)[0]
    assert (workplace / name / "result.json").stat().st_mtime <= offline.stat().st_mtime
    assert not list((workplace / name).glob("events.*"))


def test_a_run_of_wandbs_agent_takes_its_arguments_and_joins_the_sweep(workplace: Path) -> None:
    sweep = yaml.safe_load((REPOSITORY / "search_spaces" / "wandb_sweep.yaml").read_text(encoding="utf-8"))
    proposed = {"lr": 0.0031, "group_size": 7, "budget_penalty": 2.5, "num_epochs": 2, "use_wandb": True}
    assert set(sweep["parameters"]) == set(proposed)
    arguments = create_sweep_command_args({"args": {name: {"value": value} for name, value in proposed.items()}})
    command = create_sweep_command(None)
    assert "${args}" in command
    parameters = workplace / "agent-parameters.yaml"
    parameters.write_text(
        yaml.safe_dump({"wandb_version": 1} | {n: {"value": v} for n, v in proposed.items()}), encoding="utf-8"
    )

    result = train_beside_the_tests(
        workplace,
        *arguments["args"],
        WANDB_MODE="offline",
        WANDB_SWEEP_ID="sweep123",
        WANDB_RUN_ID="run45678",
        WANDB_PROJECT="of-the-agent",
        WANDB_ENTITY="us",
        WANDB_SWEEP_PARAM_PATH=str(parameters),
        WANDB_DIR=str(workplace),
    )

    assert result.returncode == 0, result.stderr
    (file,) = offline_runs(workplace / "checkpoints/joint_controller/sweep-sweep123/run-run45678")
    run = run_record(file)
    assert (run.run_id, run.sweep_id, run.project, run.entity) == ("run45678", "sweep123", "of-the-agent", "us")
    assert len(history(file)) == 2

    folder = file.parents[2]
    resume = ("--resume", "--output_dir", str(folder), "--num_epochs=3")
    by_hand = train_beside_the_tests(workplace, *resume, WANDB_MODE="offline")

    assert by_hand.returncode == 0, by_hand.stderr
    (file,) = offline_runs(folder)
    run = run_record(file)
    assert (run.run_id, run.project, run.entity) == ("run45678", "of-the-agent", "us")
    assert len(history(file)) == 3


def test_a_moved_training_is_the_same_run_at_wandb_and_a_copy_that_goes_on_one_of_its_own(
    workplace: Path, train_here: Callable[..., int]
) -> None:
    def wandb_id(name: str) -> str:
        return str(json.loads((workplace / name / "params.json").read_text(encoding="utf-8"))["wandb_id"])

    assert train_here("--output_dir", "original", "--num_epochs=1") == 0
    begun_as = wandb_id("original")
    (workplace / "original").rename(workplace / "moved")
    assert train_here("--resume", "--output_dir", "moved", "--num_epochs=2") == 0
    shutil.copytree(workplace / "moved", workplace / "copied")
    resume = ("--resume", "--output_dir", "copied", "--num_epochs=3", "--use_wandb")
    copied = train_beside_the_tests(workplace, *resume, WANDB_MODE="offline")

    assert copied.returncode == 0, copied.stderr
    assert "This is a copy of the training in moved, so at W&B it is a run of its own\n" in copied.stdout
    (file,) = offline_runs(workplace / "copied")
    assert run_record(file).run_id == wandb_id("copied") != begun_as
    own_id = wandb_id("copied")
    for name in ("moved", "copied"):
        assert train_here("--resume", "--output_dir", name, "--num_epochs=3") == 0
    assert (wandb_id("moved"), wandb_id("copied")) == (begun_as, own_id)
