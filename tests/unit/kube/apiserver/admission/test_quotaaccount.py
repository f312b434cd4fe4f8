"""One quota, charged for many at once."""

import asyncio

import pytest

from tests.suites.store import wait_until
from tests.unit.kube.apiserver.admission.asking import QUOTAS, FakeQuotas, create, needs, pod
from tests.unit.kube.apiserver.admission.test_resourcequota import quota, used
from wherry.kit.errors import Unavailable
from wherry.kube.apiserver.admission.plugin import Needs
from wherry.kube.apiserver.admission.quotaaccount import Account
from wherry.kube.apiserver.fake import FakeListers
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError, conflict


class SlowQuotas(FakeQuotas):
    """Writes when told to. ``error``: what the next writes fail with."""

    def __init__(self, listers: FakeListers) -> None:
        super().__init__(listers)
        self.open = asyncio.Event()
        self.asked = 0
        self.error: Exception | None = None

    async def charge(self, quota: Object, status: Object) -> Object:
        self.asked += 1
        await self.open.wait()
        if self.error is not None:
            raise self.error
        return await super().charge(quota, status)


class Place:
    """An account of a quota for so many pods, whose writes wait."""

    def __init__(self, pods: int) -> None:
        given = needs(quota(pods=str(pods)))
        assert isinstance(given.listers, FakeListers)
        self.quotas = SlowQuotas(given.listers)
        self.needs = Needs(given.listers, given.live, self.quotas, given.authorizer)
        self.ended = 0
        self.account = Account(self.needs, "q", "default", self._end)

    def _end(self) -> None:
        self.ended += 1

    def charge(self, name: str) -> "asyncio.Task[None]":
        return asyncio.create_task(self.account.charge(create(pod(name))))

    async def first(self) -> "asyncio.Task[None]":
        """One whose write is under way."""
        task = self.charge("first")
        await wait_until(lambda: self.quotas.asked == 1)
        return task

    @property
    def used(self) -> str:
        return used(self.needs)["pods"]


async def _turns() -> None:
    for _ in range(20):
        await asyncio.sleep(0)


async def test_who_comes_while_one_is_charged_is_charged_with_all_others() -> None:
    place = Place(9)
    first = await place.first()
    others = [place.charge(f"p{number}") for number in range(20)]
    await _turns()
    place.quotas.open.set()
    results = await asyncio.gather(first, *others, return_exceptions=True)
    assert [isinstance(each, StatusError) for each in results] == [False] * 9 + [True] * 12
    assert (place.used, place.quotas.writes) == ("9", 2)
    assert place.ended == 1


async def test_who_has_gone_before_is_not_charged_and_holds_up_nobody() -> None:
    place = Place(9)
    first = await place.first()
    gone, other = place.charge("gone"), place.charge("other")
    await _turns()
    gone.cancel()
    await _turns()
    place.quotas.open.set()
    await asyncio.gather(first, other)
    assert place.used == "2" and gone.cancelled()


async def test_who_goes_while_being_charged_gets_it_back() -> None:
    place = Place(9)
    first = await place.first()
    first.cancel()
    other = place.charge("other")
    await _turns()
    assert first.cancelled()
    place.quotas.open.set()
    await other
    await wait_until(lambda: place.ended == 1)
    assert place.used == "1"


async def test_a_write_that_fails_is_told_to_all_and_the_next_may_do() -> None:
    place = Place(9)
    first = await place.first()
    others = [place.charge("a"), place.charge("b")]
    await _turns()
    place.quotas.error = Unavailable("the disk is full")
    place.quotas.open.set()
    results = await asyncio.gather(first, *others, return_exceptions=True)
    assert [type(each) for each in results] == [Unavailable] * 3
    place.quotas.error = None
    await place.charge("again")
    assert (place.used, place.ended) == ("1", 2)


async def test_a_quota_that_others_write_all_the_time_says_so() -> None:
    place = Place(9)
    place.quotas.error = conflict(QUOTAS, "q", "changed")
    place.quotas.open.set()
    with pytest.raises(StatusError, match="too many writers; try again") as caught:
        await place.charge("a")
    assert caught.value.code == 409 and place.used == "0"


async def test_a_quota_that_is_gone_limits_nothing() -> None:
    place = Place(0)
    assert isinstance(place.needs.listers, FakeListers)
    place.needs.listers.remove(quota())
    await place.charge("a")
    assert place.quotas.asked == 0


async def test_what_cannot_be_given_back_is_told_to_people(caplog: pytest.LogCaptureFixture) -> None:
    place = Place(9)
    place.quotas.open.set()
    request = create(pod())
    await place.account.charge(request)
    for error in (conflict(QUOTAS, "q", "changed"), Unavailable("the disk is full")):
        place.quotas.error = error
        for tell in request.after:
            await tell(False)
    said = [record.getMessage() for record in caplog.records]
    assert said == [f"quota q of default was not given back: {why}" for why in ("too many writers", "the disk is full")]
    for tell in request.after:
        await tell(True)
    assert place.used == "1"
