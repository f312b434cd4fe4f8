"""Writing blobs: verified, resumable, and never half there."""

import errno
import os
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from wherry.engine.content import ContentStore
from wherry.kit.errors import Conflict, Invalid, Unavailable
from wherry.oci.digest import Digest


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "content")


def leftovers(tmp_path: Path) -> list[Path]:
    return list((tmp_path / "content/ingest").iterdir())


def test_nothing_is_visible_before_the_commit(store: ContentStore, tmp_path: Path) -> None:
    with store.writer() as ingest:
        ingest.write(b"hel")
        ingest.write(memoryview(b"lo"))
        assert list(store.blobs()) == []
        assert ingest.commit() == Digest.of(b"hello")
    assert store.read(Digest.of(b"hello")) == b"hello"
    assert leftovers(tmp_path) == []


def test_leaving_without_commit_drops_the_bytes(store: ContentStore, tmp_path: Path) -> None:
    with store.writer() as ingest:
        ingest.write(b"hello")
    assert list(store.blobs()) == []
    assert leftovers(tmp_path) == []


@pytest.mark.parametrize(
    ("expected", "size", "message"),
    [
        (Digest.of(b"other"), None, "hashes to sha256:"),
        (Digest.of(b"other", "sha512"), None, "hashes to sha512:"),
        (Digest.of(b"hello"), 4, "has 5 bytes, its descriptor says 4"),
    ],
)
def test_lies_are_refused_and_dropped(
    store: ContentStore, tmp_path: Path, expected: Digest, size: int | None, message: str
) -> None:
    with pytest.raises(Invalid, match=message), store.writer() as ingest:
        ingest.write(b"hello")
        ingest.commit(expected, size)
    assert list(store.blobs()) == []
    assert leftovers(tmp_path) == []


def test_more_than_announced_is_refused_at_once(store: ContentStore) -> None:
    with store.writer(limit_bytes=4) as ingest:
        ingest.write(b"1234")
        with pytest.raises(Invalid, match="more than the announced 4 bytes"):
            ingest.write(b"5")


def test_an_interrupted_ingest_goes_on_where_it_stopped(store: ContentStore) -> None:
    with pytest.raises(ConnectionError), store.writer(ref="layer") as ingest:
        ingest.write(b"hel")
        raise ConnectionError
    with store.writer(ref="layer") as ingest:
        assert ingest.offset == 3
        ingest.write(b"lo")
        assert ingest.commit(Digest.of(b"hello"), 5) == Digest.of(b"hello")
    assert store.ingests() == {}


def test_the_store_tells_how_far_an_ingest_came_and_forgets_it(store: ContentStore, tmp_path: Path) -> None:
    assert store.received("layer") is None
    ingest = store.writer(ref="layer")
    ingest.write(b"hel")
    assert store.received("layer") == 3
    ingest.close()
    ingest.close()
    assert store.received("layer") == 3
    store.forget("layer")
    store.forget("layer")
    assert store.received("layer") is None
    assert leftovers(tmp_path) == []


def test_closing_an_ingest_that_nobody_can_resume_drops_it(store: ContentStore, tmp_path: Path) -> None:
    ingest = store.writer()
    ingest.write(b"hel")
    ingest.close()
    assert leftovers(tmp_path) == []


def test_a_source_that_cannot_continue_starts_over(store: ContentStore) -> None:
    with pytest.raises(ConnectionError), store.writer(ref="layer") as ingest:
        ingest.write(b"xxx")
        raise ConnectionError
    with store.writer(ref="layer") as ingest:
        ingest.restart()
        assert ingest.offset == 0
        ingest.write(b"hello")
        assert ingest.commit(Digest.of(b"hello")) == Digest.of(b"hello")


def test_a_ref_has_one_writer(store: ContentStore) -> None:
    with store.writer(ref="layer"), pytest.raises(Conflict, match="layer is being received"):
        store.writer(ref="layer")


def test_a_wrong_resumed_blob_is_not_resumed_again(store: ContentStore) -> None:
    with pytest.raises(Invalid), store.writer(ref="layer") as ingest:
        ingest.write(b"poison")
        ingest.commit(Digest.of(b"hello"))
    assert store.ingests() == {}


def test_committing_what_is_there_already_changes_nothing(store: ContentStore) -> None:
    first = store.write(b"hello")
    with store.writer() as ingest:
        ingest.write(b"hello")
        assert ingest.commit() == first
    assert store.read(first) == b"hello"


@pytest.mark.parametrize("ref", [None, "layer"])
def test_a_full_disk_is_told_and_leaves_nothing(
    store: ContentStore, tmp_path: Path, ref: str | None, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(fd: int, data: object) -> int:
        raise OSError(errno.ENOSPC, "No space left on device")

    with pytest.raises(Unavailable, match="no space left on device"), store.writer(ref=ref) as ingest:
        ingest.write(b"hello")
        monkeypatch.setattr(os, "write", full)
        ingest.write(b"world")
    monkeypatch.undo()
    assert leftovers(tmp_path) == []


@given(pieces=st.lists(st.binary(max_size=50), max_size=8), cut=st.integers(0, 8))
def test_any_cut_gives_the_same_blob(tmp_path_factory: pytest.TempPathFactory, pieces: list[bytes], cut: int) -> None:
    store = ContentStore(tmp_path_factory.mktemp("content"))
    with pytest.raises(ConnectionError), store.writer(ref="x") as ingest:
        for piece in pieces[:cut]:
            ingest.write(piece)
        raise ConnectionError
    with store.writer(ref="x") as ingest:
        for piece in pieces[cut:]:
            ingest.write(piece)
        assert ingest.commit() == Digest.of(b"".join(pieces))


def test_a_blob_may_be_verified_before_it_is_visible(store: ContentStore) -> None:
    with store.writer(ref="layer") as ingest:
        ingest.write(b"hello")
        assert ingest.verify(Digest.of(b"hello"), 5) == Digest.of(b"hello")
        ingest.sync()
        assert ingest.path.read_bytes() == b"hello"
        assert not store.has(Digest.of(b"hello"))
        ingest.commit(Digest.of(b"hello"), 5)
    assert store.has(Digest.of(b"hello"))


def test_what_is_not_verified_is_dropped(store: ContentStore) -> None:
    with pytest.raises(Invalid, match="expected"), store.writer(ref="layer") as ingest:
        ingest.write(b"poison")
        ingest.verify(Digest.of(b"hello"))
    assert store.ingests() == {}
