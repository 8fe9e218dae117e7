"""A store on a real S3 server, and on this disk through pyarrow's and fsspec's file systems."""

import os
import pickle
import socket
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from unittest.mock import patch

import pytest
from s3_server import BUCKET, S3Server

from results.storage import opening
from results.storage.errors import Missing, Refused, Unreachable
from results.storage.store import Store, open_store
from results.storage.trees import fetch_changed, fetch_tree, push_tree
from trainable.contract import UserError
from trainable.system_errors import DiskError

SECRETS = "the-testers-secret", "wrong-secret", "the-readers-secret"


@pytest.fixture(params=["s3", "fsspec"])
def store(request: pytest.FixtureRequest, tmp_path: Path) -> Store:
    """An empty one; `local` is a scheme of fsspec's that pyarrow does not know."""
    if request.param == "s3":
        server: S3Server = request.getfixturevalue("s3_here")
        return open_store(server.fresh())
    return open_store(f"local://{tmp_path}/store")


def test_what_is_put_is_got_listed_and_deleted(store: Store) -> None:
    assert store.list() == {}
    store.put("trial_00000/result.json", b"one\n")
    store.put("trial_00000/result.json", b"one\ntwo\n")
    store.put("trial_00001/empty", b"")
    store.put("sweep.yaml", b"name: a\n")

    assert store.get("trial_00000/result.json") == b"one\ntwo\n"
    assert {key: entry.size for key, entry in store.list().items()} == {
        "sweep.yaml": 8, "trial_00000/result.json": 8, "trial_00001/empty": 0,
    }  # fmt: skip
    assert [*store.list("trial_00001")] == ["trial_00001/empty"]
    assert [*store.below("trial_00000").list()] == ["result.json"]
    assert store.exists("sweep.yaml")
    assert not store.exists("trial_00000"), "a folder is no object"

    store.delete("sweep.yaml")
    store.delete("sweep.yaml")
    store.delete_tree("trial_00000")
    store.delete_tree("trial_00000")
    assert [*store.list()] == ["trial_00001/empty"]
    with pytest.raises(Missing, match=r"^\w+://.*/sweep.yaml: there is no such object$"):
        store.get("sweep.yaml")


def test_a_large_file_goes_there_and_back(store: Store, tmp_path: Path) -> None:
    file, back = tmp_path / "model", tmp_path / "new" / "model"
    file.write_bytes(os.urandom(9 << 20))  # more than is in memory at a time, and than S3 takes in one request
    assert store.push(file, "checkpoint/model") == 9 << 20
    store.fetch("checkpoint/model", back)
    assert back.read_bytes() == file.read_bytes()
    assert [path.name for path in back.parent.iterdir()] == ["model"]


def test_a_file_that_cannot_be_read_leaves_the_object_as_it_was(store: Store, tmp_path: Path) -> None:
    store.put("a", b"as it was")
    with pytest.raises(DiskError, match="none cannot be read"):
        store.push(tmp_path / "none", "a")
    assert store.get("a") == b"as it was"


