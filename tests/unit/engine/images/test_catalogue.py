"""Images out of rows, remembered."""

import time

import pytest

from tests.unit.engine.images.archives import config
from wherry.engine.database import Database
from wherry.engine.images import catalogue as module
from wherry.engine.images.catalogue import Catalogue, canonical
from wherry.engine.images.rows import ImageRow, ImageRows
from wherry.kit.errors import NotFound
from wherry.oci.digest import Digest
from wherry.oci.reference import Reference


def filled(count: int = 1) -> tuple[ImageRows, Catalogue, list[str]]:
    rows = ImageRows(Database(":memory:"))
    ids = []
    for number in range(count):
        settings = config([], comment=str(number))
        ids.append(str(Digest.of(settings)))
        rows.insert(ImageRow(ids[-1], settings, "m", "t", 1, number, "", 0), [])
        rows.refer(f"docker.io/library/demo:{number}", ids[-1], False, 0)
    return rows, Catalogue(rows), ids


def test_a_name_is_remembered_until_something_is_written() -> None:
    rows, catalogue, ids = filled(2)
    assert catalogue.get("demo:0").id == ids[0]
    rows.refer("docker.io/library/demo:0", ids[1], False, 0)
    assert catalogue.get("demo:0").id == ids[0]
    catalogue.forget()
    assert catalogue.get("demo:0").id == ids[1]


def test_what_is_not_there_is_not_remembered() -> None:
    rows, catalogue, ids = filled()
    with pytest.raises(NotFound):
        catalogue.get("later:1")
    rows.refer("docker.io/library/later:1", ids[0], False, 0)
    assert catalogue.get("later:1").id == ids[0]


def test_remembering_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "_REMEMBERED_NAMES", 3)
    monkeypatch.setattr(module, "_REMEMBERED_CONFIGS", 3)
    _, catalogue, ids = filled(10)
    for number in range(10):
        assert catalogue.get(f"demo:{number}").id == ids[number]
    assert len(catalogue._named) <= 3 and len(catalogue._configs) <= 3


def test_asking_again_is_a_look_up_in_memory() -> None:
    _, catalogue, _ = filled()
    catalogue.get("demo:0")
    began = time.perf_counter()
    for _ in range(1000):
        catalogue.get("demo:0")
    assert (time.perf_counter() - began) / 1000 < 50e-6  # two orders of magnitude of room


def test_the_newest_comes_first() -> None:
    _, catalogue, ids = filled(3)
    assert [image.id for image in catalogue.all()] == ids[::-1]


@pytest.mark.parametrize(
    ("text", "stored"),
    [
        ("demo", "docker.io/library/demo:latest"),
        ("demo:1", "docker.io/library/demo:1"),
        ("demo:1@sha256:" + "a" * 64, "docker.io/library/demo@sha256:" + "a" * 64),
    ],
)
def test_the_stored_form_of_references(text: str, stored: str) -> None:
    assert canonical(Reference.parse(text)) == stored


def test_a_reference_wins_over_an_id_prefix() -> None:
    rows, catalogue, ids = filled(2)
    prefix = ids[0].removeprefix("sha256:")[:8]
    assert catalogue.get(prefix).id == ids[0]
    rows.refer(f"docker.io/library/{prefix}:latest", ids[1], False, 0)
    catalogue.forget()
    assert catalogue.get(prefix).id == ids[1]
