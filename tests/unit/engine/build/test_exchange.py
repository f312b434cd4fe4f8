"""Caches in directories; those in registries: tests/kernel/test_build_exchange.py."""

import json
from pathlib import Path

import pytest

from tests.unit.engine.build.workshop import Workshop
from wherry.engine.build.model import CachePlace, Ended, Warned
from wherry.kit.errors import Unavailable

TEXT = "FROM scratch AS a\nRUN put a 1\nFROM scratch\nRUN put b 2\nCOPY --from=a /a /\n"


def other(tmp_path: Path) -> Workshop:
    (tmp_path / "other").mkdir()
    return Workshop(tmp_path / "other")


@pytest.mark.parametrize(("whole", "ran"), [(True, 0), (False, 1)])
async def test_from_one_machine_to_another(workshop: Workshop, tmp_path: Path, whole: bool, ran: int) -> None:
    place = str(tmp_path / "cache")
    here = await workshop.build(TEXT, cache_to=[CachePlace("local", place, whole)])
    elsewhere = other(tmp_path)
    there = await elsewhere.build(TEXT, cache_from=[CachePlace("local", place)])
    assert there.image.id == here.image.id
    assert len(elsewhere.runner.ran) == ran
    assert sum(event.cached for event in elsewhere.all_of(Ended)) == 3 - ran


async def test_what_cannot_be_read_is_told_and_the_build_goes_on(workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "broken").mkdir()
    (tmp_path / "broken/index.json").write_text("{")
    (tmp_path / "foreign").mkdir()
    (tmp_path / "foreign/index.json").write_text(json.dumps({"schemaVersion": 2, "manifests": []}))
    places = [CachePlace("local", str(tmp_path / name)) for name in ("missing", "broken", "foreign")]
    await workshop.build(TEXT, cache_from=places)
    assert [event.rule for event in workshop.all_of(Warned)] == ["CacheImport"] * 3


async def test_a_place_that_cannot_be_written(workshop: Workshop, tmp_path: Path) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(Unavailable, match="cannot write the build cache"):
        await workshop.build(TEXT, cache_to=[CachePlace("local", str(tmp_path / "file/x"))])


async def test_nothing_half_written_stays(workshop: Workshop, tmp_path: Path) -> None:
    for number in range(2):
        text = f"FROM scratch\nRUN put a {number}\n"
        await workshop.build(text, cache_to=[CachePlace("local", str(tmp_path / "cache"))])
    assert not list((tmp_path / "cache").rglob(".*"))
    assert len(json.loads((tmp_path / "cache/index.json").read_text())["manifests"]) == 1
