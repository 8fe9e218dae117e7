"""W&B's client: what it is set to, whether there is a login, whether its server answers, how long it may be waited for.

What is private to wandb and reached all the same stands here, with the version in which it was read.
"""

import contextlib
import http.client
import logging
import math
import os
import ssl
import threading
import urllib.error
import urllib.request
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from pydantic import ValidationError

from trainable.contract import UserError, WandbNotInstalled

try:
    import wandb as wandb  # whoever needs it takes it from here: this says what to do where it is missing
    import wandb.apis.public  # reads WANDB_HTTP_TIMEOUT
    from wandb.errors import Error as WandbError
    from wandb.sdk.artifacts.staging import get_staging_dir  # private, as what follows; wandb 0.31
    from wandb.sdk.lib.service.service_connection import WandbApiFailedError
    from wandb.sdk.lib.settings_file import SettingsFiles
    from wandb.sdk.mailbox import HandleAbandonedError
    from wandb.sdk.wandb_settings import _parse_system_settings
    from wandb.sdk.wandb_setup import singleton
except ModuleNotFoundError as error:
    # A folder `wandb` where the user stands passes for the package until something in it is imported.
    if error.name not in ("wandb", "wandb.apis", "wandb.errors"):
        raise
    raise WandbNotInstalled from None
except ValueError as error:
    shown = f"WANDB_HTTP_TIMEOUT={os.environ.get('WANDB_HTTP_TIMEOUT')!r}"
    raise UserError(f"{shown}: {error}; give whole seconds or unset it") from None

WandbUnavailable = WandbError
"""What the client raises when its server does not answer or refuses."""
RequestFailed = WandbApiFailedError
"""What `wandb.Api` raises when the server does not answer or refuses: wandb 0.31 has no public name for it."""
CLIENT_DIED = (ConnectionError, HandleAbandonedError)
"""What the client raises when wandb-core, a process of its own, has died."""


class NotTold(Exception):
    """The server does not tell what it holds, although it may have taken what it was sent."""


PROBE_TIMEOUT_S = 5.0
ASK_TIMEOUT_S = 10
INIT_TIMEOUT_S = 30.0
"""W&B's own is 90 s; WANDB_INIT_TIMEOUT, which W&B knows, wins."""
FINISH_TIMEOUT_S = 60.0
"""W&B's own is none: it would wait for a dead server for hours; WANDB_FINISH_TIMEOUT, which W&B knows, wins."""

_OF_OTHERS = ("WANDB_SERVICE", "WANDB_RESUME", "WANDB_RESUME_FROM", "WANDB_FORK_FROM")
"""Variables of another process, or of a way to resume that is not the record's."""
_OF_ONE_RUN = ("WANDB_RUN_ID", "WANDB_SWEEP_ID", "WANDB_SWEEP_PARAM_PATH", "WANDB_LAUNCH")
"""By which the client would make all runs of a process one: W&B's own agent sets them for a process that is one run."""
_FINALIZER_THREAD = "wandb-ServiceFinalizer"
"""Named so in wandb 0.31."""


def prepare_wandb(may_ask: bool = False, of_many_runs: bool = True) -> None:
    """Set what W&B's client is to read from the environment. Once, when the process begins, before the client is used.

    Args:
        may_ask: for a login, at the terminal; else the client prints nothing.
        of_many_runs: this process makes its runs itself: it is no single run of W&B's agent.
    """
    if not may_ask:
        os.environ.setdefault("WANDB_SILENT", "true")
        logging.raiseExceptions = False  # else what its log cannot write, as on a full disk, is printed as a traceback
    for name in (*_OF_OTHERS, *(_OF_ONE_RUN if of_many_runs else ())):
        os.environ.pop(name, None)
    threading.excepthook = partial(_say_what_ended_a_thread, threading.excepthook)


