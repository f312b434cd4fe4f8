"""The tables: pages that do not scan, cascades, and rows that are confirmed rather than doubled."""

import pytest

from wherry.engine.database import Database
from wherry.engine.registry.model import Described, Needed
from wherry.engine.registry.rows import RegistryRows
from wherry.oci.digest import Digest

ONE, TWO = Digest.of(b"one"), Digest.of(b"two")


@pytest.fixture
def rows() -> RegistryRows:
    return RegistryRows(Database(":memory:"))


def described(digest: Digest, *members: Digest) -> Described:
    return Described(digest, "type", 3, blobs=tuple(Needed(str(member), 1) for member in members))


def test_a_manifest_s_tags_and_members_go_with_it(rows: RegistryRows) -> None:
    rows.add_manifest("a", described(ONE, TWO, TWO), 1)
    rows.tag("a", "1", str(ONE))
    assert rows.delete_manifest("a", str(ONE))
    assert not rows.delete_manifest("a", str(ONE))
    for table in ("registry_tags", "registry_members"):
        assert rows.database.execute(f"SELECT * FROM {table}") == []


def test_adding_a_manifest_again_leaves_its_tags(rows: RegistryRows) -> None:
    for now in (1, 2):
        rows.add_manifest("a", described(ONE, TWO), now)
        rows.tag("a", "1", str(ONE))
    assert rows.tags("a", "", 10) == ["1"]
    assert rows.tagged("a", "1") == rows.manifest("a", str(ONE))
    assert rows.database.execute("SELECT used_seconds FROM registry_manifests") == [(2,)]


def test_a_tag_needs_its_manifest(rows: RegistryRows) -> None:
    with pytest.raises(Exception, match="FOREIGN KEY"):
        rows.tag("a", "1", str(ONE))


def test_a_page_of_repositories_looks_at_as_many_as_it_shows(rows: RegistryRows) -> None:
    for number in range(50):
        rows.add_manifest(f"r{number:02}", described(ONE), 1)
        rows.add_manifest(f"r{number:02}", described(TWO), 1)
    assert rows.repositories("", 3) == ["r00", "r01", "r02"]
    assert rows.repositories("r47", 10) == ["r48", "r49"]
    assert len(rows.repositories("", 100)) == 50
    assert rows.repositories("", 0) == []
    query = "SELECT MIN(repository) FROM registry_manifests WHERE repository > ?"
    plan = rows.database.execute(f"EXPLAIN QUERY PLAN {query}", "a")
    assert "SEARCH registry_manifests" in str(plan)


def test_uploads_are_told_by_when_they_were_used(rows: RegistryRows) -> None:
    rows.begin_upload("old", "a", 1)
    rows.begin_upload("new", "a", 5)
    assert rows.uploads(5) == ["old"]
    rows.touch_upload("old", 6)
    assert rows.uploads(5) == []
    assert sorted(rows.uploads()) == ["new", "old"]
    rows.end_upload("new")
    assert (rows.count_uploads(), rows.has_upload("a", "old"), rows.has_upload("b", "old")) == (1, True, False)
