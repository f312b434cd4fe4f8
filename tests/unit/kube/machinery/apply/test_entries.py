"""The entries of managedFields."""

import random
from typing import Any

import pytest

from wherry.kube.machinery.apply.entries import (
    MAX_UPDATERS,
    Entry,
    Managed,
    all_fields,
    capped,
    decoded,
    encoded,
    is_reset,
    owner_of,
)

Object = dict[str, Any]


def document(manager: str = "m", operation: str = "Update", **more: Any) -> Object:
    found = {"manager": manager, "operation": operation, "apiVersion": "v1", "time": "2026-01-01T00:00:00Z"}
    return {**found, "fieldsType": "FieldsV1", "fieldsV1": {"f:spec": {"f:a": {}}}, **more}


def test_what_is_read_is_written_as_it_was() -> None:
    documents = [document("a", "Apply"), document("b"), document("b", subresource="status")]
    assert encoded(decoded(documents)) == documents
    assert encoded(decoded(documents, trusted=True)) == documents


def test_an_applier_has_one_entry_whatever_the_version_and_an_updater_one_a_version() -> None:
    documents = [document("a", "Apply"), document("a", "Apply", apiVersion="v2"), document(), document(apiVersion="v2")]
    assert [(each["operation"], each["apiVersion"]) for each in encoded(decoded(documents))] == [
        ("Apply", "v2"),
        ("Update", "v1"),
        ("Update", "v2"),
    ]


def test_the_order_is_operation_time_manager_version_subresource() -> None:
    expected = [
        document("z", "Apply"),
        document("a", "Update", time="2026-01-01T01:00:00+02:00"),
        document("a", "Update", subresource="status", time="2026-01-01T00:00:00Z"),
        document("b", "Update", time="2026-01-01T00:00:00Z"),
        document("a", "Update", apiVersion="v2", time="2026-01-01T00:00:01Z"),
    ]
    shuffled = list(expected)
    random.Random(1).shuffle(shuffled)
    assert encoded(decoded(shuffled)) == expected


REFUSED: list[tuple[Any, str]] = [
    ({}, "managed fields must be a list"),
    ([1], "managed fields entry 0 is no object"),
    ([document(operation="Frob")], "operation must be `Apply` or `Update`"),
    ([document(apiVersion="")], "apiVersion must not be empty"),
    ([document(fieldsType="")], "missing fieldsType in managed fields entry 0"),
    ([document(), document(fieldsType="V2")], 'invalid fieldsType "V2" in managed fields entry 1'),
    ([document(fieldsV1={"x": {}})], "key must be 2 characters long"),
    ([document(fieldsV1=[1])], "a field set must be an object"),
    ([document(time=1)], "managed fields entry 0 has fields that are no texts"),
]


@pytest.mark.parametrize(("documents", "why"), REFUSED)
def test_what_makes_no_sense_is_refused(documents: Any, why: str) -> None:
    with pytest.raises(ValueError, match=r".") as caught:
        decoded(documents)
    assert str(caught.value) == why


def test_nothing_is_no_entries() -> None:
    assert decoded(None) == {}
    assert encoded({}) == []


def test_an_empty_list_and_one_empty_entry_reset() -> None:
    assert is_reset([])
    assert is_reset([{}])
    assert not is_reset(None)
    assert not is_reset([{}, {}])
    assert not is_reset([document()])


def _updaters(count: int, version: str = "v1") -> Managed:
    entries = [
        Entry(
            owner_of(f"m{index}", "Update", version, ""), version, f"2026-01-01T00:{index:02}:00Z", {f"f:{index}": {}}
        )
        for index in range(count)
    ]
    return {entry.owner: entry for entry in entries}


def test_ten_updaters_are_kept_and_appliers_do_not_count() -> None:
    managed = _updaters(MAX_UPDATERS)
    applier = Entry(owner_of("a", "Apply", "v1", ""), "v1", None, {"f:a": {}})
    managed[applier.owner] = applier
    assert capped(managed) is managed


def test_the_oldest_updaters_share_an_entry() -> None:
    managed = _updaters(13)
    left = capped(managed)
    assert len(managed) == 13
    assert len(left) == MAX_UPDATERS
    ancient = left[owner_of("ancient-changes", "Update", "v1", "")]
    assert ancient.fields == {"f:0": {}, "f:1": {}, "f:2": {}, "f:3": {}}
    assert ancient.time == "2026-01-01T00:03:00Z"
    assert all_fields(left.values()) == all_fields(managed.values())


def test_the_shared_entry_takes_in_more_and_more() -> None:
    left = capped(_updaters(11))
    late = Entry(owner_of("late", "Update", "v1", ""), "v1", "2027-01-01T00:00:00Z", {"f:late": {}})
    again = capped({**left, late.owner: late})
    assert len(again) == MAX_UPDATERS
    assert again[owner_of("ancient-changes", "Update", "v1", "")].fields == {"f:0": {}, "f:1": {}, "f:2": {}}
    assert left[owner_of("ancient-changes", "Update", "v1", "")].fields == {"f:0": {}, "f:1": {}}


def test_versions_have_an_entry_each_and_nothing_is_lost() -> None:
    managed = {**_updaters(8), **_updaters(8, "v2")}
    left = capped(managed)
    assert len(left) == MAX_UPDATERS
    assert {owner.api_version for owner in left if owner.manager == "ancient-changes"} == {"v1", "v2"}
    assert all_fields(left.values()) == all_fields(managed.values())


def test_tens_of_thousands_of_updaters_are_no_work_that_grows_with_the_square() -> None:
    entries = [
        Entry(owner_of(f"m{index}", "Update", "v1", ""), "v1", "2026-01-01T00:00:00Z", {f"f:{index}": {}})
        for index in range(50_000)
    ]
    left = capped({entry.owner: entry for entry in entries})
    assert len(left) == MAX_UPDATERS
    assert len(all_fields(left.values())) == 50_000


def test_an_entry_is_the_same_as_long_as_its_fields_are() -> None:
    entry = next(iter(decoded([document()]).values()))
    assert entry.with_fields(entry.fields) is entry
    assert entry.with_fields({}).fields == {}
