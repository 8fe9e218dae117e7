"""What the code of a user's own kind of run raises while a sweep is planned is told to its author."""

import json
import os
from pathlib import Path

import pytest
from made_up_sweep import MadeUpTrial, write_trial

from results.record.settings_file import read_settings
from trainable.contract import UserError
from tune.planning.plan import Plan, plan_new
from tune.planning.resumed import plan_resumed
from tune.planning.sweep_folder import begin, write_settings
from tune.request.command_line import parse_command_line
from tune.run_sweep import main

KIND = """
from dataclasses import dataclass
from pathlib import Path

from trainable.runs import Baseline, DataDescription, Metric, RunKind
from prompts import read

@dataclass(frozen=True)
class Settings:
    lr: float = 0.1
    def __post_init__(self):
        pass

class Mine(RunKind):
    name = "mine"
    settings_type = Settings
    search_space = str(Path(__file__).with_name("space.py"))
    run_name = "mine-{created}"
    objective = "Val/Best"
    metrics = (Metric("Val/Best", direction="max"),)

    def prepare(self, settings):
        pass

    def describe(self, settings, data):
        return DataDescription("nothing", "none", ())

    def start(self, settings, data, context):
        raise NotImplementedError

KIND = Mine()
"""
PROMPTS = "import json\ndef read(file):\n    return json.loads(open(file).read())['prompts']\n"
SPACE = "from optuna.distributions import FloatDistribution\nSPACE = {'lr': FloatDistribution(0.1, 1.0)}\n"


def write(folder: Path, kind: str = KIND) -> Path:
    folder.mkdir(parents=True, exist_ok=True)
    for name, text in {"run.py": kind, "prompts.py": PROMPTS, "space.py": SPACE}.items():
        (folder / name).write_text(text, encoding="utf-8")
    (folder / "empty.json").write_text("{}", encoding="utf-8")
    return folder / "run.py"


