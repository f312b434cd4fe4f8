"""The rows of the build cache."""

from itertools import count
from pathlib import Path

from wherry.engine.build.cache import BuildCache, CachedLayer, key
from wherry.engine.database import Database

LAYER = CachedLayer("sha256:chain", "sha256:diff", "sha256:blob", 10, 20)


def cache(path: Path | str = ":memory:", boot: str = "1") -> BuildCache:
    clock = count(1)
    return BuildCache(Database(path), lambda: next(clock), lambda: boot)


def test_a_key_is_its_inputs() -> None:
    assert key("run", "a", ["b", 1]) == key("run", "a", ["b", 1])
    assert len({key("run", "a", "b"), key("run", "ab"), key("copy", "a", "b"), key("run", ["a", "b"])}) == 4


def test_what_was_put_is_found_and_counts_uses() -> None:
    rows = cache()
    assert rows.find("k") is None
    rows.put("k", LAYER, "RUN true")
    assert rows.find("k") == rows.find("k") == LAYER
    (record,) = rows.records()
    assert (record.key, record.description, record.uses) == ("k", "RUN true", 2)
    assert record.used > record.created


def test_it_owns_what_its_rows_name() -> None:
    rows = cache()
    rows.put("k", LAYER, "")
    assert rows.owns_blob("sha256:blob")
    assert rows.owns_snapshot("sha256:chain")
    assert not rows.owns_blob("sha256:chain")
    assert (list(rows.blobs()), list(rows.snapshots())) == (["sha256:blob"], ["sha256:chain"])
    rows.forget(["k"])
    assert not rows.owns_blob("sha256:blob")
    assert rows.records() == []


def test_the_least_recently_used_comes_first() -> None:
    rows = cache()
    rows.put("old", LAYER, "")
    rows.put("new", LAYER, "")
    rows.find("old")
    assert [record.key for record in rows.records()] == ["new", "old"]


def test_after_a_power_loss_only_what_was_settled_is_believed(tmp_path: Path) -> None:
    rows = cache(tmp_path / "db")
    rows.put("settled", LAYER, "")
    assert not rows.is_settled
    rows.settled()
    assert rows.is_settled
    rows.put("young", LAYER, "")
    assert cache(tmp_path / "db", boot="1").find("young") == LAYER
    again = cache(tmp_path / "db", boot="2")
    assert again.find("young") is None
    assert again.find("settled") == LAYER


def test_facts() -> None:
    rows = cache()
    assert rows.fact("f") is None
    rows.put_fact("f", b"1")
    rows.put_fact("f", b"2")
    assert rows.fact("f") == b"2"
    rows.forget_facts()
    assert rows.fact("f") is None
