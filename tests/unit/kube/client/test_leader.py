import asyncio
import contextlib
from collections.abc import AsyncIterator, Awaitable, Callable
from random import Random

import pytest

from wherry.kit.errors import Unavailable
from wherry.kube.client.clock import FakeClock
from wherry.kube.client.fake import Call, FakeClient
from wherry.kube.client.leader import LEASES, Candidate, Election

NAMESPACE = "kube-system"


def clock_of(client: FakeClient) -> FakeClock:
    assert isinstance(client.clock, FakeClock)
    return client.clock


class Work:
    """Says when it runs."""

    def __init__(self) -> None:
        self.runs = False

    async def __call__(self) -> None:
        self.runs = True
        try:
            await asyncio.Event().wait()
        finally:
            self.runs = False


def election(client: FakeClient, identity: str) -> Election:
    return Election(client, Candidate(NAMESPACE, "control", identity), client.clock, random=Random(1))


@contextlib.asynccontextmanager
async def running(one: Election, lead: Callable[[], Awaitable[None]]) -> AsyncIterator[asyncio.Task[None]]:
    task = asyncio.ensure_future(one.run(lead))
    try:
        yield task
    finally:
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)


def holder(client: FakeClient) -> str:
    lease = client.find(LEASES, "control", NAMESPACE)
    assert lease is not None
    identity: str = lease["spec"]["holderIdentity"]
    return identity


async def test_one_of_two_leads_and_renews() -> None:
    client, first, second = FakeClient(), Work(), Work()
    async with running(election(client, "a"), first), running(election(client, "b"), second):
        await clock_of(client).advance(100)
        assert [first.runs, second.runs].count(True) == 1
        renewed = (client.find(LEASES, "control", NAMESPACE) or {})["spec"]
        assert renewed["leaseTransitions"] == 0 and renewed["renewTime"] > "2026-01-01T00:01:35"


async def test_a_lease_given_back_is_taken_at_once() -> None:
    client, first, second = FakeClient(), Work(), Work()
    async with running(election(client, "b"), second):
        async with running(election(client, "a"), first):
            await clock_of(client).advance(1)
        first_holder = holder(client)
        await clock_of(client).advance(5)
        assert second.runs and holder(client) == "b" and first_holder in ("", "b")


async def test_a_dead_holder_is_followed_when_its_lease_has_run_out_for_us() -> None:
    client, second = FakeClient(), Work()
    async with running(election(client, "dead"), Work()) as task:
        await clock_of(client).advance(1)
        client.fault = lambda call: Unavailable("dead") if call.verb == "update" else None
        task.cancel()
        await asyncio.gather(task, return_exceptions=True)
    client.fault = lambda call: None
    async with running(election(client, "b"), second):
        await clock_of(client).advance(14)
        assert not second.runs and holder(client) == "dead"
        await clock_of(client).advance(6)
        assert second.runs
        assert (client.find(LEASES, "control", NAMESPACE) or {})["spec"]["leaseTransitions"] == 1


async def test_who_cannot_renew_for_ten_seconds_steps_down_before_another_may_begin() -> None:
    client, first, second = FakeClient(), Work(), Work()
    one = election(client, "a")
    async with running(one, first):
        await clock_of(client).advance(3)
        assert first.runs and one.is_leader
        # The lease can be read and written by others, not by the first.
        client.fault = lambda call: Unavailable("cut off")
        await clock_of(client).advance(8)
        assert first.runs
        await clock_of(client).advance(2)
        assert not first.runs and not one.is_leader
    client.fault = lambda call: None
    async with running(election(client, "b"), second):
        await clock_of(client).advance(20)
        assert second.runs


async def test_an_answer_that_never_comes_counts_as_none() -> None:
    client, work = FakeClient(), Work()
    stuck = asyncio.Event()
    original = client.get

    async def slow(*arguments: object, **names: object) -> object:
        if stuck.is_set():
            await asyncio.Event().wait()
        return await original(*arguments, **names)  # type: ignore[arg-type]

    client.get = slow  # type: ignore[assignment]
    async with running(election(client, "a"), work):
        await clock_of(client).advance(3)
        stuck.set()
        await clock_of(client).advance(13)
        assert not work.runs


async def test_when_the_work_ends_the_lease_is_given_back_and_errors_pass() -> None:
    client = FakeClient()

    async def done() -> None:
        return None

    async def broken() -> None:
        raise ValueError("broken")

    await election(client, "a").run(done)
    assert holder(client) == ""
    with pytest.raises(ValueError, match="broken"):
        await election(client, "b").run(broken)
    assert holder(client) == ""


async def test_a_conflict_is_no_lease() -> None:
    client, work = FakeClient(), Work()

    def rival(call: Call) -> None:
        if call.verb == "create":
            client.fault = lambda call: None
            client.put({
                "apiVersion": "coordination.k8s.io/v1", "kind": "Lease",
                "metadata": {"name": "control", "namespace": NAMESPACE},
                "spec": {"holderIdentity": "rival", "leaseDurationSeconds": 15},
            })  # fmt: skip

    client.fault = rival
    async with running(election(client, "a"), work):
        await clock_of(client).advance(10)
        assert not work.runs and holder(client) == "rival"
