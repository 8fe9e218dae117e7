"""A W&B server on the loopback that keeps what it is sent, and is as strict about it as the service.

It speaks the part of the protocol that a run needs which is opened with a fixed id and `resume="allow"`: it tells a
run's last step, and drops every history row whose step is not higher. It can refuse, hold its answers back, die and
come back on the same port with what it held. It knows one user, who must show the key to ask anything.
"""

import base64
import json
import re
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any
from urllib.parse import urlsplit

from served_artifacts import ServedArtifacts
from served_pages import Refused, ServedPages

USER = "walker"
API_KEY = "local" + "0123456789" * 4
"""What the SDK takes for the key of a server of one's own."""

_AUTHORIZATION = f"Basic {base64.b64encode(f'api:{API_KEY}'.encode()).decode()}"

FILE_STREAM, GRAPHQL = "file_stream", "graphql"
RUN_FILES = "/run_files/"
HISTORY, SUMMARY = "wandb-history.jsonl", "wandb-summary.json"
_OPERATION = re.compile(r"(?:query|mutation)\s+(\w+)")
_STREAM_PATH = re.compile(r"/files/([^/]+)/([^/]+)/([^/]+)/file_stream")


@dataclass
class ServedRun:
    """One run as the server holds it."""

    id: str
    project: str
    name: str | None = None
    group: str | None = None
    job_type: str | None = None
    notes: str | None = None
    tags: list[str] = field(default_factory=list)
    sweep: str | None = None
    """The entry on the Sweeps page that it says it belongs to."""
    config: dict[str, Any] = field(default_factory=dict)
    summary: dict[str, Any] = field(default_factory=dict)
    history: list[dict[str, Any]] = field(default_factory=list)
    """Rows in the order of their arrival."""
    files: dict[str, bytes] = field(default_factory=dict)
    dropped: list[dict[str, Any]] = field(default_factory=list)
    """Rows that came with a step not higher than the last."""
    openings: int = 0
    exit_code: int | None = None
    finished: bool = False

    @property
    def steps(self) -> list[int]:
        return [row["_step"] for row in self.history]

    @property
    def tables(self) -> dict[int, dict[str, Any]]:
        """What the run showed of its epochs, by step, from the files that its rows name."""
        named = {row["_step"]: row["samples"]["path"] for row in self.history if "samples" in row}
        return {step: json.loads(self.files[path]) for step, path in named.items()}

    @property
    def last_step(self) -> int:
        return self.history[-1]["_step"] if self.history else -1

    def take(self, rows: list[dict[str, Any]]) -> None:
        for row in rows:
            (self.history if row["_step"] > self.last_step else self.dropped).append(row)


