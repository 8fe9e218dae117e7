"""What is asked of W&B's client, and what is set for it."""

import os

import pytest

from results.trackers.wandb_client import prepare_wandb, resolve_mode


@pytest.fixture
def variables(monkeypatch: pytest.MonkeyPatch) -> dict[str, str]:
    """Those of W&B: without a login."""
    for name in [name for name in os.environ if name.startswith("WANDB_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("NETRC", os.devnull)
    monkeypatch.setenv("WANDB_SILENT", "set so that it is taken back after the test")
    monkeypatch.delenv("WANDB_SILENT")
    return {name: value for name, value in os.environ.items() if name.startswith("WANDB_")}


@pytest.mark.parametrize(
    ("wished", "of_environment", "mode"),
    [("online", "offline", "online"), (None, "disabled", "disabled"), (None, "offline", "offline")],
)
def test_the_wish_decides_the_mode_then_the_environment_and_asking_changes_neither(
    wished: str | None, of_environment: str, mode: str, variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("WANDB_MODE", of_environment)
    before = dict(os.environ)
    assert resolve_mode(wished) == mode
    assert dict(os.environ) == before


def test_the_client_is_silent_unless_the_user_says_otherwise_or_it_may_ask_for_a_login(
    variables: dict[str, str], monkeypatch: pytest.MonkeyPatch
) -> None:
    prepare_wandb(may_ask=True)
    assert "WANDB_SILENT" not in os.environ
    prepare_wandb()
    assert os.environ["WANDB_SILENT"] == "true"
    monkeypatch.setenv("WANDB_SILENT", "false")
    prepare_wandb()
    assert os.environ["WANDB_SILENT"] == "false"
