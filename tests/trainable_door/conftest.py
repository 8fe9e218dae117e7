"""One workplace for all tests of the door: each writes into an output folder of its own."""

from pathlib import Path

import pytest
from door import make_workplace


@pytest.fixture(scope="session")
def workplace(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_workplace(tmp_path_factory.mktemp("door") / "workplace")
