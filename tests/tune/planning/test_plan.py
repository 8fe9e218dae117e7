"""What a sweep's settings become before it runs."""

from pathlib import Path

import pytest
from profiles import write_profile

from tune.planning.command_line import parse_command_line
from tune.planning.plan import begin, plan_new, plan_resumed

SPACE = "from optuna.distributions import FloatDistribution\nSPACE = {'lr': FloatDistribution(1e-4, 1e-2, log=True)}\n"


def test_a_sweep_whose_files_were_named_from_one_folder_goes_on_from_another(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    here, elsewhere = tmp_path / "here", tmp_path / "elsewhere"
    here.mkdir()
    elsewhere.mkdir()
    write_profile(here / "profile")
    (here / "mine.py").write_text(SPACE)
    flags = ["--storage_path", "sweeps", "--results_dir", "profile", "--search_space", "mine.py"]

    monkeypatch.chdir(here)
    begin(plan_new(parse_command_line(["--name", "moved", *flags])))
    monkeypatch.chdir(elsewhere)
    resumed, changes = plan_resumed(parse_command_line(["--resume", "moved"]), here / "sweeps" / "moved")

    assert changes == []
    assert list(resumed.space) == ["lr"]
    assert resumed.settings.run_settings.results_dir == str(here / "profile")
