"""A checkpoint by its address, on a real S3 server."""

from pathlib import Path

import pytest
from s3_server import S3Server

from results.storage.store import Store, open_store
from results.storage.trees import push_tree
from trainable.contract import UserError
from trainable.judging.fetched_checkpoint import checkpoint_path
from trainable.runs.seal import seal


@pytest.fixture
def checkpoint(tmp_path: Path) -> Path:
    folder = tmp_path / "checkpoint_000003"
    folder.mkdir()
    (folder / "policy").write_text("as trained", encoding="utf-8")
    seal(folder)
    return folder


@pytest.fixture
def store(checkpoint: Path, s3_here: S3Server, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Store:
    """A trial's, with the checkpoint."""
    monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path / "cache"))
    store = open_store(s3_here.fresh())
    push_tree(store, checkpoint, checkpoint.name)
    return store


def test_a_checkpoint_is_brought_here_once_and_again_when_it_is_another(store: Store, checkpoint: Path) -> None:
    address = f"{store.address}/{checkpoint.name}"
    here = checkpoint_path(address)
    assert (here / "policy").read_text(encoding="utf-8") == "as trained"
    store.delete(f"{checkpoint.name}/policy")
    assert checkpoint_path(address) == here, "what is here is not fetched again"

    (checkpoint / "policy").write_text("as trained anew", encoding="utf-8")
    seal(checkpoint)
    push_tree(store, checkpoint, checkpoint.name)
    assert (checkpoint_path(address) / "policy").read_text(encoding="utf-8") == "as trained anew"


def test_a_path_is_taken_as_it_is_and_what_is_not_there_is_said(store: Store, checkpoint: Path) -> None:
    assert checkpoint_path(str(checkpoint)) == checkpoint
    with pytest.raises(UserError, match="checkpoint_000004: there is no whole checkpoint"):
        checkpoint_path(f"{store.address}/checkpoint_000004")
    with pytest.raises(UserError, match="it holds credentials"):
        checkpoint_path("s3://me:secret@bucket/checkpoint_000003")
