"""Tokens and their renewal."""

import pytest

from tests.unit.node.pods.rig import Client, pod
from wherry.kit.errors import Unavailable
from wherry.kube.client.clock import FakeClock
from wherry.node.pods.volumes.payloads import TokenNeed
from wherry.node.pods.volumes.tokens import Tokens

NEED = TokenNeed("", 3600)


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(clock: FakeClock) -> Client:
    return Client(clock)


async def test_one_is_kept_for_most_of_its_life(client: Client, clock: FakeClock) -> None:
    tokens = Tokens(client, clock)
    assert await tokens.fetch(pod(), NEED) == "token-1"
    assert tokens.due_seconds("uid-web") == pytest.approx(2880)
    await clock.advance(2879)
    assert await tokens.fetch(pod(), NEED) == "token-1"
    await clock.advance(2)
    assert tokens.due_seconds("uid-web") == 0
    assert await tokens.fetch(pod(), NEED) == "token-2"


async def test_each_audience_and_each_pod_has_its_own(client: Client, clock: FakeClock) -> None:
    tokens = Tokens(client, clock)
    found = [await tokens.fetch(pod(name), need) for name in "ab" for need in (NEED, TokenNeed("vault", 600))]
    assert len(set(found)) == 4


async def test_after_a_day_there_is_a_new_one_in_any_case(client: Client, clock: FakeClock) -> None:
    client.token_seconds = 365 * 86400
    tokens = Tokens(client, clock)
    await tokens.fetch(pod(), NEED)
    assert tokens.due_seconds("uid-web") == 86400


async def test_an_old_one_serves_while_the_api_is_away(client: Client, clock: FakeClock) -> None:
    tokens = Tokens(client, clock)
    await tokens.fetch(pod(), NEED)
    await clock.advance(3000)

    async def away(*given: object, **named: object) -> None:
        raise Unavailable("no")

    client.create = away  # type: ignore[assignment,method-assign]
    assert await tokens.fetch(pod(), NEED) == "token-1"
    assert tokens.due_seconds("uid-web") == 60
    await clock.advance(601)
    with pytest.raises(Unavailable):
        await tokens.fetch(pod(), NEED)


async def test_forgotten_is_forgotten(client: Client, clock: FakeClock) -> None:
    tokens = Tokens(client, clock)
    await tokens.fetch(pod(), NEED)
    tokens.forget("uid-web")
    assert tokens.due_seconds("uid-web") is None