def test_a_tree_goes_there_and_back_its_seal_at_last(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "checkpoint"
    for name, content in (("files.json", "{}"), ("a", "1"), ("deep/er/b", "22")):
        (folder / name).parent.mkdir(parents=True, exist_ok=True)
        (folder / name).write_text(content, encoding="utf-8")
    assert push_tree(store, folder, "checkpoint_000001", last="files.json") == 5
    assert [*store.list("checkpoint_000001")][-1] == "checkpoint_000001/files.json"

    names = fetch_tree(store, "checkpoint_000001", tmp_path / "back")
    assert sorted(names) == ["a", "deep/er/b", "files.json"]
    assert (tmp_path / "back" / "deep" / "er" / "b").read_text(encoding="utf-8") == "22"


def test_only_what_changed_is_fetched_and_what_is_gone_is_removed(store: Store, tmp_path: Path) -> None:
    folder = tmp_path / "cache"
    for key in ("sweep.yaml", "a/result.json", "a/checkpoint_000001/model"):
        store.put(key, b"1")

    def wanted(key: str) -> bool:
        return "checkpoint" not in key

    (folder / "a").mkdir(parents=True)
    (folder / "a" / "checkpoint_of_mine").write_text("not wanted, so left alone", encoding="utf-8")
    assert fetch_changed(store, folder, wanted) == ["a/result.json", "sweep.yaml"]
    time.sleep(3.5)  # what was written a moment ago may change within the second that S3 tells
    assert fetch_changed(store, folder, wanted) == ["a/result.json", "sweep.yaml"]
    assert fetch_changed(store, folder, wanted) == []

    store.put("a/result.json", b"2")
    store.delete("sweep.yaml")
    assert fetch_changed(store, folder, wanted) == ["a/result.json"]
    assert (folder / "a" / "result.json").read_bytes() == b"2"
    assert sorted(path.name for path in folder.rglob("*")) == ["a", "checkpoint_of_mine", "result.json"]


def test_a_store_travels_without_secrets_and_finds_its_server_where_no_variable_names_one(s3_here: S3Server) -> None:
    store = open_store(s3_here.fresh())
    store.put("a", b"1")
    sent = pickle.dumps(store)
    assert not any(secret.encode() in sent for secret in SECRETS)
    with patch.dict(os.environ):
        del os.environ["AWS_ENDPOINT_URL"], os.environ["AWS_REGION"]
        arrived: Store = pickle.loads(sent)
        assert arrived.get("a") == b"1"


@pytest.mark.parametrize(
    "variables",
    [
        {"AWS_SECRET_ACCESS_KEY": "wrong-secret"},
        {"AWS_ACCESS_KEY_ID": "nobody"},
        {"AWS_ACCESS_KEY_ID": "reader", "AWS_SECRET_ACCESS_KEY": "the-readers-secret"},
    ],
    ids=["wrong secret", "unknown key", "may only read"],
)
def test_a_lack_of_rights_is_said_without_a_secret(
    variables: dict[str, str], s3_here: S3Server, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name, value in variables.items():
        monkeypatch.setenv(name, value)
    store = open_store(s3_here.fresh())
    for ask in (lambda: store.put("a", b"1"), lambda: store.delete("../ready")):
        with pytest.raises(Refused, match=r"access is refused \(\w+ at \w+\); have its owner allow it") as refusal:
            ask()
        assert refusal.value.__cause__ is None
        assert not any(secret in str(refusal.value) for secret in (*SECRETS, "nobody"))


def test_a_bucket_that_is_not_there_is_said(s3_here: S3Server) -> None:
    store = open_store("s3://no-such-bucket/x")
    for ask in (store.list, lambda: store.put("a", b"1")):
        with pytest.raises(Refused, match=r"^s3://no-such-bucket/x.*: there is no such bucket; make it, or mend"):
            ask()


def test_a_server_that_was_killed_is_unreachable_and_has_all_it_had_when_it_is_back(s3_here: S3Server) -> None:
    store = open_store(s3_here.fresh())
    store.put("a", b"kept")
    s3_here.kill()
    try:
        for ask in (store.list, lambda: store.get("a"), lambda: store.put("a", b"new"), lambda: store.delete("a")):
            with pytest.raises(Unreachable, match=r"its server does not answer .*; try again later"):
                ask()
    finally:
        s3_here.start()
    assert store.get("a") == b"kept"


@contextmanager
def mute_server() -> Iterator[str]:
    """One that takes connections and never says a word."""
    with socket.create_server(("127.0.0.1", 0)) as server:
        yield f"http://127.0.0.1:{server.getsockname()[1]}"


def test_a_server_that_says_nothing_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(opening, "SILENCE_TIMEOUT_S", 1.0)
    monkeypatch.setattr(opening, "TRIES", 2)
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "tester")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", SECRETS[0])
    with mute_server() as url:
        monkeypatch.setenv("AWS_ENDPOINT_URL", url)
        with pytest.raises(Unreachable, match="does not answer"):
            open_store(f"s3://{BUCKET}").get("a")


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("foo://x/y", "nothing here opens foo://; give a folder, s3://"),
        ("sftp://me@host/x", "sftp:// needs a package that is missing; install it with: pip install paramiko"),
        ("oss://bucket/x", "oss:// needs a package that is missing; install it with: pip install ossfs"),
        ("memory://x", "memory:// is no store that keeps anything"),
        ("filecache::s3://bucket/x", "is no store that keeps anything"),
        ("s3://AKIAX:sec/ret@bucket/x", "it holds credentials, which a record would keep; take them out of it"),
        ("s3://AKIAX@bucket/x", "it holds credentials"),
        ("sftp://me:hunter2@host/x", "it holds credentials"),
        ("s3://bucket/x?secret_key=ret", "an address takes no options"),
        ("s3://", "it is no address; write it as in s3://BUCKET/FOLDER"),
        ("s3:///x", "it is no address"),
        ("s3://bucket/a/../b", "it is no address"),
        ("file://host/x", "it is no address"),
    ],
)
def test_an_address_of_no_use_is_refused_in_one_sentence_without_a_secret(address: str, said: str) -> None:
    with pytest.raises(UserError, match=said.replace("?", r"\?")) as refusal:
        open_store(address)
    assert "\n" not in str(refusal.value)
    assert not any(secret in str(refusal.value) for secret in ("ret@", "AKIA", "hunter2", "=ret"))