class StrictWandbServer:
    """Runs by id, and the tap in front of them. Answers in threads of this process."""

    def __init__(self) -> None:
        self.runs: dict[str, ServedRun] = {}
        self.pages = ServedPages(USER)
        self.artifacts = ServedArtifacts()
        self.unknown: list[str] = []
        """GraphQL operations that nothing here answers: the SDK has moved."""
        self.requests: Counter[str] = Counter()
        """Requests by what they are for (FILE_STREAM, GRAPHQL), answered or not."""
        self.answers: Counter[str] = Counter()
        self._lock = threading.Lock()
        self._refused: frozenset[str] = frozenset()
        self._held: frozenset[str] = frozenset()
        self._holds_rows_after_an_end = False
        self._refused_operations: dict[str, int] = {}
        self._let_go = threading.Event()
        self._http: _Listener | None = None
        self._is_dead = False
        self._port = 0
        self.start()

    @property
    def url(self) -> str:
        return f"http://127.0.0.1:{self._port}"

    @property
    def variables(self) -> dict[str, str]:
        """The environment in which the SDK logs to this server."""
        return {"WANDB_BASE_URL": self.url, "WANDB_API_KEY": API_KEY}

    def start(self) -> None:
        """Listen, on the port of the last time."""
        self._is_dead = False
        self._http = _Listener(("127.0.0.1", self._port), self)
        self._port = self._http.server_port
        threading.Thread(target=self._http.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()

    def stop(self) -> None:
        """Die: nobody listens, and what is being answered is cut off."""
        self._is_dead = True
        self._let_go.set()
        if self._http:
            self._http.shutdown()
            self._http.server_close()
            self._http.cut_off()
            self._http = None

    def refuse(self, *kinds: str) -> None:
        """Answer requests of these kinds (FILE_STREAM, GRAPHQL) with status 500; none: no more."""
        self._refused = frozenset(kinds)

    def refuse_operations(self, status: int, *operations: str) -> None:
        """Answer these GraphQL operations with that status; with 200, by a GraphQL error; none: no more."""
        self._refused_operations = self._refused_operations | dict.fromkeys(operations, status) if operations else {}

    def hold(self, *kinds: str) -> None:
        """Take requests of these kinds and let them wait, until `hold()` or the server's death."""
        self._let_go.set()
        self._let_go = threading.Event()
        self._held = frozenset(kinds)

    def hold_rows_after_an_end(self) -> None:
        """Once a run has ended, take no more rows of others: they wait, as with `hold`."""
        self._holds_rows_after_an_end = True

    def answer(self, path: str, body: bytes) -> tuple[int, dict[str, Any]]:
        """Status and JSON for one request."""
        kind = GRAPHQL if path == "/graphql" else FILE_STREAM if _STREAM_PATH.fullmatch(path) else "other"
        with self._lock:
            self.requests[kind] += 1
            let_go = self._let_go
        if kind in self._held:
            let_go.wait(timeout=300)
            if self._is_dead:
                return 503, {}
        with self._lock:
            self.answers[kind] += 1
        if kind in self._refused:
            return 500, {"error": "refused"}
        with self._lock:
            if kind == GRAPHQL:
                return self._answer_query(json.loads(body))
            if path.startswith("/upload/"):
                self.artifacts.take_file(path, body)
            if path.startswith(RUN_FILES):
                run, _, name = path.removeprefix(RUN_FILES).partition("/")
                self.runs[run].files[name] = body
            if match := _STREAM_PATH.fullmatch(path):
                self._take_stream(self.runs[match[3]], json.loads(body))
            return 200, {}

    def _answer_query(self, asked: dict[str, Any]) -> tuple[int, dict[str, Any]]:
        match = _OPERATION.search(asked["query"])
        operation = match[1] if match else asked["query"]
        try:
            if operation in self._refused_operations:
                raise Refused(f"permission denied: {operation}")
            return 200, {"data": self._resolve(operation, asked.get("variables") or {})}
        except Refused as refusal:
            status = self._refused_operations.get(operation, 200)
            return status, {"errors": [{"message": str(refusal), "path": [operation]}], "data": None}

    def _resolve(self, operation: str, variables: dict[str, Any]) -> dict[str, Any]:
        run = self.runs.get(variables.get("name") or "")
        project = {"id": "1", "name": variables.get("project"), "entity": {"id": "1", "name": USER}}
        match operation:
            case "Viewer" | "GetDefaultEntity":
                teams: dict[str, Any] = {"edges": []}
                user = {"id": "1", "entity": USER, "username": USER, "email": "", "flags": "{}", "teams": teams}
                return {"viewer": user}
            case "ServerFeaturesQuery":
                return {"serverInfo": {"features": []}}
            case "RunResumeStatus":
                return {"model": {**project, "bucket": run and _resume_status(run)}}
            case "UpsertBucket":
                inserted = run is None
                run = self._upsert(variables)
                bucket = {**_described(run), "description": "", "sweepName": run.sweep, "project": project}
                return {"upsertBucket": {"bucket": bucket, "inserted": inserted}}
            case "Run":
                state = "finished" if run and run.finished else "running"
                return {"project": {"run": run and {**_described(run), "projectId": "1", "state": state}}}
            case "RunHistoryKeys":
                return {"project": {"run": run and {"historyKeys": {"lastStep": run.last_step}}}}
            case "CreateRunFiles":
                folder = f"{self.url}{RUN_FILES}{variables['run']}"
                files = [{"name": name, "uploadUrl": f"{folder}/{name}"} for name in variables["files"]]
                return {"createRunFiles": {"runID": "1", "uploadHeaders": [], "files": files}}
            case "RunStoppedStatus":
                return {"project": {"run": {"stopped": False}}}
        answer = self.pages.resolve(operation, variables)
        if answer is None:
            answer = self.artifacts.resolve(operation, variables, self.url)
        if answer is None:
            self.unknown.append(operation)
            raise Refused(f"Cannot query field: {operation}")
        return answer

    def _upsert(self, variables: dict[str, Any]) -> ServedRun:
        sweep = variables.get("sweep")
        if sweep and sweep not in [known.name for known in self.pages.sweeps.values()]:
            raise Refused(f"sweep {sweep} not found")
        self.pages.projects.add(variables["project"])
        run = self.runs.setdefault(variables["name"], ServedRun(variables["name"], variables["project"]))
        if variables.get("displayName") is not None:  # later calls only bring the config up to date
            run.openings += 1
            run.finished, run.exit_code = False, None
        run.name = variables.get("displayName") or run.name
        run.group = variables.get("groupName") or run.group
        run.sweep = sweep or run.sweep
        run.notes = variables.get("notes") or run.notes
        run.tags = variables.get("tags") or run.tags
        run.job_type = variables.get("jobType") or run.job_type
        run.config |= {name: entry["value"] for name, entry in json.loads(variables.get("config") or "{}").items()}
        return run

    def _take_stream(self, run: ServedRun, sent: dict[str, Any]) -> None:
        files = sent.get("files") or {}
        run.take([json.loads(line) for line in files.get(HISTORY, {}).get("content", [])])
        for line in files.get(SUMMARY, {}).get("content", []):
            run.summary = json.loads(line)
        if sent.get("complete"):
            run.finished, run.exit_code = True, sent.get("exitcode")
            if self._holds_rows_after_an_end:
                self.hold(FILE_STREAM)
                self._holds_rows_after_an_end = False


def _described(run: ServedRun) -> dict[str, Any]:
    config = json.dumps({name: {"value": value} for name, value in run.config.items()})
    lines = {"historyLineCount": len(run.history), "eventsLineCount": 0, "logLineCount": 0}
    return {"id": run.id, "name": run.id, "displayName": run.name, "config": config, **lines}


def _resume_status(run: ServedRun) -> dict[str, Any]:
    tail = json.dumps([json.dumps(row) for row in run.history[-1:]])
    summary = json.dumps(run.summary)
    nothing = {"tags": [], "notes": None, "wandbConfig": json.dumps({"t": 1}), "eventsTail": "[]"}
    return {**_described(run), "summaryMetrics": summary, "historyTail": tail, **nothing}


class _Listener(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    allow_reuse_address = True

    def __init__(self, address: tuple[str, int], wandb_server: StrictWandbServer) -> None:
        super().__init__(address, _Requests)
        self.wandb_server = wandb_server
        self._connections: set[Any] = set()

    def process_request(self, request: Any, client_address: Any) -> None:
        self._connections.add(request)
        super().process_request(request, client_address)

    def shutdown_request(self, request: Any) -> None:
        self._connections.discard(request)
        super().shutdown_request(request)

    def cut_off(self) -> None:
        for request in list(self._connections):
            self.shutdown_request(request)

    def handle_error(self, request: Any, client_address: Any) -> None:
        """A client that goes away is what these tests are about."""


class _Requests(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    server: _Listener

    def do_POST(self) -> None:
        body = self.rfile.read(int(self.headers.get("Content-Length") or 0))
        path = urlsplit(self.path).path
        if path == "/graphql" and self.headers.get("Authorization") != _AUTHORIZATION:
            status, content = 401, {"errors": [{"message": "user is not logged in"}]}
        else:
            status, content = self.server.wandb_server.answer(path, body)
        answer = json.dumps(content).encode()
        self.send_response(status)
        self.send_header("Content-Type", "application/json")
        self.send_header("Content-Length", str(len(answer)))
        self.end_headers()
        self.wfile.write(answer)

    do_PUT = do_POST

    def log_message(self, format: str, *args: Any) -> None:
        """Quiet."""


@contextmanager
def strict_wandb_server() -> Iterator[StrictWandbServer]:
    server = StrictWandbServer()
    try:
        yield server
    finally:
        server.stop()
