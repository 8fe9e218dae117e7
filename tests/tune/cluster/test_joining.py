"""Addresses at which no cluster can be joined: each is one sentence within seconds."""

import http.server
import socket
import threading
from collections.abc import Iterator

import pytest

from trainable.contract import SettingError
from tune.cluster import joining
from tune.cluster.joining import join


@pytest.fixture(scope="module")
def web_server() -> Iterator[str]:
    server = http.server.ThreadingHTTPServer(("0.0.0.0", 0), Quiet)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    yield f"127.0.0.1:{server.server_port}"
    server.shutdown()
    thread.join()
    server.server_close()


class Quiet(http.server.BaseHTTPRequestHandler):
    def log_message(self, format: str, *arguments: object) -> None:
        pass


def refusal(address: str) -> str:
    with pytest.raises(SettingError) as raised:
        join(address, "joint_controller")
    assert str(raised.value).startswith(f"address {address}: ")
    return str(raised.value)


@pytest.mark.parametrize("address", ["127.0.0.1:9", "192.0.2.77:9", "nowhere.invalid:6379", "[::1]:9"])
def test_nobody_answers(address: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "SECONDS_TO_ANSWER", 1.0)
    assert "no Ray cluster answers there" in refusal(address)


def test_somebody_else_answers(web_server: str) -> None:
    assert "no Ray cluster answers there (what listens there is not the head of one)" in refusal(web_server)


def test_somebody_listens_and_never_answers(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(joining, "SECONDS_TO_ANSWER", 0.2)
    with socket.create_server(("0.0.0.0", 0)) as mute:
        assert "no Ray cluster answers there (timed out)" in refusal(f"127.0.0.1:{mute.getsockname()[1]}")


@pytest.mark.parametrize("address", ["local", "head", "head:ray", "/tmp/ray", ":"])
def test_no_port_is_named(address: str) -> None:
    assert "it names no port; give HOST:PORT" in refusal(address)


def test_ray_client_is_sent_elsewhere() -> None:
    assert "not through Ray's client" in refusal("ray://head:10001")
