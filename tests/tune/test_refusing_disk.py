"""A disk that refuses the sweep's files: one sentence, nothing half-made, and the sweep goes on when it is mended."""

import errno
import re
import subprocess
import sys
from pathlib import Path

import pytest
from made_up_sweep import MadeUpTrial, write_sweep
from refusing_disk import needs_refusing_disk, refusing
from sweep_here import start_joined, sweep_here
from sweep_process import QUADRATIC, ROOT, curves, environment

pytestmark = needs_refusing_disk


BEGIN = """
import sys
from tune.planning.command_line import parse_command_line
from tune.planning.plan import plan_new
from tune.planning.sweep_folder import begin
from trainable.terminal.commands import command

@command("run_sweep.py")
def main(arguments):
    begin(plan_new(parse_command_line(arguments)))
    return 0

sys.exit(main(sys.argv[1:]))
"""
"""What the command does before a trial runs, without Ray."""


def answer(*command: object, **variables: str) -> str:
    """The one line with which a command refuses."""
    done = subprocess.run(
        [sys.executable, *map(str, command)],
        env=environment(**variables), cwd=ROOT, capture_output=True, text=True, encoding="utf-8", timeout=60,
    )  # fmt: skip
    assert (done.returncode, done.stdout) == (2, ""), done.stderr
    (line,) = done.stderr.splitlines()
    return line


@pytest.mark.parametrize(
    ("number", "call", "said"),
    [
        (
            errno.ENOSPC,
            "mkdir",
            r"--storage_path .* cannot be written \(the disk is full, of bytes or of files\); make",
        ),
        (errno.EDQUOT, "write", r"driver\.lock cannot be written \(the quota on that disk is used up\); make room"),
        (errno.EIO, "rename", r"environment\.json cannot be written \(input/output error\); have the disk checked"),
        (errno.ENOLCK, "flock", r"sweep new: its file system cannot lock files \(No locks available\), so"),
    ],
)
def test_a_sweep_that_cannot_be_begun_leaves_nothing(tmp_path: Path, number: int, call: str, said: str) -> None:
    flags = ("--storage_path", tmp_path, "--name", "new", *QUADRATIC)
    assert re.search(said, answer("-c", BEGIN, *flags, **refusing(tmp_path / "new", number, call=call)))
    assert list(tmp_path.iterdir()) == []


def test_a_disk_that_fails_amid_a_sweep_stops_it_and_it_goes_on_when_it_is_mended(
    quadratic_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    twin, _ = quadratic_sweep
    sweep = tmp_path / "failing"
    flags = ("--num_samples", 8, "--num_epochs", 12, "--grace_period", 2, "--max_concurrent_trials", 1)
    once = sweep / "trial_00000" / "checkpoint_000004"
    failing = start_joined(tmp_path, "--name", "failing", *QUADRATIC, *flags, **refusing(sweep, errno.EROFS, once=once))
    printed, _ = failing.communicate(timeout=200)
    assert failing.returncode == 2, printed
    assert "Traceback" not in printed
    assert re.search(
        r"cannot be written \(the disk is read-only\); have it made writable, then go on with: python .*--resume ",
        printed.splitlines()[-1],
    )

    done = sweep_here(tmp_path, "--resume", "failing")

    assert done.returncode == 0, done.stderr
    assert curves(sweep) == curves(twin)


@pytest.mark.parametrize(
    ("number", "call", "said"),
    [
        (errno.EACCES, "open", r"driver\.lock cannot be written \(permission denied\); ask its owner"),
        (errno.ENOSYS, "flock", r"sweep theirs: its file system cannot lock files \(Function not implemented\), so"),
    ],
)
def test_a_sweep_that_cannot_be_locked_is_left_alone(tmp_path: Path, number: int, call: str, said: str) -> None:
    trials = [MadeUpTrial({"lr": 1e-3}, (0.3,))]
    sweep = write_sweep(tmp_path / "theirs", trials, wandb_project="p", wandb_entity=None)
    before = {file: file.read_bytes() for file in sweep.rglob("*") if file.is_file()}
    assert re.search(
        said, answer("results/sync_wandb.py", sweep, "--mode=offline", **refusing(sweep, number, call=call))
    )
    assert {file: file.read_bytes() for file in before} == before
