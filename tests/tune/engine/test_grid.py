"""A grid ends a sweep that asks for more trials than it has settings."""

from pathlib import Path

from made_up_sweep import MadeUpTrial, write_trial

from results.record.sweeps import read_sweep, write_proposed
from trainable.contract import trial_folder_name
from tune.engine.left import end_of, trials_left
from tune.planning.plan import plan_new
from tune.planning.resumed import plan_resumed
from tune.planning.sweep_folder import begin
from tune.request.command_line import parse_command_line

GRID = "target: {low: 0.2, high: 0.8, step: 0.3}\nrate: {choices: [0.1, 0.9]}\n"


def test_a_sweep_whose_grid_is_used_up_has_ended_and_goes_on_with_another_sampler(tmp_path: Path) -> None:
    (tmp_path / "grid.yaml").write_text(GRID, encoding="utf-8")
    flags = ["--run", "quadratic_run:KIND", "--num_samples", "20", "--num_epochs", "3", "--replicate", "0"]
    flags += ["--storage_path", str(tmp_path), "--search_space", str(tmp_path / "grid.yaml"), "--sampler", "grid"]
    plan = begin(plan_new(parse_command_line([*flags, "--name", "a", "--scheduler", "none"])))
    folder = plan.settings.folder
    settings = [plan.starting_values, *({"target": t, "rate": r} for t in (0.2, 0.5, 0.8) for r in (0.1, 0.9))]
    for number, setting in enumerate(settings):
        record = read_sweep(folder)
        assert (trials_left(record, plan), end_of(record, plan)) == (20 - number, None)
        write_trial(folder / trial_folder_name(number), MadeUpTrial(setting, [0.1, 0.2, 0.3]), metric="Val/Height")
        write_proposed(folder, number + 1, ())

    record = read_sweep(folder)
    assert trials_left(record, plan) == 0
    end = end_of(record, plan)
    assert end is not None
    assert (end.by, end.why) == ("sampler", "none of its settings is left to try")

    request = parse_command_line(["--run", "quadratic_run:KIND", "--resume", "a", "--sampler", "random"])
    again, _ = plan_resumed(request, folder, lambda sentence: None)
    assert (trials_left(record, again), end_of(record, again)) == (13, None)