def _say_what_ended_a_thread(
    say: Callable[[threading.ExceptHookArgs], object], ended: threading.ExceptHookArgs
) -> None:
    """As it was said before, but for the thread in which the client gives up what is no longer used.

    It meets the death of wandb-core after those who were told of it by an exception of their own.
    """
    is_finalizer = ended.thread is not None and ended.thread.name == _FINALIZER_THREAD
    if not (is_finalizer and issubclass(ended.exc_type, CLIENT_DIED)):
        say(ended)


def client_settings() -> wandb.Settings:
    """What the client is set to by its settings files and the environment, as it was when first asked.

    `wandb.setup()`, the public way to it, would start wandb-core.
    """
    return singleton().settings


def settings_files() -> SettingsFiles:
    """The client's, the user's and those of this folder, found as wandb 0.31 does itself when it is first used."""
    folder = Path(os.environ.get("WANDB_CONFIG_DIR", "~/.config/wandb")).expanduser()
    return wandb.Settings(settings_system=str(folder / "settings")).read_system_settings()


def read_settings_files(files: SettingsFiles) -> wandb.Settings:
    """What they say.

    Raises:
        ValueError, WandbUnavailable: the client cannot use it. When it is set up by itself, it skips the files then.
    """
    return _parse_system_settings(files)


def models_folder() -> Path:
    """Where the client puts models together (WANDB_DATA_DIR).

    Raises:
        OSError: it cannot be written.
    """
    return Path(get_staging_dir())


def cache_folder() -> Path:
    """Where the client keeps what it has sent or taken (WANDB_CACHE_DIR), and its log.

    Raises:
        OSError: it cannot be written.
    """
    folder: Path = wandb.env.get_cache_dir()
    folder.mkdir(parents=True, exist_ok=True)
    return folder


def has_login(may_ask: bool = False) -> bool:
    """Whether a key is stored or in WANDB_API_KEY; the server is not asked.

    Raises:
        WandbUnavailable: it is malformed.
    """
    return bool(wandb.login(prompt=may_ask, verify=False))


def base_url() -> str:
    """Of the server that the client is set to."""
    return str(client_settings().base_url)


def init_timeout_s() -> float:
    """How long the opening of a run may take."""
    return _timeout_s("init_timeout", INIT_TIMEOUT_S)


def ask_timeout_s() -> int:
    """How long a question to the server may take; no longer than the opening of a run."""
    return math.ceil(min(ASK_TIMEOUT_S, init_timeout_s()))


def finish_timeout_s() -> float:
    """How long a run's end may wait for the server."""
    return _timeout_s("finish_timeout", FINISH_TIMEOUT_S)


def _timeout_s(name: str, ours: float) -> float:
    settings = client_settings()
    return float(getattr(settings, name)) if name in settings.model_fields_set else ours


def end_client() -> None:
    """Let the client end before Python does: it would raise then what it meets when wandb-core has died."""
    with contextlib.suppress(*CLIENT_DIED):
        wandb.teardown()


def why_unreachable() -> str | None:
    """None when something answers where the server should be, whatever it says."""
    url = base_url()
    try:
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=PROBE_TIMEOUT_S).close()
    except urllib.error.HTTPError:
        return None
    except (http.client.HTTPException, UnicodeError) as error:  # what answers is no web server; no host's name
        return f"{url}: {type(error).__name__}: {error}"
    except OSError as error:
        reason = getattr(error, "reason", error)
        return None if isinstance(reason, ssl.SSLError) else f"{url}: {reason}"
    return None


def complaint(error: Exception) -> str:
    """What the client has against a value, without the value: it may be secret."""
    if isinstance(error, ValidationError):
        first = error.errors()[0]
        return f"{first['loc'][0]}: {first['msg'].removeprefix('Value error, ')}"
    return first_line(error).removesuffix(".")


def first_line(error: Exception) -> str:
    """What an error says, without the rest of what W&B's client tells."""
    return str(error).strip().split("\n")[0] or type(error).__name__


def execute_graphql(api: wandb.Api, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    """A request in the Api's timeout.

    Reaches into wandb 0.31, whose own `wandb.sweep` prints, sets environment variables and tries five protocols.
    """
    answer: dict[str, Any] = api._service_api.execute_graphql(query, variables=variables)
    return answer
