"""The registry's own socket."""

import asyncio
from pathlib import Path

import pytest

from tests.unit.engine.registry.conftest import Depot
from wherry.app.client import ApiError, Client
from wherry.engine.registry.collector import GRACE_SECONDS
from wherry.registryapi.control import serve_control
from wherry.registryapi.options import SOCKET


async def asked(path: Path, verb: str, query: dict[str, object] | None = None) -> object:
    """As the command line asks, from a thread: its client blocks."""
    return await asyncio.to_thread(Client(str(path)).post, verb, query)


async def test_garbage_is_collected_on_demand(tmp_path: Path, depot: Depot) -> None:
    await depot.push_image("a", "1", b"one")
    await depot.push_image("a", "1", b"two")
    await depot.push_blob("a", b"lost")
    async with await serve_control(depot.registry.collector, tmp_path / SOCKET):
        assert (tmp_path / SOCKET).stat().st_mode & 0o777 == 0o660
        nothing = {"blobs": 0, "manifests": 0, "uploads": 0}
        assert await asked(tmp_path / SOCKET, "/gc") == nothing
        depot.clock.seconds += GRACE_SECONDS
        assert await asked(tmp_path / SOCKET, "/gc") == {**nothing, "blobs": 1}
        found = await asked(tmp_path / SOCKET, "/gc", {"grace": 0, "untagged": True})
        assert found == {"blobs": 1, "manifests": 1, "uploads": 0}


@pytest.mark.parametrize(("verb", "query"), [("/other", None), ("/gc", {"grace": "x"}), ("/gc", {"grace": "-1"})])
async def test_other_requests_are_refused(tmp_path: Path, depot: Depot, verb: str, query: object) -> None:
    async with await serve_control(depot.registry.collector, tmp_path / SOCKET):
        with pytest.raises(ApiError):
            await asked(tmp_path / SOCKET, verb, query)  # type: ignore[arg-type]
