"""What is not there says so, by name."""

import pytest

from tests.unit.dockerapi.conftest import Client
from wherry.dockerapi.unavailable import unavailable
from wherry.kit.errors import Unsupported


async def test_every_refusal_names_its_operation() -> None:
    for method, template, answer in unavailable():
        if template == "/swarm/leave":
            continue
        with pytest.raises(Unsupported) as refusal:
            await answer(None)  # type: ignore[arg-type]
        assert f"{method} {template}".replace("...", "") in refusal.value.message
        assert "is not available in this version of Wherry" in refusal.value.message


async def test_a_swarm_that_one_is_not_in_cannot_be_left(client: Client) -> None:
    answer = await client.ask("POST /swarm/leave?force=1")
    assert (answer.status, answer.message) == (503, "This node is not part of a swarm")
