"""A blob that arrives is read meanwhile, and ends well or not at all."""

import threading
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest

from wherry.engine.content import ContentStore
from wherry.engine.distribution.arrivals import Arrival, Arrivals, Interrupted, Restarted
from wherry.kit.errors import Invalid
from wherry.oci.digest import Digest

DATA = b"0123456789" * 1000
DIGEST = Digest.of(DATA)


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path)


@pytest.fixture
def arrival(store: ContentStore) -> Arrival:
    arrival = Arrival(store, DIGEST, len(DATA))
    arrival.begin()
    return arrival


def ignore(read_bytes: int) -> None:
    pass


def test_it_is_read_while_it_comes_and_ends_when_it_is_verified(store: ContentStore, arrival: Arrival) -> None:
    seen: list[int] = []
    with ThreadPoolExecutor(1) as threads:
        file = arrival.open(seen.append)
        reading = threads.submit(file.readall)
        arrival.write(DATA[:5000])
        arrival.write(DATA[5000:])
        assert not reading.done()
        arrival.finish()
        assert reading.result(5) == DATA
    assert seen[-1] == len(DATA)
    assert not store.has(DIGEST)
    arrival.store()
    arrival.store()
    assert store.has(DIGEST)
    late = arrival.open(ignore)
    assert late.read(10) == DATA[:10]
    late.close()
    file.close()


def test_nobody_sees_the_end_of_what_is_not_verified(arrival: Arrival) -> None:
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(arrival.open(ignore).readall)
        arrival.write(DATA[:-1] + b"x")
        with pytest.raises(Invalid, match="filesystem layer verification failed"):
            arrival.finish()
        with pytest.raises(Restarted):
            reading.result(5)
    assert arrival.received == 0
    assert not arrival.is_complete


def test_a_reader_can_be_interrupted(arrival: Arrival) -> None:
    file = arrival.open(ignore)
    waiting = threading.Event()
    with ThreadPoolExecutor(1) as threads:
        reading = threads.submit(lambda: (waiting.set(), file.read(1)))
        waiting.wait()
        file.interrupt()
        with pytest.raises(Interrupted):
            reading.result(5)


def test_more_than_announced_drops_everything(store: ContentStore, arrival: Arrival) -> None:
    with pytest.raises(Invalid, match="more than the announced"):
        arrival.write(DATA + b"x")
    assert store.ingests() == {}


def test_what_came_is_there_for_the_next(store: ContentStore, arrival: Arrival) -> None:
    arrival.write(DATA[:100])
    arrival.close()
    again = Arrival(store, DIGEST, len(DATA))
    again.begin()
    assert again.received == 100
    again.write(DATA[100:])
    again.finish()
    again.store()
    assert store.read(DIGEST) == DATA


def test_more_than_there_can_be_is_begun_anew(store: ContentStore, arrival: Arrival) -> None:
    arrival.write(DATA[:100])
    arrival.close()
    smaller = Arrival(store, DIGEST, 50)
    smaller.begin()
    assert smaller.received == 0
    smaller.drop()
    smaller.drop()
    assert store.ingests() == {}


def test_an_arrival_is_shared_and_closed_by_the_last(store: ContentStore) -> None:
    arrivals = Arrivals(store)
    with arrivals.wanted(DIGEST, len(DATA)) as first:
        with arrivals.wanted(DIGEST, len(DATA)) as second:
            assert second is first
            first.begin()
            first.write(DATA[:3])
        assert first.received == 3
        with arrivals.wanted(DIGEST, 5) as other:
            assert other is not first
    assert first.received == 0
    assert store.ingests() == {f"pull {DIGEST}": 3}
    with arrivals.wanted(DIGEST, len(DATA)) as third:
        assert third is not first


def test_nothing_is_something_too(store: ContentStore) -> None:
    arrival = Arrival(store, Digest.of(b""), 0)
    arrival.begin()
    arrival.finish()
    assert arrival.open(ignore).read(10) == b""
    arrival.store()
    assert store.has(Digest.of(b""))
