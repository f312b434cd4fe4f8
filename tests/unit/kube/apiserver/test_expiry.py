"""Objects that go by themselves."""

from wherry.kube.apiserver.expiry import EVENT_SECONDS, Leases
from wherry.kube.machinery.model import GroupResource
from wherry.store.memory import MemoryStore

EVENTS, PODS = GroupResource("", "events"), GroupResource("", "pods")


class Clock:
    now = 1000.0

    def __call__(self) -> float:
        return self.now


async def test_most_objects_stay() -> None:
    assert await Leases(MemoryStore()).of(PODS) == 0


async def test_events_of_one_minute_share_a_lease() -> None:
    clock = Clock()
    leases = Leases(MemoryStore(), clock)
    first = await leases.of(EVENTS)
    clock.now += 59
    assert await leases.of(EVENTS) == first != 0
    clock.now += 2
    assert await leases.of(EVENTS) != first


async def test_an_event_s_hour_begins_with_its_last_change() -> None:
    granted: list[int] = []

    class Recording(MemoryStore):
        async def grant(self, seconds: int) -> int:
            granted.append(seconds)
            return await super().grant(seconds)

    await Leases(Recording()).of(EVENTS)
    assert granted == [EVENT_SECONDS + 60]
