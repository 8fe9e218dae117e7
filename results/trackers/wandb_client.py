"""W&B's client: whether there is a login, whether its server answers, and how long it may be waited for."""

import math
import os
import ssl
import urllib.error
import urllib.request

from trainable.contract import WandbNotInstalled

try:
    import wandb as wandb  # whoever needs it takes it from here: this says what to do where it is missing
    from wandb.errors import Error as WandbError
except ModuleNotFoundError as error:
    # A folder `wandb` where the user stands passes for the package until something in it is imported.
    if error.name not in ("wandb", "wandb.errors"):
        raise
    raise WandbNotInstalled from None

WandbUnavailable = WandbError
"""What the client raises when its server does not answer or refuses."""

PROBE_TIMEOUT_S = 5.0
ASK_TIMEOUT_S = 10
INIT_TIMEOUT_S = 30.0
"""W&B's own is 90 s; WANDB_INIT_TIMEOUT, which W&B knows, wins."""
FINISH_TIMEOUT_S = 60.0
"""W&B's own is none: it would wait for a dead server for hours; WANDB_FINISH_TIMEOUT, which W&B knows, wins."""


def resolve_mode(wished: str | None, ask: bool = False) -> str:
    """'online', 'offline' or 'disabled': the wish, else WANDB_MODE, else online where a login is stored.

    Args:
        ask: without a login, let W&B ask for one at the terminal.
    """
    if not ask:
        os.environ.setdefault("WANDB_SILENT", "true")
    mode = wished or os.environ.get("WANDB_MODE")
    if mode in ("online", "offline", "disabled"):
        return mode
    return "online" if has_login(ask) else "offline"


def has_login(ask: bool = False) -> bool:
    """Whether a key is stored or in WANDB_API_KEY; the server is not asked."""
    if ask:
        return bool(wandb.login(verify=False))
    return bool(wandb.login(prompt=False, verify=False))


def init_timeout_s() -> float:
    """How long the opening of a run may take."""
    return float(os.environ.get("WANDB_INIT_TIMEOUT", INIT_TIMEOUT_S))


def ask_timeout_s() -> int:
    """How long a question to the server may take; no longer than the opening of a run."""
    return math.ceil(min(ASK_TIMEOUT_S, init_timeout_s()))


def finish_timeout_s() -> float:
    """How long a run's end may wait for the server."""
    return float(os.environ.get("WANDB_FINISH_TIMEOUT", FINISH_TIMEOUT_S))


def why_unreachable(base_url: str) -> str | None:
    """None when something answers there, whatever it says."""
    try:
        urllib.request.urlopen(urllib.request.Request(base_url, method="HEAD"), timeout=PROBE_TIMEOUT_S).close()
    except urllib.error.HTTPError:
        return None
    except OSError as error:
        reason = getattr(error, "reason", error)
        return None if isinstance(reason, ssl.SSLError) else f"{base_url}: {reason}"
    return None
