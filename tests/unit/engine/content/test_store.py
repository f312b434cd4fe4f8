"""The content store: what is there is whole, and what nobody keeps goes."""

import json
import time
from pathlib import Path

import pytest

from wherry.engine.content import ContentStore, Corrupt
from wherry.kit.errors import Invalid, NotFound
from wherry.oci.digest import Digest


@pytest.fixture
def store(tmp_path: Path) -> ContentStore:
    return ContentStore(tmp_path / "content")


def test_a_written_blob_is_found_by_its_digest(store: ContentStore) -> None:
    digest = store.write(b"hello")
    assert digest == Digest.of(b"hello")
    assert store.has(digest) and store.size(digest) == 5
    assert store.read(digest) == b"hello"
    assert list(store.blobs()) == [digest]


def test_the_root_is_an_oci_layout(store: ContentStore, tmp_path: Path) -> None:
    digest = store.write(b"hello")
    assert json.loads((tmp_path / "content/oci-layout").read_text()) == {"imageLayoutVersion": "1.0.0"}
    assert (tmp_path / "content/blobs/sha256" / digest.hex).read_bytes() == b"hello"
    store.write_index([{"digest": str(digest)}])
    assert json.loads((tmp_path / "content/index.json").read_text())["manifests"] == [{"digest": str(digest)}]


def test_opening_a_store_again_keeps_its_index(store: ContentStore, tmp_path: Path) -> None:
    store.write_index([{"digest": "x"}])
    ContentStore(tmp_path / "content")
    assert json.loads((tmp_path / "content/index.json").read_text())["manifests"] == [{"digest": "x"}]


def test_sha512_blobs_live_beside(store: ContentStore) -> None:
    digest = Digest.of(b"hello", "sha512")
    assert store.write(b"hello", digest) == digest
    assert store.read(digest) == b"hello"


def test_a_blob_that_is_not_what_was_expected_is_refused(store: ContentStore) -> None:
    with pytest.raises(Invalid, match="is not sha256:"):
        store.write(b"hello", Digest.of(b"other"))
    assert list(store.blobs()) == []


def test_what_is_not_there_is_not_found(store: ContentStore) -> None:
    absent = Digest.of(b"absent")
    assert not store.has(absent)
    assert not store.delete(absent)
    for ask in (store.open, store.size, store.read):
        with pytest.raises(NotFound, match="is not in the content store"):
            ask(absent)


def test_a_damaged_blob_is_not_read(store: ContentStore) -> None:
    digest = store.write(b"hello")
    store.path(digest).chmod(0o644)
    store.path(digest).write_bytes(b"hellO")
    with pytest.raises(Corrupt, match="is damaged on disk"):
        store.read(digest)


def test_documents_have_a_size_limit(store: ContentStore) -> None:
    digest = store.write(b"x" * 100)
    with pytest.raises(Invalid, match="documents have at most 99"):
        store.read(digest, limit_bytes=99)


def test_gc_keeps_what_the_roots_reach_and_what_is_held(store: ContentStore) -> None:
    layer, config, rubbish, held = (store.write(data) for data in (b"layer", b"config", b"rubbish", b"held"))
    manifest = store.write(b"manifest")
    children = {manifest: [layer, config, manifest]}
    freed = store.gc([manifest], lambda digest: children.get(digest, []), lambda digest: digest == held)
    assert freed == len(b"rubbish")
    assert not store.has(rubbish)
    assert set(store.blobs()) == {layer, config, manifest, held}
    assert store.gc([manifest], lambda digest: children.get(digest, []), lambda digest: digest == held) == 0


def test_gc_without_roots_empties_the_store(store: ContentStore) -> None:
    store.write(b"a")
    store.write(b"b")
    assert store.gc([]) == 2
    assert list(store.blobs()) == []


def test_recovery_removes_what_nobody_can_resume(store: ContentStore, tmp_path: Path) -> None:
    half = store.writer()
    half.write(b"half")
    with pytest.raises(ConnectionError), store.writer(ref="pull-1") as named:
        named.write(b"named")
        raise ConnectionError
    again = ContentStore(tmp_path / "content")
    again.recover()
    assert again.ingests() == {"pull-1": 5}
    assert [path.name[:4] for path in (tmp_path / "content/ingest").iterdir()] == ["ref-"]


def test_files_that_are_no_blobs_are_passed_over(store: ContentStore, tmp_path: Path) -> None:
    (tmp_path / "content/blobs/sha256/README").write_text("?")
    assert list(store.blobs()) == []
    assert store.gc([]) == 0


def test_what_nobody_goes_on_with_is_dropped(store: ContentStore, tmp_path: Path) -> None:
    for ref in ("pull a", "pull b", "upload a"):
        with store.writer(ref=ref) as ingest:
            ingest.write(b"123")
    with store.writer(ref="pull b"):
        assert store.abandon("pull ", time.time() - 60) == 0
        assert store.abandon("pull ", time.time() + 60) == 3
        assert set(store.ingests()) == {"pull b", "upload a"}
    assert store.abandon("pull ", time.time() + 60) == 3
    assert set(store.ingests()) == {"upload a"}
