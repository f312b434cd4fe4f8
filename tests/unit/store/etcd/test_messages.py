"""etcd's messages of a store's words, and back."""

from importlib.util import find_spec

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.store.etcd.messages import UNBOUNDED, Keys, etcd
from wherry.store.model import Compacted, Compare, Delete, Event, Item, Put

pytestmark = pytest.mark.skipif(find_spec("aetcd") is None, reason="needs the package aetcd")
TEXTS = st.text(st.sampled_from("\0/aé\U0010ffff"), max_size=4)


@given(TEXTS.filter(bool), TEXTS, TEXTS)
def test_bounds_hold_what_starts_with_the_prefix_and_is_behind(key: str, prefix: str, after: str) -> None:
    keys = Keys("/p/")
    low, high = keys.bounds(prefix, after)
    inside = key.startswith(prefix) and (not after or key > after)
    assert (low <= keys.inner(key) and (high == UNBOUNDED or keys.inner(key) < high)) == inside
    assert keys.outer(keys.inner(key)) == key


def test_the_fence_is_watched_and_no_data() -> None:
    keys = Keys("/p/")
    assert keys.first <= keys.fence < keys.end
    assert not keys.is_data(keys.fence)
    assert keys.is_data(keys.inner("/a"))
    assert keys.first <= keys.inner("/a") < keys.end


def test_events_come_with_what_was_before() -> None:
    rpc, keys = etcd(), Keys("/p/")
    before = rpc.KeyValue(key=keys.inner("/a"), value=b"1", create_revision=2, mod_revision=3, lease=7)
    after = rpc.KeyValue(key=keys.inner("/a"), value=b"2", create_revision=2, mod_revision=4, version=2)
    item = Item("/a", b"1", 2, 3, 7)
    put = rpc.Event(type=rpc.Event.PUT, kv=after, prev_kv=before)
    assert keys.event(put) == Event("/a", 4, b"2", 2, item)
    new = rpc.KeyValue(key=keys.inner("/a"), value=b"2", create_revision=4, mod_revision=4, version=1)
    assert keys.event(rpc.Event(type=rpc.Event.PUT, kv=new)) == Event("/a", 4, b"2", 4, None)
    gone = rpc.KeyValue(key=keys.inner("/a"), mod_revision=5)
    assert keys.event(rpc.Event(type=rpc.Event.DELETE, kv=gone, prev_kv=before)) == Event("/a", 5, None, 2, item)


def test_a_transaction_asks_what_is_there_when_a_compare_fails() -> None:
    request = Keys("/p/").transaction([Compare("/a", 3), Compare("/b", 0)], [Put("/a", b"1", 7), Delete("/c")])
    assert [(one.key, one.mod_revision) for one in request.compare] == [(b"/p/data/a", 3), (b"/p/data/b", 0)]
    assert request.success[0].request_put.lease == 7
    assert request.success[1].request_delete_range.key == b"/p/data/c"
    assert [one.request_range.key for one in request.failure] == [b"/p/data/a", b"/p/data/b"]


def test_an_event_whose_item_before_was_compacted_is_not_taken_for_the_first() -> None:
    rpc, keys = etcd(), Keys("/p/")
    put = rpc.KeyValue(key=keys.inner("/a"), value=b"2", create_revision=2, mod_revision=4, version=2)
    gone = rpc.KeyValue(key=keys.inner("/a"), mod_revision=5)
    for event in (rpc.Event(type=rpc.Event.PUT, kv=put), rpc.Event(type=rpc.Event.DELETE, kv=gone)):
        with pytest.raises(Compacted):
            keys.event(event)
