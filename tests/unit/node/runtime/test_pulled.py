"""Whose images they are."""

from pathlib import Path

import pytest
from msgspec.structs import replace

from tests.unit.engine.containers.harness import image
from wherry.engine.database import Database
from wherry.node.runtime.pulled import Pulled
from wherry.oci.reference import Reference

DIGEST = "sha256:" + "d" * 64
PULLED = replace(image("web:1", 2), repo_digests=(f"web@{DIGEST}",))


@pytest.fixture
def pulled(tmp_path: Path) -> Pulled:
    return Pulled(Database(tmp_path / "engine.sqlite"))


def test_what_was_pulled_is_known_to_the_next_life(tmp_path: Path) -> None:
    first = Pulled(Database(tmp_path / "engine.sqlite"))
    first.note(Reference.parse("web:1"))
    first.note(Reference.parse("web:1"))
    second = Pulled(Database(tmp_path / "engine.sqlite"))
    assert second.has(Reference.parse("docker.io/library/web:1"))
    second.forget(Reference.parse("web:1"))
    second.forget(Reference.parse("web:1"))
    assert not Pulled(Database(tmp_path / "engine.sqlite")).has(Reference.parse("web:1"))


def test_an_image_is_the_pods_when_all_its_names_are(pulled: Pulled) -> None:
    assert not pulled.covers(PULLED)
    pulled.note(Reference.parse("web:1"))
    assert pulled.covers(PULLED)
    assert pulled.covers(replace(PULLED, repo_tags=()))  # the tag went on to a newer one
    assert not pulled.covers(replace(PULLED, repo_tags=("mine:1", "web:1")))
    assert not pulled.covers(replace(PULLED, repo_digests=(f"other@{DIGEST}", f"web@{DIGEST}")))
    assert not pulled.covers(replace(PULLED, repo_tags=(), repo_digests=()))


def test_one_pulled_by_its_digest(pulled: Pulled) -> None:
    pulled.note(Reference.parse(f"web@{DIGEST}"))
    assert pulled.covers(replace(PULLED, repo_tags=()))
    assert not pulled.covers(PULLED)
