"""Layers out of finished directories."""

from pathlib import Path
from typing import Any

import pytest

from tests.unit.engine.build.workshop import Workshop
from wherry.engine.build.layers import Layer, Target, chain
from wherry.engine.images.sweep import Kind, Name
from wherry.kit.errors import Unavailable
from wherry.oci.chain import chain_ids
from wherry.oci.digest import Digest

DIFFS = ["sha256:" + letter * 64 for letter in "abc"]


def test_chains() -> None:
    layers = [Layer(diff, diff, 1, "", 1) for diff in DIFFS]
    assert chain(layers) == chain_ids(DIFFS)
    assert Target(chain(layers), None, None).parent == chain_ids(DIFFS)[-1]  # type: ignore[arg-type]
    assert Target([], None, None).parent is None  # type: ignore[arg-type]


def upper(tmp_path: Path) -> Path:
    (tmp_path / "upper").mkdir()
    (tmp_path / "upper/file").write_text("x")
    return tmp_path / "upper"


def test_a_layer_is_a_snapshot_and_a_blob(workshop: Workshop, tmp_path: Path) -> None:
    work = workshop.images.work()
    target = Target([], 5, work)
    made = workshop.engine.layers.make(upper(tmp_path), target, target.options())
    assert workshop.snapshots.has(made.chain_id)
    assert workshop.content.size(Digest.parse(made.blob)) == made.blob_bytes
    assert (made.unpacked_bytes, made.diff_id) == (1, made.chain_id)
    assert work._touched == {Name(Kind.SNAPSHOT, made.chain_id), Name(Kind.BLOB, made.blob)}


async def test_without_room_for_the_blob_there_is_no_snapshot(
    workshop: Workshop, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    def full(*arguments: Any) -> None:
        raise Unavailable("no space left on device")

    writer = workshop.content.writer

    def failing(*arguments: Any, **more: Any) -> Any:
        ingest = writer(*arguments, **more)
        monkeypatch.setattr(ingest, "commit", full)
        return ingest

    monkeypatch.setattr(workshop.content, "writer", failing)
    with pytest.raises(Unavailable, match="no space"):
        async with workshop.images.work() as work:
            target = Target([], 5, work)
            workshop.engine.layers.make(upper(tmp_path), target, target.options())
    assert not workshop.snapshots.list()


def test_how_layers_are_committed() -> None:
    options = Target([], 7, None).options(first_id=100_000)  # type: ignore[arg-type]
    assert (options.epoch_seconds, options.durable, options.first_id) == (7, False, 100_000)
