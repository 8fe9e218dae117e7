"""A disk that refuses the sweep's files: one sentence, nothing half-made, and the sweep goes on when it is mended."""

import errno
import json
import re
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path

import pytest
from made_up_sweep import MadeUpTrial, write_sweep
from refusing_disk import needs_refusing_disk, refusing
from sweep_here import start_joined, sweep_here
from sweep_process import QUADRATIC, ROOT, curves, environment

pytestmark = needs_refusing_disk


REFUSE_EACH = """
import contextlib, io, json, os, sys
from results.sync_wandb import main as sync_wandb
from tune.request.command_line import parse_command_line
from tune.planning.plan import plan_new
from tune.planning.sweep_folder import begin
from trainable.terminal.commands import command

@command("run_sweep.py")
def begin_sweep(arguments):  # what run_sweep.py does before a trial runs, without Ray
    begin(plan_new(parse_command_line(arguments)))
    return 0

for variables, name, arguments in json.load(sys.stdin):
    os.environ.update(variables)  # the preloaded library asks for them at each call
    said, refused = io.StringIO(), io.StringIO()
    with contextlib.redirect_stdout(said), contextlib.redirect_stderr(refused):
        status = {"begin": begin_sweep, "sync": sync_wandb}[name](arguments)
    print(json.dumps([status, said.getvalue(), refused.getvalue()]))
"""
"""Commands under a disk that refuses one call after another; their modules take longer to import than they to run."""

BEGUN = {
    (errno.ENOSPC, "mkdir"): r"--storage_path .* cannot be written \(the disk is full, of bytes or of files\); make",
    (errno.EDQUOT, "write"): r"driver\.lock cannot be written \(the quota on that disk is used up\); make room",
    (errno.EIO, "rename"): r"environment\.json cannot be written \(input/output error\); have the disk checked",
    (errno.ENOLCK, "flock"): r"sweep new: its file system cannot lock files \(No locks available\), so",
}
THEIRS = {
    (errno.EACCES, "open"): r"driver\.lock cannot be written \(permission denied\); ask its owner",
    (errno.ENOSYS, "flock"): r"sweep theirs: its file system cannot lock files \(Function not implemented\), so",
}


@dataclass(frozen=True)
class Refused:
    """What a command did on a disk that refused it."""

    storage: Path
    status: int
    said: str
    errors: str
    before: dict[Path, bytes]
    """The files that were there."""


@pytest.fixture(scope="module")
def refused(tmp_path_factory: pytest.TempPathFactory) -> dict[tuple[int, str], Refused]:
    folders, before, commands = {}, {}, []
    for number, call in [*BEGUN, *THEIRS]:
        storage = folders[number, call] = tmp_path_factory.mktemp(call)
        flags = ["--storage_path", str(storage), "--name", "new", *QUADRATIC]
        if (number, call) in BEGUN:
            commands.append((refusing(storage / "new", number, call=call), "begin", flags))
        else:
            trials = [MadeUpTrial({"lr": 1e-3}, (0.3,))]
            sweep = write_sweep(storage / "theirs", trials, wandb_project="p", wandb_entity=None)
            commands.append((refusing(sweep, number, call=call), "sync", [str(sweep), "--mode=offline"]))
        before[number, call] = {file: file.read_bytes() for file in storage.rglob("*") if file.is_file()}
    done = subprocess.run(
        [sys.executable, "-c", REFUSE_EACH], input=json.dumps(commands), env=environment(**commands[0][0]), cwd=ROOT,
        capture_output=True, text=True, encoding="utf-8", timeout=200,
    )  # fmt: skip
    assert done.returncode == 0, done.stderr
    answers = [json.loads(line) for line in done.stdout.splitlines()]
    return {case: Refused(folders[case], *answer, before[case]) for case, answer in zip(folders, answers, strict=True)}


@pytest.mark.parametrize("case", BEGUN, ids=lambda case: case[1])
def test_a_sweep_that_cannot_be_begun_leaves_nothing(
    case: tuple[int, str], refused: dict[tuple[int, str], Refused]
) -> None:
    done = refused[case]
    assert (done.status, done.said) == (2, "")
    (line,) = done.errors.splitlines()
    assert re.search(BEGUN[case], line)
    assert list(done.storage.iterdir()) == []


@pytest.mark.parametrize("case", THEIRS, ids=lambda case: case[1])
def test_a_sweep_that_cannot_be_locked_is_left_alone(
    case: tuple[int, str], refused: dict[tuple[int, str], Refused]
) -> None:
    done = refused[case]
    assert (done.status, done.said) == (2, "")
    (line,) = done.errors.splitlines()
    assert re.search(THEIRS[case], line)
    assert done.before
    assert {file: file.read_bytes() for file in done.before} == done.before


def test_a_disk_that_fails_amid_a_sweep_stops_it_and_it_goes_on_when_it_is_mended(
    quadratic_sweep: tuple[Path, str], tmp_path: Path
) -> None:
    twin, _ = quadratic_sweep
    sweep = tmp_path / "failing"
    flags = ("--num_samples", 8, "--num_epochs", 12, "--grace_period", 2, "--max_concurrent_trials", 1)
    flags += ("--wandb_mode", "disabled")
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
