"""What the user wishes of W&B, by flag, environment variable or settings file, settled before anything starts.

W&B's own client judges it. As for the client, a flag comes before a variable, and a variable before a settings file.
"""

import os
import threading
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path

from results.trackers.wandb_client import (
    WandbUnavailable,
    cache_folder,
    client_settings,
    complaint,
    has_login,
    models_folder,
    read_settings_files,
    settings_files,
    wandb,
)
from trainable.contract import UserError

ONLINE, OFFLINE, DISABLED = "online", "offline", "disabled"

_SECRETS = ("WANDB_API_KEY", "WANDB_HTTP_PROXY", "WANDB_HTTPS_PROXY", "WANDB__EXTRA_HTTP_HEADERS")


@dataclass(frozen=True)
class WandbWishes:
    """Where runs go, and how."""

    mode: str
    """'online', 'offline' or 'disabled'"""
    project: str | None
    """None only where a flag says 'disabled': the environment is not looked at then."""
    entity: str | None
    """None: the user's own, as the server knows it."""


def settle(
    mode: str | None = None,
    project: str | None = None,
    entity: str | None = None,
    *,
    default_project: str,
    may_ask: bool = False,
    sends_models: bool = False,
    flags: str = "--wandb_",
) -> WandbWishes:
    """The flags' values, else what the client is set to; else the default project, and online where there is a login.

    Args:
        may_ask: where no login is stored, W&B may ask for one at the terminal.
        sends_models: whether the client needs a folder of its own to put them together.
        flags: what the names of the flags begin with.

    Raises:
        UserError: the client refuses one of them or what else it is set to, or it is to be online without a login.
    """
    remedy = f"choose another (a team goes into {flags}entity)"
    _judge(f"{flags}project", partial(wandb.Settings, project=project), remedy)
    _judge("the run's wandb_project", partial(wandb.Settings, project=default_project), "choose another in its kind")
    _judge_entity(f"{flags}entity", entity)
    if mode == DISABLED:
        return WandbWishes(mode, project, entity)
    _judge_environment()
    _judge_entity("WANDB_ENTITY", client_settings().entity)
    if sends_models:
        _judge("WANDB_DATA_DIR", models_folder, "or have it made writable")
    return WandbWishes(_settled_mode(mode, may_ask), *settled_place(project, entity, default_project))


def settled_place(project: str | None, entity: str | None, default_project: str) -> tuple[str, str | None]:
    """Project and entity: those given, else what the client is set to, else that project and the user's own entity."""
    client = client_settings()
    return project or client.project or default_project, entity or client.entity or None


def _settled_mode(wished: str | None, may_ask: bool) -> str:
    client = client_settings()
    of_client = {"dryrun": OFFLINE, OFFLINE: OFFLINE, DISABLED: DISABLED}.get(client.mode, ONLINE)
    mode = wished or of_client
    if mode != ONLINE:
        return mode
    is_stated = bool(wished) or "mode" in client.model_fields_set
    if of_client != ONLINE:  # as a variable or a file says: it would look for no login, and reach no server
        client.mode = "online"
    try:
        if has_login(may_ask):
            return ONLINE
    except WandbUnavailable as error:
        raise UserError(f"{complaint(error)}; correct it, or run `wandb login`") from None
    if is_stated:
        raise UserError("no W&B login; run `wandb login`, or set WANDB_API_KEY")
    return OFFLINE


def _judge_entity(source: str, entity: str | None) -> None:
    """The client has no rule for it. It is a part of the same address: what can be no project's name can be none."""
    try:
        wandb.Settings(project=entity)
    except WandbUnavailable:
        raise UserError(f"{source} {entity!r} is no name of a W&B user or team; give that alone") from None


def _judge_environment() -> None:
    """Each variable by itself, so that the wrong one can be named; then the files, which the client itself skips."""
    for name, value in os.environ.items():
        if name.startswith("WANDB_"):
            shown = name if name in _SECRETS else f"{name}={value!r}"
            _judge(shown, partial(wandb.Settings().update_from_env_vars, {name: value}), "correct it or unset it")
    files = settings_files()
    _judge(" and ".join(map(str, files.sources)), partial(read_settings_files, files), "correct or remove it")
    if "WANDB_CACHE_DIR" in os.environ:
        _judge("WANDB_CACHE_DIR", cache_folder, "correct it or unset it")
    if token_file := client_settings().identity_token_file:
        _judge("WANDB_IDENTITY_TOKEN_FILE", Path(token_file).read_bytes, "correct it or unset it")
    for name in ("init_timeout", "finish_timeout"):
        seconds = getattr(client_settings(), name)
        if name in client_settings().model_fields_set and not 0 < seconds <= threading.TIMEOUT_MAX:
            raise UserError(f"WANDB_{name.upper()} is {seconds}; it must be a number of seconds above 0")


def _judge(source: str, reading: Callable[[], object], remedy: str) -> None:
    try:
        reading()
    except (OSError, ValueError, WandbUnavailable) as error:
        raise UserError(f"{source}: {complaint(error)}; {remedy}") from None