@pytest.mark.parametrize(
    ("place", "code", "sentence"),
    [
        ("prepare", "read('none.json')", "the run's prepare: none.json: No such file or directory; mend that"),
        ("prepare", "open('/')", "the run's prepare: /: Is a directory; mend that"),
        ("prepare", "raise FileNotFoundError(2, 'words', 'x')", "the run's prepare: x: words; mend that"),
        (
            "prepare",
            "read(Path(__file__).with_name('empty.json'))",
            "the run's prepare raised KeyError: 'prompts' ({here}/prompts.py, line 3); mend it there:",
        ),
        (
            "prepare",
            "import json; json.loads('')",
            "the run's prepare raised JSONDecodeError: Expecting value: line 1 column 1 (char 0) ({here}/run.py, "
            "line 23); mend it there:",
        ),
        (
            "prepare",
            "raise OSError('no\\nmodel')",
            "prepare raised OSError: no model ({here}/run.py, line 23); mend it",
        ),
        ("prepare", "raise SystemExit('no data')", "prepare raised SystemExit: no data ({here}/run.py, line 23); mend"),
        ("__post_init__", "1 / 0", "the run's settings raised ZeroDivisionError: division by zero ({here}/run.py"),
        (
            "__post_init__",
            "assert self.lr < 1",
            "the run's settings raised AssertionError ({here}/run.py, line 12); mend it there:",
        ),
    ],
)
def test_what_a_kinds_code_raises_is_one_sentence_and_the_way_there_through_that_code(
    place: str, code: str, sentence: str, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    before, _, after = KIND.partition(f"def {place}")
    run = write(tmp_path / "mine", f"{before}def {place}{after.replace('pass', code, 1)}")
    assert main(["--storage_path", str(tmp_path / "sweeps"), "--run", f"{run}:KIND", "--wandb_mode", "disabled"]) == 2
    said, *way = capsys.readouterr().err.splitlines()
    assert sentence.format(here=run.parent) in said
    files = {line.strip().split('"')[1] for line in way if line.strip().startswith("File ")}
    assert bool(files) == said.endswith("mend it there:")
    assert files <= {str(run), str(run.with_name("prompts.py"))}
    assert not (tmp_path / "sweeps").exists()


@pytest.mark.parametrize(
    ("described", "sentence"),
    [
        ("None", "the run's describe gave None; it must give a DataDescription"),
        ('DataDescription("nothing", 3)', "gave 3 as the data's fingerprint; it must be text"),
        ('DataDescription("", "none")', "gave '' as the data's summary; it must be text"),
        ('DataDescription("a", "b", ("best",))', "gave 'best' as a baseline; it must be a Baseline"),
        ('DataDescription("a", "b", Baseline("best", 1, 1, 1))', "as the baselines; it must be a tuple"),
        ('DataDescription("a", "b", (Baseline("best", float("nan"), 1, 1),))', "gave nan in its baseline 'best'"),
        ('DataDescription("a", "b", (Baseline("best", "0.5", 1, 1),))', "gave '0.5' in its baseline 'best'"),
        ('DataDescription("a", "b", (Baseline(Path("x"), 1, 1, 1),))', "gave what its record cannot hold (Object of"),
    ],
)
def test_a_description_that_no_record_could_hold_is_refused(described: str, sentence: str, tmp_path: Path) -> None:
    run = write(tmp_path / "mine", KIND.replace('DataDescription("nothing", "none", ())', described))
    with pytest.raises(UserError) as told:
        planned(run)
    assert sentence in str(told.value)


def planned(run: Path, *flags: str) -> Plan:
    return plan_new(parse_command_line(["--storage_path", "sweeps", "--run", f"{run}:KIND", *flags]))


def test_a_search_space_that_the_kind_names_is_said_to_be_the_kinds(tmp_path: Path) -> None:
    run = write(tmp_path / "mine")
    run.with_name("space.py").unlink()
    with pytest.raises(UserError, match=r"run.py:KIND: its search_space .*space.py: there is no such file"):
        planned(run)
    with pytest.raises(UserError, match=r"^search_space .*nowhere.py: there is no such file"):
        planned(run, "--search_space", "nowhere.py")


@pytest.mark.parametrize("mode", ["disabled", "offline"])
def test_a_project_that_wandb_would_refuse_is_said_to_be_the_kinds(mode: str, tmp_path: Path) -> None:
    run = write(tmp_path / "mine", KIND.replace("    objective", '    wandb_project = "team/mine"\n    objective'))
    with pytest.raises(UserError, match=r"^the run's wandb_project: .*'team/mine'.*choose another in its kind"):
        planned(run, "--wandb_mode", mode)


def test_a_run_whose_file_lies_elsewhere_now_goes_on_when_told_where(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    begin(planned(write(tmp_path / "old"), "--name", "own"))
    sweep = tmp_path / "sweeps" / "own"
    os.rename(tmp_path / "old", tmp_path / "new")
    with pytest.raises(UserError, match=r"sweep.yaml: run .*old/run.py: there is no such file; say with --run where"):
        plan_resumed(parse_command_line(["--resume", "own"]), sweep)

    flags = ["--run", "new/run.py:KIND", "--search_space", "new/space.py"]
    plan, changes = plan_resumed(parse_command_line(["--resume", "own", *flags]), sweep)
    write_settings(plan, changes)
    assert f"run: {tmp_path}/old/run.py:KIND -> {tmp_path}/new/run.py:KIND" in changes
    assert not any("its code is another" in change for change in changes)
    assert read_settings(sweep / "sweep.yaml")["run"] == f"{tmp_path}/new/run.py:KIND"
    assert json.loads((sweep / "environment.json").read_text(encoding="utf-8")).keys() >= {
        "source/run.py", "source/prompts.py",
    }  # fmt: skip
    assert plan_resumed(parse_command_line(["--resume", "own"]), sweep)[1] == []


def test_a_search_whose_run_was_moved_and_edited_since_is_confirmed_and_that_is_said(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.chdir(tmp_path)
    begin(planned(write(tmp_path / "old"), "--name", "own"))
    write_trial(tmp_path / "sweeps" / "own" / "trial_00000", MadeUpTrial({"lr": 0.1}, [0.5]), "Val/Best")
    os.rename(tmp_path / "old", tmp_path / "new")
    (tmp_path / "new" / "prompts.py").write_text(f"{PROMPTS}# edited", encoding="utf-8")
    flags = ["--confirm", "own", "--storage_path", "sweeps", "--run", "new/run.py:KIND"]
    said: list[str] = []
    plan = plan_new(parse_command_line(flags), said.append)
    assert plan.settings.run == f"{tmp_path}/new/run.py:KIND"
    (change,) = said
    assert change.startswith("run: its code is another than the trials ran with until now: prompts.py ")


def test_another_run_is_still_refused_at_a_resume(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    begin(planned(write(tmp_path / "mine"), "--name", "own"))
    with pytest.raises(UserError, match="run joint_controller is not what the trials of --resume own ran with"):
        plan_resumed(parse_command_line(["--resume", "own", "--run", "joint_controller"]), tmp_path / "sweeps" / "own")
