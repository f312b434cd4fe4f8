"""The time of leases."""

import asyncio

import pytest

from wherry.kit.errors import NotFound, Unavailable
from wherry.store import leases as module
from wherry.store.leases import Leases


class Revoked:
    """Who is told that a lease is over; fails as often as is said."""

    def __init__(self, failures: int = 0) -> None:
        self.leases: asyncio.Queue[int] = asyncio.Queue()
        self.failures = failures

    async def __call__(self, lease: int) -> None:
        if self.failures:
            self.failures -= 1
            raise Unavailable("the disk is full")
        self.leases.put_nowait(lease)


async def test_a_lease_whose_time_is_over_is_revoked_and_gone() -> None:
    revoked = Revoked()
    leases = Leases(revoked)
    leases.begin(1, 3600)
    leases.begin(2, 0)
    assert await revoked.leases.get() == 2
    assert 2 not in leases
    assert 1 in leases
    with pytest.raises(NotFound):
        leases.renew(2)
    await leases.aclose()


async def test_one_that_is_ended_or_begun_anew_is_not_revoked() -> None:
    revoked = Revoked()
    leases = Leases(revoked)
    for lease in (1, 2, 3):
        leases.begin(lease, 0)
    leases.end(1)
    leases.begin(2, 3600)
    assert await revoked.leases.get() == 3
    assert revoked.leases.empty()
    await leases.aclose()
    assert 2 not in leases


async def test_a_revocation_that_cannot_be_is_tried_again(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_AGAIN_SECONDS", 0)
    revoked = Revoked(failures=3)
    leases = Leases(revoked)
    leases.begin(1, 0)
    assert await revoked.leases.get() == 1
    await leases.aclose()


async def test_closing_ends_a_revocation_that_does_not_succeed() -> None:
    leases = Leases(Revoked(failures=1 << 30))
    leases.begin(1, 0)
    await asyncio.sleep(0)
    await leases.aclose()
    await leases.aclose()
