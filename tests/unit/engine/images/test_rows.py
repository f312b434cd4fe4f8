"""The image tables."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from wherry.engine.database import Database
from wherry.engine.images.model import Layer
from wherry.engine.images.rows import ImageRow, ImageRows, LayerRow, ReferenceRow

A, B = "sha256:" + "a" * 64, "sha256:" + "b" * 64
LOW = LayerRow("sha256:chain-low", Layer("sha256:diff-low", "sha256:blob-low", 10, "gzip", 100))
HIGH = LayerRow("sha256:chain-high", Layer("sha256:diff-high", "sha256:blob-high", 20, "gzip", 200))


def row(image: str, parent: str = "") -> ImageRow:
    return ImageRow(image, b"{}", f"manifest of {image}", "type", 2, 1, parent, 0)


@pytest.fixture
def rows() -> ImageRows:
    rows = ImageRows(Database(":memory:"))
    rows.insert(row(A), [LOW])
    rows.insert(row(B, parent=A), [LOW, HIGH])
    return rows


def test_what_was_written_is_read(rows: ImageRows) -> None:
    assert rows.image(A) == row(A)
    assert {one.id for one in rows.images()} == {A, B}
    assert rows.count() == 2
    assert rows.layers(B) == [LOW, HIGH]
    assert rows.all_layers() == {A: [LOW], B: [LOW, HIGH]}
    assert rows.layer_of_chain(HIGH.chain_id) == HIGH.layer
    assert rows.children(A) == [B]


def test_layers_keep_their_order() -> None:
    rows = ImageRows(Database(":memory:"))
    layers = [LayerRow(f"sha256:{99 - n}", Layer(f"{99 - n}", f"{n}", 1, "", 1)) for n in range(20)]
    rows.insert(row(A), layers)
    assert rows.layers(A) == layers


def test_prefixes_find_at_most_two(rows: ImageRows) -> None:
    assert rows.with_prefix("a") == [A]
    assert rows.with_prefix("aaaa") == [A]
    assert rows.with_prefix("ab") == []
    assert rows.with_prefix("") == [A, B]
    rows.insert(row("sha256:" + "ab" * 32), [])
    assert len(rows.with_prefix("a")) == 2


def test_references_move_and_go(rows: ImageRows) -> None:
    rows.refer("docker.io/library/demo:1", A, False, 7)
    rows.refer("docker.io/library/demo:1", B, False, 8)
    rows.refer("docker.io/library/demo@sha256:x", B, True, 9)
    rows.refer("docker.io/library/demo2:1", A, False, 10)
    assert rows.resolve("docker.io/library/demo:1") == B
    assert rows.references(B) == [
        ReferenceRow("docker.io/library/demo:1", B, False),
        ReferenceRow("docker.io/library/demo@sha256:x", B, True),
    ]
    assert rows.tags_of("docker.io/library/demo") == ["docker.io/library/demo:1"]
    assert [one["digest"] for one in rows.tagged_manifests()] == [f"manifest of {A}", f"manifest of {B}"]
    found = rows.image(B)
    assert found is not None and found.last_tagged_nanoseconds == 9
    rows.forget("docker.io/library/demo:1")
    assert rows.resolve("docker.io/library/demo:1") is None


def test_a_deleted_image_takes_its_rows_along(rows: ImageRows) -> None:
    rows.refer("docker.io/library/demo:1", B, False, 7)
    rows.delete(B, keep_layers=False)
    assert rows.image(B, removed=True) is None
    assert rows.references() == [] and rows.layers(B) == []
    assert rows.chain_in_use(LOW.chain_id) and not rows.chain_in_use(HIGH.chain_id)
    assert rows.blobs() == {"sha256:blob-low", A, f"manifest of {A}"}


def test_a_removed_image_keeps_what_containers_need(rows: ImageRows) -> None:
    rows.refer("docker.io/library/demo:1", B, False, 7)
    rows.delete(B, keep_layers=True)
    assert rows.image(B) is None
    assert rows.image(B, removed=True) == replace(row(B, A), last_tagged_nanoseconds=7)
    assert rows.references() == [] and rows.with_prefix("b") == [] and rows.count() == 1
    assert rows.children(A) == []
    assert rows.removed() == [B]
    assert rows.chain_in_use(HIGH.chain_id) and rows.blob_in_use("sha256:blob-high")
    rows.insert(row(B), [LOW, HIGH])
    assert rows.removed() == [] and rows.image(B) == row(B)


def test_blobs_in_use_are_layers_configurations_and_manifests(rows: ImageRows) -> None:
    for blob in ("sha256:blob-low", A, f"manifest of {B}"):
        assert rows.blob_in_use(blob)
    assert not rows.blob_in_use("sha256:other")


def test_sizes_count_a_shared_layer_once(rows: ImageRows) -> None:
    assert rows.layers_size() == 300
    assert rows.chains() == {LOW.chain_id, HIGH.chain_id}


def test_shared_bytes_are_those_of_layers_that_another_image_has(rows: ImageRows) -> None:
    assert rows.shared_bytes() == {A: 100, B: 100}


def test_opening_again_finds_everything(tmp_path: Path) -> None:
    ImageRows(Database(tmp_path / "db")).insert(row(A), [LOW])
    assert ImageRows(Database(tmp_path / "db")).layers(A) == [LOW]


def test_references_are_found_by_their_beginning(rows: ImageRows) -> None:
    for name in ("localhost:5000/x/y:1", "localhost/z:1", "localhostile/x:1", "docker.io/library/demo:1"):
        rows.refer(name, A, False, 1)
    assert [one.reference for one in rows.references_with_prefix("localhost:")] == ["localhost:5000/x/y:1"]
    assert [one.reference for one in rows.references_with_prefix("localhost")] == [
        "localhost/z:1",
        "localhost:5000/x/y:1",
        "localhostile/x:1",
    ]
    assert rows.references_with_prefix("quay.io/") == []
