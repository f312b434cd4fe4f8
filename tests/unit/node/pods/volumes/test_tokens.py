"""Tokens and their renewal."""

from random import Random

import pytest

from tests.unit.node.pods.rig import Client, pod
from wherry.kit.errors import Unavailable
from wherry.kube.client.clock import FakeClock
from wherry.node.pods.volumes.payloads import TokenNeed
from wherry.node.pods.volumes.tokens import Tokens

NEED = TokenNeed("", 3600)


class Fixed(Random):
    """Not at random."""

    def __init__(self, value: float = 0.0) -> None:
        super().__init__()
        self._value = value

    def random(self) -> float:
        return self._value


@pytest.fixture
def clock() -> FakeClock:
    return FakeClock()


@pytest.fixture
def client(clock: FakeClock) -> Client:
    return Client(clock)


async def test_one_is_kept_for_most_of_its_life(client: Client, clock: FakeClock) -> None:
    tokens = Tokens(client, clock, Fixed())
    assert await tokens.fetch(pod(), NEED) == "token-1"
    assert tokens.due_seconds("uid-web") == pytest.approx(2880)
    await clock.advance(2879)
    assert await tokens.fetch(pod(), NEED) == "token-1"
    await clock.advance(2)
    assert tokens.due_seconds("uid-web") == 0
    assert await tokens.fetch(pod(), NEED) == "token-2"


async def test_each_audience_and_each_pod_has_its_own(client: Client, clock: FakeClock) -> None:
    tokens = Tokens(client, clock, Fixed())
    found = [await tokens.fetch(pod(name), need) for name in "ab" for need in (NEED, TokenNeed("vault", 600))]
    assert len(set(found)) == 4


async def test_after_a_day_there_is_a_new_one_in_any_case(client: Client, clock: FakeClock) -> None:
    client.token_seconds = 365 * 86400
    tokens = Tokens(client, clock, Fixed())
    await tokens.fetch(pod(), NEED)
    assert tokens.due_seconds("uid-web") == 86400


async def test_an_old_one_serves_while_the_api_is_away(client: Client, clock: FakeClock) -> None:
    tokens = Tokens(client, clock, Fixed())
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
    tokens = Tokens(client, clock, Fixed())
    await tokens.fetch(pod(), NEED)
    tokens.forget("uid-web")
    assert tokens.due_seconds("uid-web") is None


@pytest.mark.parametrize(
    ("seconds", "at_random", "due"),
    [
        (3607, 0.0, 2885.6),  # what every pod has for the API
        (3607, 0.999999, 2875.6),
        (600, 0.0, 480),  # the shortest there is
        (600, 0.5, 475),
        (1, 0.999999, 0.6),  # a server may give what it likes
    ],
)
async def test_one_is_renewed_after_most_of_its_life_and_some_sooner(
    client: Client, clock: FakeClock, seconds: int, at_random: float, due: float
) -> None:
    client.token_seconds = seconds
    tokens, need = Tokens(client, clock, Fixed(at_random)), TokenNeed("", seconds)
    assert await tokens.fetch(pod(), need) == "token-1"
    assert tokens.due_seconds("uid-web") == pytest.approx(due, abs=0.01)
    await clock.advance(due - 0.1)
    assert await tokens.fetch(pod(), need) == "token-1"
    await clock.advance(0.2)
    assert await tokens.fetch(pod(), need) == "token-2"


async def test_those_that_came_together_do_not_go_together(client: Client, clock: FakeClock) -> None:
    tokens = Tokens(client, clock)
    for name in "abcdefgh":
        await tokens.fetch(pod(name), NEED)
    due = {tokens.due_seconds(f"uid-{name}") for name in "abcdefgh"}
    assert len(due) == 8
    assert all(each is not None and 2870 <= each <= 2880 for each in due)
