"""The shipped model under a policy of two epochs, deployed once for all of this folder's tests."""

from functools import partial
from pathlib import Path

import pytest
from deploying import Deployed, deploy_shipped
from made_once import made_once
from shipped_store import MODEL

from trainable.serving.controller import AdaptiveModel


@pytest.fixture(scope="session")
def deployed(trial: Path, own_locks: None, tmp_path_factory: pytest.TempPathFactory) -> Deployed:
    return made_once(tmp_path_factory, "deployed", partial(deploy_shipped, trial))


@pytest.fixture(scope="session")
def adaptive(deployed: Deployed) -> AdaptiveModel:
    """The deployed policy and its model, as a server loads them."""
    return AdaptiveModel.load(deployed.folder, str(MODEL))
