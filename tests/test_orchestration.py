"""benchmarks/orchestration.py: that its ways run the same trainings, and what it counts of them."""

import json
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import ray
import wandb
from orchestrated import loop, pool
from orchestrated.figures import figures_of, tables, verdict
from orchestrated.trainings import Note, Trainings, read_notes
from orchestrated.ways import LOOP, OURS, STOCK
from orchestrated.where_it_goes import PARTS, ROOT
from processes import Usage, run_watched
from quadratic_run import OBJECTIVE, QuadraticRun, QuadraticSettings

COMMAND = Path(__file__).resolve().parent.parent / "benchmarks" / "orchestration.py"
TRIALS, EPOCHS = 2, 2
METRICS = (OBJECTIVE, "Train/Place")


@pytest.fixture
def offline(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    """W&B's real client in this process, without a server."""
    wandb.teardown()  # it reads the environment once
    monkeypatch.setenv("WANDB_MODE", "offline")
    monkeypatch.setenv("WANDB_SILENT", "true")
    yield
    wandb.teardown()


def curves_of(folder: Path) -> list[list[tuple[float, ...]]]:
    """What a way has recorded: of each trial every epoch's metrics. Which trial came when is none of its promises."""
    files = sorted(folder.glob("*/result.json"))
    rows = [[json.loads(line) for line in file.read_text(encoding="utf-8").splitlines()] for file in files]
    return sorted([tuple(row[name] for name in METRICS) for row in trial] for trial in rows)


def true_curves(trainings: Trainings) -> list[list[tuple[float, ...]]]:
    def curve(hyperparameters: dict[str, Any]) -> list[tuple[float, ...]]:
        run = QuadraticRun(QuadraticSettings(**hyperparameters), 0)
        steps = [run.step() for _ in range(trainings.epochs)]
        return [tuple(step[name] for name in METRICS) for step in steps]

    return sorted(map(curve, trainings.hyperparameters))


def test_a_loop_and_a_pool_run_each_training_once(tmp_path: Path, offline: None) -> None:
    for name in ("loop", "pool"):
        trainings = Trainings("PARABOLA", TRIALS, EPOCHS, str(tmp_path / f"{name}.notes"))
        if name == "loop":
            loop.main(tmp_path / name, trainings)
        else:
            pool.begin(tmp_path / name, trainings)
            pool.work(tmp_path / name, trainings, TRIALS)
        assert curves_of(tmp_path / name) == true_curves(trainings)
        assert len(read_notes(tmp_path / f"{name}.notes")) == TRIALS * EPOCHS
        assert len(list((tmp_path / name).glob("*/checkpoint_*"))) == TRIALS * EPOCHS
        assert len(list((tmp_path / name).glob("*/wandb/offline-run-*"))) == TRIALS


def test_ours_and_stock_run_the_same_trainings_and_the_tables_show_them(tmp_path: Path) -> None:
    flags = ["--rounds=1", "--trials=1", f"--epochs={EPOCHS}", "--run=parabola", "--ways", "stock", "ours"]
    done = subprocess.run(
        [sys.executable, COMMAND, *flags, "--folder", tmp_path], capture_output=True, encoding="utf-8", timeout=300
    )
    assert done.returncode == 0, done.stdout + done.stderr
    for way in ("stock", "ours"):
        assert curves_of(tmp_path / "round_0" / way / way) == true_curves(Trainings("PARABOLA", 1, EPOCHS, ""))
    assert done.stdout.count("| | (a) Ray Tune, stock | (b) GRPO Sweep |") == 2
    assert "| first result, at most 8 s |" in done.stdout


def test_each_part_of_the_profile_is_a_function_that_there_is() -> None:
    installed = Path(ray.__file__).parent
    for file, function in PARTS.values():
        if file.endswith(".py"):  # else Python's own
            (where,) = {path for path in (ROOT / file, installed.parent / file, installed / file) if path.exists()}
            assert f"def {function}(" in where.read_text(encoding="utf-8"), (file, function)


def usage(seconds: float) -> Usage:
    return Usage(status=0, began_at=100.0, seconds=seconds, cpu_seconds=9.0, memory_mb=500.0, most_processes=7)


def test_what_a_trial_takes_beyond_its_training() -> None:
    # Two places, four trials of one epoch of 2 s of which 1.5 s are the CPU's: they end 5, 5.5, 8 and 8.5 s after the
    # start; the command ends after 10 s. 2 * 10 - 8 = 12 s are no training: 3 a trial.
    notes = [Note(100.0 + end - 2, 2.0, 1.5) for end in (5.0, 5.5, 8.0, 8.5)]

    one = figures_of(OURS, usage(10.0), notes, trials=4, slots=2, cores=2)

    assert one.beyond_training == pytest.approx(3.0)
    # From 5 to 8.5 s, in two places 7 s, 0.5 + 2 + 2 s were training: 2.5 s of four trials.
    assert one.further_trial == pytest.approx(0.625)
    assert (one.first_result, one.after_last) == (pytest.approx(5.0), pytest.approx(1.5))
    assert one.ideal == pytest.approx(3.0)
    assert one.cpu - one.training_cpu == pytest.approx(3.0)
    in_turn = figures_of(LOOP, usage(10.0), notes, trials=4, slots=2, cores=2)
    assert in_turn.beyond_training == pytest.approx(0.5)  # (10 - 8) / 4


def test_an_aim_is_met_or_missed_as_the_figures_say() -> None:
    notes = [Note(100.0 + end - 2, 2.0, 1.5) for end in (5.0, 5.5, 8.0, 8.5)]
    ours = figures_of(OURS, usage(10.0), notes, trials=4, slots=2, cores=2)
    stock = figures_of(STOCK, usage(184.0), notes, trials=4, slots=2, cores=2)  # 2 * 184 - 8 = 30 * 12

    assert "| of stock's seconds a trial, at most 1/30 | 1/30 | met |" in verdict([stock, ours])
    assert "| a further trial, at most 0.1 s | 0.625 | missed |" in verdict([stock, ours])
    assert "| seconds a trial beyond its training | 30 | 1 |" in tables([stock, ours])
    assert verdict([ours]) == ""


def test_what_a_command_leaves_running_is_ended_and_nothing_else_is(tmp_path: Path) -> None:
    leaves = "import subprocess; print(subprocess.Popen(['sleep', '60'], start_new_session=True).pid)"
    beside = subprocess.Popen(["sleep", "60"])

    used = run_watched([sys.executable, "-c", leaves], {}, tmp_path / "output")

    assert (used.status, beside.poll()) == (0, None)
    beside.kill()
    beside.wait()
    assert not Path("/proc", (tmp_path / "output").read_text(encoding="utf-8").strip()).exists()
