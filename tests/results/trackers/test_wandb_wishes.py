"""What the user wishes of W&B: whose word counts, and what is refused before anything starts."""

import os
import subprocess
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

import pytest
import wandb
from sweep_process import RUN_SWEEP

from results.trackers import wandb_wishes
from results.trackers.wandb_client import client_settings, has_login, prepare_wandb
from trainable.contract import UserError

settle = partial(wandb_wishes.settle, default_project="of-the-kind")

KEY = "local" + "0123456789" * 4


@pytest.fixture(autouse=True)
def home(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Iterator[Path]:
    """Of a user without a login, who stands in it."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("WANDB_SILENT", "true")
    monkeypatch.setenv("NETRC", os.devnull)
    monkeypatch.setenv("WANDB_CONFIG_DIR", str(tmp_path / "config"))
    monkeypatch.chdir(tmp_path)
    wandb.teardown()
    yield tmp_path
    wandb.teardown()


@pytest.mark.parametrize(
    ("flag", "of_environment", "mode"),
    [
        ("online", "offline", "online"),
        ("online", "disabled", "online"),
        ("offline", "online", "offline"),
        ("disabled", "online", "disabled"),
        (None, "disabled", "disabled"),
        (None, "offline", "offline"),
        (None, "dryrun", "offline"),
        (None, "run", "online"),
        (None, None, "online"),
    ],
)
def test_a_flag_decides_the_mode_then_the_environment_then_the_login(
    flag: str | None, of_environment: str | None, mode: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_API_KEY", KEY)
    if of_environment:
        monkeypatch.setenv("WANDB_MODE", of_environment)
    assert settle(flag).mode == mode
    assert mode != "online" or has_login()


def test_what_wandb_disabled_and_wandb_offline_have_stored_is_followed(home: Path) -> None:
    for stored in ("disabled", "offline"):
        (home / "wandb").mkdir(exist_ok=True)
        (home / "wandb" / "settings").write_text(f"[default]\nmode = {stored}\n", encoding="utf-8")
        wandb.teardown()
        assert settle().mode == stored


def test_without_a_login_runs_go_offline_but_not_those_that_are_to_be_online(monkeypatch: pytest.MonkeyPatch) -> None:
    assert settle().mode == "offline"
    assert settle().mode == "offline"
    with pytest.raises(UserError, match="no W&B login; run `wandb login`, or set WANDB_API_KEY"):
        settle("online")


def test_a_flag_decides_the_place_then_the_environment_then_what_is_stored(
    home: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    assert (settle().project, settle().entity) == ("of-the-kind", None)
    (home / "config").mkdir()
    (home / "config" / "settings").write_text("[default]\nproject = stored\nentity = team\n", encoding="utf-8")
    wandb.teardown()
    assert (settle().project, settle().entity) == ("stored", "team")
    monkeypatch.setenv("WANDB_PROJECT", "shell")
    wandb.teardown()
    assert (settle().project, settle().entity) == ("shell", "team")
    assert settle(project="flag", entity="me").project == "flag"


@pytest.mark.parametrize(
    ("variables", "sentence"),
    [
        ({"WANDB_MODE": ""}, "WANDB_MODE='': mode: Input should be 'online', 'offline'"),
        ({"WANDB_MODE": "Offline"}, "WANDB_MODE='Offline': mode: Input should be 'online', 'offline'"),
        ({"WANDB_PROJECT": "team/proj"}, "WANDB_PROJECT='team/proj': Invalid project name 'team/proj': cannot contain"),
        ({"WANDB_ENTITY": "team/proj"}, "WANDB_ENTITY 'team/proj' is no name of a W&B user or team"),
        ({"WANDB_TAGS": "short," + "x" * 65}, "is 65 characters. Tags must be between 1 and 64 characters"),
        ({"WANDB_BASE_URL": "wandb.example.com"}, "WANDB_BASE_URL='wandb.example.com': base_url: Input should be a"),
        ({"WANDB_INIT_TIMEOUT": "30s"}, "WANDB_INIT_TIMEOUT='30s': init_timeout: Input should be a valid number"),
        ({"WANDB_INIT_TIMEOUT": "nan"}, "WANDB_INIT_TIMEOUT is nan; it must be a number of seconds above 0"),
        ({"WANDB_FINISH_TIMEOUT": "-1"}, "WANDB_FINISH_TIMEOUT is -1.0; it must be a number of seconds above 0"),
        (
            {"WANDB_API_KEY": "short"},
            "WANDB_API_KEY invalid: API key must have 40+ characters, has 5; correct it, or run `wandb login`",
        ),
        ({"WANDB_CACHE_DIR": "/proc/cache"}, "WANDB_CACHE_DIR: [Errno 2] No such file or directory: '/proc/cache'"),
        (
            {"WANDB_IDENTITY_TOKEN_FILE": "/nowhere/token"},
            "WANDB_IDENTITY_TOKEN_FILE: [Errno 2] No such file or directory: '/nowhere/token'; correct it or unset it",
        ),
        ({"WANDB_API_KEY": f" {KEY}"}, "WANDB_API_KEY: API key cannot start or end with whitespace; correct it"),
    ],
)
def test_what_the_client_refuses_is_named_without_the_key_unless_nothing_goes_to_wandb(
    variables: dict[str, str], sentence: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    with pytest.raises(UserError) as refused:
        settle()
    assert sentence in str(refused.value)
    assert KEY not in str(refused.value)
    assert settle("disabled").mode == "disabled"


def test_a_variable_that_the_client_reads_as_it_is_imported_is_named() -> None:
    done = subprocess.run(
        [sys.executable, str(RUN_SWEEP), "--wandb_mode", "offline"],
        env=os.environ | {"WANDB_HTTP_TIMEOUT": "x"},
        capture_output=True,
        encoding="utf-8",
    )
    sentence = "WANDB_HTTP_TIMEOUT='x': invalid literal for int() with base 10: 'x'; give whole seconds or unset it"
    assert (done.returncode, done.stderr) == (2, f"run_sweep.py: {sentence}\n")


def test_a_settings_file_that_the_client_would_skip_is_refused(home: Path) -> None:
    file = home / "config" / "settings"
    file.parent.mkdir()
    file.write_text("[default]\nbase_url = htp://wandb.example.com\n", encoding="utf-8")
    with pytest.raises(UserError, match=f"{file}: base_url: URL scheme should be 'http' or 'https'; correct"):
        settle()


def test_a_folder_that_the_client_needs_for_models_is_looked_at(home: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (home / "file").touch()
    monkeypatch.setenv("WANDB_DATA_DIR", str(home / "file" / "data"))
    assert settle().mode == "offline"
    with pytest.raises(UserError, match="WANDB_DATA_DIR: Unable to write staging files to "):
        settle(sends_models=True)


def test_what_wandbs_agent_sets_for_a_single_run_makes_a_sweeps_trials_no_single_run(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for name in ("WANDB_RUN_ID", "WANDB_SWEEP_ID"):
        monkeypatch.setenv(name, "agents")
    monkeypatch.setenv("WANDB_RESUME", "must")
    prepare_wandb()
    client = client_settings()
    assert (client.run_id, client.sweep_id, client.resume) == (None, None, None)


def test_the_client_is_silent_unless_the_user_says_otherwise_or_it_may_ask_for_a_login(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.delenv("WANDB_SILENT")
    prepare_wandb(may_ask=True)
    assert "WANDB_SILENT" not in os.environ
    prepare_wandb()
    assert os.environ["WANDB_SILENT"] == "true"
    monkeypatch.setenv("WANDB_SILENT", "false")
    prepare_wandb()
    assert os.environ["WANDB_SILENT"] == "false"
