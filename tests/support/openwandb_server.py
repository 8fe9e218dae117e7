"""A W&B-compatible server (openwandb) on the loopback: what the real client sends it, what it stores, what it shows.

It is not W&B's service: it keeps no groups, and answers neither W&B's resume query nor `wandb.Api()`.
"""

import json
import sqlite3
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from browser import Watched
from forwarding_proxy import ForwardingProxy, forwarding_proxy
from loopback_server import serving

API_KEY = "local" + "0" * 40
ENTITY, USER, PASSWORD = "default", "admin", "admin123"


@dataclass(frozen=True)
class StoredRun:
    """One run as the server's database holds it."""

    id: str
    name: str
    project: str
    state: str
    config: dict[str, Any]
    summary: dict[str, Any]
    history: dict[str, list[tuple[int, float]]]
    """By metric: (step, value) in the order of their arrival."""


class OpenWandb:
    """The server, behind a proxy that keeps the requests."""

    def __init__(self, folder: Path, proxy: ForwardingProxy) -> None:
        self._folder, self._proxy = folder, proxy

    @property
    def url(self) -> str:
        return self._proxy.url

    @property
    def variables(self) -> dict[str, str]:
        """The environment in which the client logs to this server."""
        return {"WANDB_BASE_URL": self.url, "WANDB_API_KEY": API_KEY}

    @property
    def runs(self) -> list[StoredRun]:
        """Every run, oldest first."""
        (database,) = self._folder.glob("*.db")
        with sqlite3.connect(database) as connection:
            found = connection.execute(
                "SELECT run_id, display_name, name, state, config_json, summary_json FROM runs"
                " JOIN projects ON projects.id = runs.project_id ORDER BY runs.id"
            ).fetchall()
            return [
                StoredRun(run, name, project, state, _config(config), json.loads(summary), _history(connection, run))
                for run, name, project, state, config, summary in found
            ]

    def openings(self) -> dict[str, dict[str, Any]]:
        """By run id: the variables of the request that opened the run, as the client sent them."""
        queries = [json.loads(sent.body) for sent in list(self._proxy.sent) if sent.path == "/graphql"]
        upserts = [query["variables"] for query in queries if "upsertBucket" in query["query"]]
        return {variables["name"]: variables for variables in reversed(upserts) if variables.get("displayName")}

    def log_in(self, watched: Watched) -> None:
        """In the browser, as a person does."""
        page = watched.page
        page.goto(f"{self.url}/login")
        page.fill("#loginUsername", USER)
        page.fill("#loginPassword", PASSWORD)
        page.press("#loginPassword", "Enter")
        page.wait_for_url(f"{self.url}/")

    def project_page(self, project: str) -> str:
        return f"{self.url}/projects/{ENTITY}/{project}"

    def run_page(self, run: StoredRun) -> str:
        return f"{self.url}/runs/{ENTITY}/{run.project}/{run.id}"

    def compare_page(self, runs: "list[StoredRun]") -> str:
        return f"{self.url}/compare/{ENTITY}/{runs[0].project}?runs={','.join(run.id for run in runs)}"


def _config(stored: str) -> dict[str, Any]:
    return {name: entry["value"] for name, entry in json.loads(stored).items() if not name.startswith("_")}


def _history(connection: sqlite3.Connection, run: str) -> dict[str, list[tuple[int, float]]]:
    history: dict[str, list[tuple[int, float]]] = {}
    rows = connection.execute("SELECT key, step, value FROM metrics WHERE run_id = ? ORDER BY id", (run,))
    for key, step, value in rows:
        history.setdefault(key, []).append((step, value))
    return history


@contextmanager
def openwandb(folder: Path) -> Iterator[OpenWandb]:
    """Args: folder: for its database and its log."""
    command = ("openwandb", "serve", "--data-dir", folder)
    with serving(command, folder / "server.log") as (url, _), forwarding_proxy(url) as proxy:
        yield OpenWandb(folder, proxy)
