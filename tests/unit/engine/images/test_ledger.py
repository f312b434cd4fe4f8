"""What follows a write."""

import json
from pathlib import Path

import pytest

from tests.unit.engine.images.archives import chunks, tar
from tests.unit.engine.images.conftest import Shelf


async def test_a_full_disk_does_not_keep_a_name_from_going(shelf: Shelf, monkeypatch: pytest.MonkeyPatch) -> None:
    await shelf.images.import_(chunks(tar({"a": b"1"})), "demo", "1")

    def full(self: Path, data: str) -> int:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Path, "write_text", full)
    shelf.images.tag("demo:1", "other")
    shelf.images.remove("demo:1", False, True, lambda image: [])
    assert shelf.images.get("other").repo_tags == ("other:latest",)


async def test_the_index_is_right_again_after_a_start(shelf: Shelf) -> None:
    await shelf.images.import_(chunks(tar({"a": b"1"})), "demo", "1")
    shelf.content.write_index([])
    shelf.again()
    assert len(json.loads((shelf.root / "content/index.json").read_text())["manifests"]) == 1
