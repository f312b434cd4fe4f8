"""Prefixes and what a commit may ask."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.kit.errors import Invalid
from wherry.store.keys import OPERATIONS_LIMIT, VALUE_LIMIT_BYTES, check_commit, check_key, end_of, start_of
from wherry.store.model import Compare, Delete, Put

# Letters at the borders: the last, those around the surrogates, NUL.
TEXTS = st.text(st.sampled_from("\0\x01ab\ud7ff\ue000\ufffd\U0010fffe\U0010ffff"), max_size=5)


@given(TEXTS, TEXTS)
def test_the_end_of_a_prefix_is_behind_what_starts_with_it_and_before_the_rest(prefix: str, key: str) -> None:
    end = end_of(prefix)
    assert key.startswith(prefix) == (key >= prefix and (end is None or key < end))


@given(TEXTS)
def test_the_end_is_text(prefix: str) -> None:
    end = end_of(prefix)
    if end is not None:
        end.encode()


@given(TEXTS, TEXTS, TEXTS)
def test_the_start_leaves_out_what_is_not_behind(prefix: str, after: str, key: str) -> None:
    if key.startswith(prefix):
        assert (key >= start_of(prefix, after)) == (key > after or not after)


@given(TEXTS, TEXTS)
def test_texts_are_ordered_as_their_bytes(one: str, other: str) -> None:
    assert (one < other) == (one.encode() < other.encode())


@pytest.mark.parametrize("key", ["", "\ud800", "a\udfff"])
def test_no_key(key: str) -> None:
    with pytest.raises(Invalid):
        check_key(key)
    with pytest.raises(Invalid):
        check_commit([Compare(key, 0)], [])
    with pytest.raises(Invalid):
        check_commit([], [Put(key, b"")])


def test_a_key_may_be_compared_twice_but_written_once() -> None:
    check_commit([Compare("a", 1), Compare("a", 2)], [Put("a", b""), Delete("b")])
    with pytest.raises(Invalid, match="twice"):
        check_commit([], [Put("a", b""), Delete("a")])


def test_a_commit_has_a_size() -> None:
    operations = [Delete(str(number)) for number in range(OPERATIONS_LIMIT + 1)]
    check_commit([], operations[1:])
    with pytest.raises(Invalid, match="at most"):
        check_commit([], operations)


@pytest.mark.parametrize(
    "put",
    [
        Put("a", "text"),  # type: ignore[arg-type]
        Put("a", bytes(VALUE_LIMIT_BYTES + 1)),
        Put("a", b"", -1),
        Put("a", b"", 1 << 63),
    ],
    ids=["text", "size", "negative", "large"],
)
def test_what_no_store_could_keep_is_refused(put: Put) -> None:
    with pytest.raises(Invalid):
        check_commit([], [put])
