"""W&B's client: whether there is a login, whether its server answers, and how long it may be waited for.

What is private to wandb and reached all the same stands here, with the version in which it was read.
"""

import math
import os
import ssl
import urllib.error
import urllib.request
from typing import Any

from trainable.contract import WandbNotInstalled

try:
    import wandb as wandb  # whoever needs it takes it from here: this says what to do where it is missing
    from wandb.errors import Error as WandbError
    from wandb.sdk.lib.service.service_connection import WandbApiFailedError  # private; read in wandb 0.31
except ModuleNotFoundError as error:
    # A folder `wandb` where the user stands passes for the package until something in it is imported.
    if error.name not in ("wandb", "wandb.errors"):
        raise
    raise WandbNotInstalled from None

WandbUnavailable = WandbError
"""What the client raises when its server does not answer or refuses."""
RequestFailed = WandbApiFailedError
"""What `wandb.Api` raises when the server does not answer or refuses: wandb 0.31 has no public name for it."""

PROBE_TIMEOUT_S = 5.0
ASK_TIMEOUT_S = 10
INIT_TIMEOUT_S = 30.0
"""W&B's own is 90 s; WANDB_INIT_TIMEOUT, which W&B knows, wins."""
FINISH_TIMEOUT_S = 60.0
"""W&B's own is none: it would wait for a dead server for hours; WANDB_FINISH_TIMEOUT, which W&B knows, wins."""


def prepare_wandb(may_ask: bool = False) -> None:
    """Set what W&B's client is to read from the environment. Once, when the process begins, before the client is used.

    Args:
        may_ask: for a login, at the terminal; else the client prints nothing.
    """
    if not may_ask:
        os.environ.setdefault("WANDB_SILENT", "true")


def resolve_mode(wished: str | None, may_ask: bool = False) -> str:
    """'online', 'offline' or 'disabled': the wish, else WANDB_MODE, else online where there is a login.

    Args:
        may_ask: where no login is stored, W&B may ask for one at the terminal.
    """
    mode = wished or os.environ.get("WANDB_MODE")
    if mode in ("online", "offline", "disabled"):
        return mode
    return "online" if has_login(may_ask) else "offline"


def has_login(may_ask: bool = False) -> bool:
    """Whether a key is stored or in WANDB_API_KEY; the server is not asked."""
    return bool(wandb.login(prompt=may_ask, verify=False))


def base_url() -> str:
    """Of the server that the client is set to."""
    return str(wandb.setup().settings.base_url)


def init_timeout_s() -> float:
    """How long the opening of a run may take."""
    return float(os.environ.get("WANDB_INIT_TIMEOUT", INIT_TIMEOUT_S))


def ask_timeout_s() -> int:
    """How long a question to the server may take; no longer than the opening of a run."""
    return math.ceil(min(ASK_TIMEOUT_S, init_timeout_s()))


def finish_timeout_s() -> float:
    """How long a run's end may wait for the server."""
    return float(os.environ.get("WANDB_FINISH_TIMEOUT", FINISH_TIMEOUT_S))


def why_unreachable() -> str | None:
    """None when something answers where the server should be, whatever it says."""
    url = base_url()
    try:
        urllib.request.urlopen(urllib.request.Request(url, method="HEAD"), timeout=PROBE_TIMEOUT_S).close()
    except urllib.error.HTTPError:
        return None
    except OSError as error:
        reason = getattr(error, "reason", error)
        return None if isinstance(reason, ssl.SSLError) else f"{url}: {reason}"
    return None


def first_line(error: Exception) -> str:
    """What an error says, without the rest of what W&B's client tells."""
    return str(error).strip().split("\n")[0] or type(error).__name__


def execute_graphql(api: wandb.Api, query: str, variables: dict[str, Any]) -> dict[str, Any]:
    """A request in the Api's timeout.

    Reaches into wandb 0.31, whose own `wandb.sweep` prints, sets environment variables and tries five protocols.
    """
    answer: dict[str, Any] = api._service_api.execute_graphql(query, variables=variables)
    return answer
