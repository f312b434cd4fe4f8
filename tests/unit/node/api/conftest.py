"""A joined API server and node for tests of either side."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from tests.unit.kube.apiserver.conftest import signing_key
from tests.unit.node.api.rig import Rig, rig
from wherry.kube.pki.model import SigningKey


@pytest.fixture(scope="session")
def key() -> SigningKey:
    return signing_key()


@pytest.fixture
async def joined(tmp_path: Path, key: SigningKey) -> AsyncIterator[Rig]:
    """With a pod ``p`` of one container ``c``."""
    async with rig(tmp_path, key) as found:
        await found.pod()
        yield found
