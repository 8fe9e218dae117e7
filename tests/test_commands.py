"""What every command has in common: quick help, and one sentence about a mistake."""

import importlib
import os
import signal
import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
from made_up_sweep import MadeUpTrial, write_sweep
from other_checkout import copy_packages
from profiles import write_profile
from sweep_process import environment

ROOT = Path(__file__).resolve().parent.parent
COMMANDS = [
    file
    for folder in ("tune", "trainable", "results")
    for file in sorted((ROOT / folder).rglob("*.py"))
    if '__name__ == "__main__"' in file.read_text(encoding="utf-8")
]
ASK_FOR_HELP = """
import runpy, sys
command = sys.argv[1]
sys.argv = [command, "--help"]
sys.path[0] = command.rpartition("/")[0]
try:
    runpy.run_path(command, run_name="__main__")
except SystemExit as end:
    print("status", end.code or 0)
print(sorted({"torch", "ray", "optuna", "wandb", "numpy", "transformers", "matplotlib", "pandas"} & set(sys.modules)))
"""


def test_there_are_commands() -> None:
    assert len(COMMANDS) >= 5


@pytest.mark.parametrize("command", COMMANDS, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_help_imports_nothing_heavy(command: Path) -> None:
    shown = subprocess.run([sys.executable, "-c", ASK_FOR_HELP, str(command)], capture_output=True, encoding="utf-8")
    *text, status, heavy = shown.stdout.strip().splitlines()
    assert (status, heavy) == ("status 0", "[]"), shown.stdout + shown.stderr
    assert "usage" in text[0]


def run(
    command: Path, *arguments: str, cwd: Path | None = None, stdout: Any = subprocess.PIPE, **variables: str
) -> Any:
    """As a user does; what it printed, as text."""
    return subprocess.run(
        [sys.executable, str(command), *arguments],
        cwd=cwd,
        env=os.environ | variables,
        stdout=stdout,
        stderr=subprocess.PIPE,
        encoding="utf-8",
    )


def assert_refused(command: Path, arguments: list[str], sentence: str) -> None:
    done = run(command, *arguments)
    assert (done.returncode, done.stdout) == (2, "")
    assert done.stderr.startswith(f"{command.name}: ")
    assert sentence in done.stderr
    assert len(done.stderr.splitlines()) == 1


@pytest.mark.parametrize("command", COMMANDS, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_wrong_flag_is_answered_in_one_sentence(command: Path) -> None:
    assert_refused(command, [*TAKE_SOMETHING.get(command.name, []), "--hepl"], "no flag --hepl; did you mean --help?")


WRONG_VALUES = {
    "run_sweep.py": (["--num-samples", "three"], "--num_samples is 'three'; it must be a whole number"),
    "check_run.py": (["joint_controller", "--num_epochs", "1"], "--num_epochs 1: at least 2, to save one and go on"),
    "train_joint_controller.py": (["--use_wandb=maybe"], "use_wandb is 'maybe'; it must be true or false"),
    "evaluate.py": ([".", "--split", "nope"], "argument --split: invalid choice: 'nope'"),
    "profile_model.py": (
        ["--model_path", ".", "--dataset", ".", "--output", "new", "--num_threads", "0"],
        "--num_threads is 0; it must be at least 1",
    ),
    "export.py": (["nowhere"], "nowhere: there is no such"),
    "deploy.py": (["."], "the following arguments are required: --model_path, --dataset"),
    "compare_trials.py": (["x", "--top", "0"], "argument --top: '0' is no whole number above 0"),
    "report.py": (["nowhere"], "no sweep 'nowhere' in"),
    "sync_wandb.py": (["x", "--mode", "disabled"], "argument --mode: invalid choice: 'disabled'"),
}
TAKE_SOMETHING = {
    "check_run.py": ["joint_controller"],
    "profile_model.py": ["--model_path", ".", "--dataset", ".", "--output", "new"],
    **{
        name: ["."]
        for name in ("evaluate.py", "export.py", "deploy.py", "compare_trials.py", "report.py", "sync_wandb.py")
    },
}


@pytest.mark.parametrize("command", COMMANDS, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_wrong_value_is_answered_in_one_sentence(command: Path) -> None:
    assert_refused(command, *WRONG_VALUES[command.name])


@pytest.mark.parametrize("name", TAKE_SOMETHING)
def test_what_a_command_needs_is_named_when_it_is_missing(name: str) -> None:
    (command,) = (command for command in COMMANDS if command.name == name)
    assert_refused(command, [], "the following arguments are required: ")


PATHS = [
    ("tune.run_sweep", "--storage_path PATH"),
    ("tune.run_sweep", "--results_dir PATH"),
    ("tune.run_sweep", "--model_path PATH"),
    ("tune.run_sweep", "--config PATH"),
    ("tune.run_sweep", "--resume x --storage_path PATH"),
    ("tune.run_sweep", "--confirm x --storage_path PATH"),
    ("tune.run_sweep", "--confirm PATH"),
    ("tune.check_run", "joint_controller --results_dir PATH"),
    ("trainable.train_joint_controller", "--output_dir PATH"),
    ("trainable.train_joint_controller", "--output_dir PATH --resume"),
    ("trainable.train_joint_controller", "--results_dir PATH"),
    ("trainable.train_joint_controller", "--model_path PATH"),
    ("trainable.evaluate", "PATH"),
    ("trainable.evaluate", "--plot PATH ."),
    ("trainable.deploy", "PATH"),
    ("trainable.deploy", ". --dataset x --model_path PATH"),
    ("trainable.export", "PATH"),
    ("trainable.export", "--output PATH ."),
    ("trainable.profile_model", "--model_path PATH --dataset x --output x"),
    ("trainable.profile_model", "--model_path . --dataset x --output PATH"),
    ("results.report", "PATH"),
    ("results.report", "--output PATH x"),
    ("results.report", "--storage_path PATH x"),
    ("results.compare_trials", "PATH"),
    ("results.compare_trials", "--save_svg PATH x"),
    ("results.sync_wandb", "PATH"),
]
NO_PATHS = ["foo://bucket/x", "file://elsewhere/x", "~no-such-user/x", "n" * 256, "./loop/x"]


@pytest.mark.parametrize(("command", "arguments"), PATHS, ids=lambda value: str(value))
def test_what_is_no_path_is_refused_by_every_command_in_one_sentence(
    command: str, arguments: str, tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    Path("loop").symlink_to("loop")
    main = importlib.import_module(command).main
    for value in NO_PATHS:
        given = [value if argument == "PATH" else argument for argument in arguments.split()]
        assert main(given) == 2, value
        told = capsys.readouterr().err
        assert told.count("\n") == 1
        assert value.removeprefix("./") in told
        assert [entry.name for entry in tmp_path.iterdir()] == ["loop"]


@pytest.fixture(scope="module")
def sweep(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """With characters that few encodings have."""
    folder = tmp_path_factory.mktemp("sweeps") / "made-up"
    return write_sweep(folder, [MadeUpTrial({"optimiser": name}, (0.5,)) for name in ("±", "混合")], confirm="one")


ASCII = {"LC_ALL": "C", "PYTHONUTF8": "0", "PYTHONCOERCECLOCALE": "0"}
"""A locale without a character beyond ASCII."""


@pytest.mark.parametrize("name", ["compare_trials.py", "report.py"])
def test_what_an_encoding_cannot_show_is_replaced(name: str, sweep: Path) -> None:
    done = run(ROOT / "results" / name, str(sweep), **ASCII)
    assert (done.returncode, done.stderr) == (0, "")
    assert done.stdout.isascii()


def test_a_name_that_is_not_utf_8_is_refused_before_libraries_make_it_two(tmp_path: Path) -> None:
    """Python writes names in the locale's encoding, and Ray's file systems in UTF-8."""
    config = tmp_path / "sweep.yaml"
    config.write_text(f"# 注释\nstorage_path: {tmp_path}/实验\n", encoding="utf-8")
    done = run(ROOT / "tune/run_sweep.py", "--config", str(config), **ASCII)
    assert done.returncode == 2
    assert "its name is not UTF-8 on this disk (file names are ascii here)" in done.stderr
    assert len(done.stderr.splitlines()) == 1
    assert [*tmp_path.iterdir()] == [config]


def test_files_hold_every_character_in_any_locale(sweep: Path, tmp_path: Path) -> None:
    page, file = tmp_path / "report.html", tmp_path / "trials.csv"
    run(ROOT / "results/report.py", str(sweep), "--output", str(page), **ASCII)
    with file.open("wb") as stdout:
        run(ROOT / "results/compare_trials.py", str(sweep), "--format", "csv", stdout=stdout, **ASCII)
    assert "混合" in file.read_text(encoding="utf-8")
    assert "混合" in page.read_text(encoding="utf-8")


def test_a_listing_that_cannot_be_written_is_a_failure_in_one_sentence(sweep: Path) -> None:
    """As of `ls`; but of a report, which has been written, no matter."""
    with open("/dev/full", "wb") as full:
        listed = run(ROOT / "results/compare_trials.py", str(sweep), stdout=full)
        reported = run(ROOT / "results/report.py", str(sweep), stdout=full)
    sentence = "compare_trials.py: what it prints could not be written (No space left on device); send it elsewhere\n"
    assert (listed.returncode, listed.stderr) == (2, sentence)
    assert (reported.returncode, reported.stderr) == (0, "")


@pytest.mark.parametrize("command", COMMANDS, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_reader_that_has_gone_ends_a_command_quietly(command: Path) -> None:
    ours, theirs = os.pipe()
    os.close(ours)
    done = run(command, "--help", stdout=theirs)
    os.close(theirs)
    assert (done.returncode, done.stderr) == (128 + signal.SIGPIPE, "")


def test_streams_that_are_closed_are_no_files_of_the_record(tmp_path: Path) -> None:
    """The lock, the first file that is opened, would be stdout else."""
    write_profile(tmp_path / "profile")
    flags = f"--num_epochs 1 --results_dir {tmp_path / 'profile'} --output_dir {tmp_path / 'out'}"
    training = f"{sys.executable} {ROOT / 'trainable/train_joint_controller.py'} {flags} <&- >&- 2>&-"
    assert subprocess.run(["bash", "-c", training]).returncode == 0
    assert len((tmp_path / "out" / "result.json").read_bytes().splitlines()) == 1
    assert (tmp_path / "out" / "driver.lock").read_text(encoding="utf-8").startswith("process ")


@pytest.fixture(scope="module")
def other_checkout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return copy_packages(tmp_path_factory.mktemp("other"))


@pytest.mark.parametrize("command", COMMANDS, ids=lambda file: f"{file.parent.name}/{file.name}")
def test_a_command_runs_the_modules_of_its_own_checkout(command: Path, other_checkout: Path) -> None:
    before = set(other_checkout.glob("imported_by_*"))
    assert run(other_checkout / command.relative_to(ROOT), "--help").returncode == 0
    assert set(other_checkout.glob("imported_by_*")) - before


def test_a_sweep_is_refused_where_its_workers_would_run_other_modules(other_checkout: Path, tmp_path: Path) -> None:
    """Those of another checkout, in which it is started."""
    sweep = ("--name", "a", "--storage_path", str(tmp_path))
    refused = run(other_checkout / "tune/run_sweep.py", *sweep, cwd=ROOT, **environment())
    assert refused.returncode == 2
    assert f"the trials would run the modules of {ROOT}, where you stand; start it elsewhere" in refused.stderr


def test_the_version_is_what_a_report_of_a_fault_needs() -> None:
    shown = run(ROOT / "tune" / "run_sweep.py", "--version")
    assert shown.returncode == 0, shown.stderr
    names = [line.partition(" ")[0] for line in shown.stdout.splitlines()]
    there_may_be_no_git = ["git_commit"] if (ROOT / ".git").exists() else []
    assert names == ["grpo-sweep", "torch", "ray", "optuna", "wandb", "python", "platform", *there_may_be_no_git]
