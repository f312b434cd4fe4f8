"""Who changed what."""

import json
from typing import Any

import pytest
from hypothesis import given

from tests.unit.kube.machinery.apply.specs import OBJECTS, Object, bare, entry, manager, names, obj
from tests.unit.kube.machinery.patches.documents import nested
from tests.unit.kube.machinery.patches.schemas import NUMBER, OBJECT, TEXT, listing, struct
from wherry.kube.machinery.apply.apply import server_side_apply
from wherry.kube.machinery.apply.entries import decoded
from wherry.kube.machinery.apply.fieldsets import contains, union
from wherry.kube.machinery.apply.managed import Manager, restore_times, track_update
from wherry.kube.machinery.apply.owning import field_set

FIRST, SECOND = "2026-01-01T00:00:00Z", "2026-01-01T00:00:01Z"


def updater(name: str = "editor", time: str = FIRST, **more: Any) -> Manager:
    return manager(name, "Update", time, **more)


def created(document: Object, name: str = "creator") -> Object:
    track_update(None, document, updater(name))
    return document


def updated(live: Object, document: Object, by: Manager | None = None) -> Object:
    found: Object = json.loads(json.dumps(document))
    track_update(live, found, by or updater(time=SECOND))
    return found


def test_who_creates_owns_all_but_the_identity() -> None:
    live = created(obj({"replicas": 1}, uid="u", resourceVersion="1", generation=1, labels={"a": "b"}))
    assert live["metadata"]["managedFields"] == [
        {
            "manager": "creator",
            "operation": "Update",
            "apiVersion": "test/v1",
            "time": FIRST,
            "fieldsType": "FieldsV1",
            "fieldsV1": {"f:metadata": {"f:labels": {".": {}, "f:a": {}}}, "f:spec": {"f:replicas": {}}},
        }
    ]


def test_who_changes_a_field_takes_it() -> None:
    live = created(obj({"replicas": 1, "args": ["a"]}))
    new = updated(live, obj({"replicas": 2, "args": ["a"]}))
    assert entry(new, "editor", "Update")["fieldsV1"] == {"f:spec": {"f:replicas": {}}}
    assert entry(new, "creator", "Update")["fieldsV1"] == {"f:spec": {"f:args": {}}}
    assert [entry(new, name, "Update")["time"] for name in ("creator", "editor")] == [FIRST, SECOND]


def test_what_is_removed_is_nobody_s_and_who_owns_nothing_has_no_entry() -> None:
    live = created(obj({"replicas": 1}))
    assert names(updated(live, obj({}))) == []
    live = created(obj({"replicas": 1, "args": ["a"]}))
    new = updated(live, obj({"args": ["a"]}))
    assert names(new) == ["creator"]
    assert entry(new, "creator", "Update")["fieldsV1"] == {"f:spec": {"f:args": {}}}


def test_who_changes_again_keeps_what_they_had_and_gets_a_new_time() -> None:
    live = created(obj({"replicas": 1, "args": ["a"]}), "editor")
    new = updated(live, obj({"replicas": 2, "args": ["a"], "paused": True}))
    assert names(new) == ["editor"]
    assert entry(new, "editor", "Update") == {
        **entry(live, "editor", "Update"),
        "time": SECOND,
        "fieldsV1": {"f:spec": {"f:args": {}, "f:paused": {}, "f:replicas": {}}},
    }


def test_an_update_that_changes_nothing_leaves_all_as_it_is() -> None:
    live = created(obj({"replicas": 1, "items": [{"name": "a"}]}))
    assert updated(live, bare(live)) == live
    assert updated(live, live) == live


def test_elements_are_owned_one_by_one() -> None:
    live = created(obj({"items": [{"name": "a", "image": "1"}]}))
    new = updated(live, obj({"items": [{"name": "b"}, {"name": "a", "image": "2"}]}))
    assert entry(new, "editor", "Update")["fieldsV1"] == {
        "f:spec": {
            "f:items": {'k:{"name":"a"}': {"f:image": {}}, 'k:{"name":"b"}': {".": {}, "f:name": {}}},
        }
    }
    assert entry(new, "creator", "Update")["fieldsV1"] == {
        "f:spec": {"f:items": {".": {}, 'k:{"name":"a"}': {".": {}, "f:name": {}}}}
    }


def test_the_status_belongs_to_the_status_subresource() -> None:
    live = created({**obj({"replicas": 1}), "status": {"phase": "x"}})
    assert entry(live, "creator", "Update")["fieldsV1"] == {"f:spec": {"f:replicas": {}}}
    new = updated(live, {**obj({"replicas": 2}), "status": {"phase": "y"}}, updater("c", subresource="status"))
    assert entry(new, "c", "Update", "status") == {
        "manager": "c",
        "operation": "Update",
        "apiVersion": "test/v1",
        "time": FIRST,
        "fieldsType": "FieldsV1",
        "fieldsV1": {"f:status": {"f:phase": {}}},
        "subresource": "status",
    }
    assert entry(new, "creator", "Update")["fieldsV1"] == {"f:spec": {"f:replicas": {}}}


def test_the_scale_subresource_owns_what_it_scales() -> None:
    live = created(obj({"replicas": 1}))
    new = updated(live, obj({"replicas": 2}), updater("hpa", subresource="scale"))
    assert entry(new, "hpa", "Update", "scale")["fieldsV1"] == {"f:spec": {"f:replicas": {}}}
    assert names(new) == ["hpa"]


def test_fields_that_are_reset_are_nobody_s() -> None:
    live = obj({"replicas": 1}, labels={"a": "b"})
    track_update(None, live, updater(reset_fields=("metadata.labels",)))
    assert entry(live, "editor", "Update")["fieldsV1"] == {"f:spec": {"f:replicas": {}}}


def test_a_kind_without_status_subresource_has_an_ordinary_status() -> None:
    live: Object = {**obj({}), "status": {"phase": "x"}}
    track_update(None, live, Manager("m", "Update", "test/v1", FIRST, "", OBJECT, has_status=False))
    assert entry(live, "m", "Update")["fieldsV1"] == {"f:status": {"f:phase": {}}}


def test_a_manager_without_a_name_is_unknown() -> None:
    assert names(created(obj({"replicas": 1}), "")) == ["unknown"]


def test_an_object_that_nobody_tracked_is_not_tracked_from_an_update_on() -> None:
    assert "managedFields" not in updated(obj({"replicas": 1}), obj({"replicas": 2}))["metadata"]


@pytest.mark.parametrize("given_fields", [[], [{}]])
def test_a_reset_ends_the_tracking(given_fields: list[Object]) -> None:
    live = created(obj({"replicas": 1}))
    assert "managedFields" not in updated(live, obj({"replicas": 2}, managedFields=given_fields))["metadata"]
    ignored = updated(live, obj({"replicas": 1}, managedFields=given_fields), updater(subresource="status"))
    assert names(ignored) == ["creator"]


def test_managed_fields_that_are_left_out_or_make_no_sense_are_kept() -> None:
    live = created(obj({"replicas": 1}))
    for odd in (None, [{"manager": "x"}], [{**live["metadata"]["managedFields"][0], "fieldsV1": nested(100_000)}], "x"):
        document = obj({"replicas": 1}, managedFields=odd)
        track_update(live, document, updater())
        assert document == live


def test_managed_fields_can_be_written_and_are_brought_into_form() -> None:
    live = created(obj({"replicas": 1, "items": [{"name": "a"}]}))
    mine = {**live["metadata"]["managedFields"][0], "manager": "renamed"}
    mine["fieldsV1"] = {"f:spec": {"f:items": {'k:{ "name": "a" }': {}, ".": {}}}, "z:x": {}}
    new = updated(live, obj({"replicas": 1, "items": [{"name": "a"}]}, managedFields=[mine]))
    assert names(new) == ["renamed"]
    assert entry(new, "renamed", "Update")["fieldsV1"] == {"f:spec": {"f:items": {".": {}, 'k:{"name":"a"}': {}}}}


def test_an_applier_loses_what_an_update_changes() -> None:
    live = server_side_apply(None, obj({"replicas": 1, "paused": True}), manager("applier"), False)
    new = updated(live, obj({"replicas": 2, "paused": True}))
    assert entry(new, "applier")["fieldsV1"] == {"f:spec": {"f:paused": {}}}
    assert entry(new, "applier")["time"] == entry(live, "applier")["time"]


def test_at_most_ten_updaters_have_an_entry() -> None:
    live = created(obj({"limits": {"x": 0}}))
    for index in range(15):
        spec = {"limits": {**live["spec"]["limits"], f"k{index}": index}}
        live = updated(live, obj(spec), updater(f"m{index:02}", f"2026-01-02T00:00:{index:02}Z"))
    assert len(names(live)) == 10
    assert names(live)[0] == "ancient-changes"
    assert "f:k0" in entry(live, "ancient-changes", "Update")["fieldsV1"]["f:spec"]["f:limits"]


def test_entries_follow_the_schema() -> None:
    was = struct(
        "old.Object", metadata=OBJECT.properties["metadata"], spec=struct("s", l=listing(TEXT, list_type="set"))
    )
    now = struct("new.Object", metadata=OBJECT.properties["metadata"], spec=struct("s", l=listing(TEXT), n=NUMBER))
    live = obj({"l": ["a", "b"]})
    track_update(None, live, updater("creator", schema=was))
    assert entry(live, "creator", "Update")["fieldsV1"]["f:spec"]["f:l"] == {".": {}, 'v:"a"': {}, 'v:"b"': {}}
    new = updated(live, obj({"l": ["a", "b"], "n": 1}), updater(schema=now))
    assert entry(new, "creator", "Update")["fieldsV1"] == {"f:spec": {"f:l": {}}}


def test_entries_of_another_version_are_compared_as_they_are() -> None:
    live = created(obj({"replicas": 1, "paused": True}))
    new = updated(live, obj({"replicas": 2, "paused": True}), updater("creator", SECOND, api_version="test/v2"))
    assert [(each["apiVersion"], each["fieldsV1"]["f:spec"]) for each in new["metadata"]["managedFields"]] == [
        ("test/v1", {"f:paused": {}}),
        ("test/v2", {"f:replicas": {}}),
    ]


@pytest.mark.parametrize(("count", "expected"), [(1000, 10), (50_000, 2)])
def test_thousands_of_entries_share_one_and_tens_of_thousands_are_passed_over(count: int, expected: int) -> None:
    live = created(obj({"limits": {"x": 0}, "paused": True}))
    first = live["metadata"]["managedFields"][0]
    entries = [{**first, "manager": f"m{index}", "fieldsV1": {"f:spec": {f"f:{index}": {}}}} for index in range(count)]
    new = obj({"limits": {"x": 1}, "paused": True}, managedFields=entries)
    track_update(live, new, updater())
    assert len(names(new)) == expected


def test_the_live_object_does_not_change() -> None:
    live = created(obj({"replicas": 1, "items": [{"name": "a"}]}))
    before = json.dumps(live)
    updated(live, obj({"replicas": 2, "items": [{"name": "b"}]}))
    assert json.dumps(live) == before


@given(OBJECTS, OBJECTS)
def test_together_the_managers_own_all_that_there_is(first: Object, second: Object) -> None:
    live = created(json.loads(json.dumps(first)))
    new = updated(live, second)
    everybodys: Object = {}
    for each in decoded(new["metadata"].get("managedFields")).values():
        everybodys |= _flat(each.fields)
    wanted = _flat({"f:spec": field_set(second, OBJECT)["f:spec"]})
    assert wanted.keys() <= everybodys.keys()


def _flat(fields: Object, above: str = "") -> Object:
    """Leaves only."""
    found: Object = {}
    for element, node in fields.items():
        below = {key: value for key, value in node.items() if key != "."}
        found.update(_flat(below, above + element) if below else {above + element: 1})
    return found


@given(OBJECTS, OBJECTS)
def test_the_entry_of_an_update_has_what_it_changed_and_no_more(first: Object, second: Object) -> None:
    live = created(json.loads(json.dumps(first)))
    new = updated(live, second)
    if "editor" in names(new):
        assert contains({**field_set(second, OBJECT)}, _leaves(entry(new, "editor", "Update")["fieldsV1"]))


def _leaves(fields: Object) -> Object:
    """Without the dots: structs are not in the set of an object."""
    return {element: _leaves(node) for element, node in fields.items() if element != "."}


@given(OBJECTS, OBJECTS)
def test_who_changes_what_is_theirs_owns_what_two_would_together(first: Object, second: Object) -> None:
    live = created(json.loads(json.dumps(first)))
    alone, together = updated(live, second, updater("creator", SECOND)), updated(live, second)
    everybodys: Object = {}
    for each in decoded(together["metadata"].get("managedFields")).values():
        everybodys = union(everybodys, each.fields)
    (own,) = alone["metadata"].get("managedFields") or [{"fieldsV1": {}}]
    assert own["fieldsV1"] == everybodys
    assert list(own) == list(live["metadata"].get("managedFields", [own])[0])


def test_a_value_that_changes_again_and_again_leaves_the_entry_in_order() -> None:
    live = created(obj({"replicas": 1, "args": ["a"], "limits": {"b": 1, "a": 2}}))
    new = updated(live, obj({"replicas": 2, "args": ["b"], "limits": {"b": 3, "a": 4}}), updater("creator", SECOND))
    (before,), (after,) = live["metadata"]["managedFields"], new["metadata"]["managedFields"]
    assert json.dumps(after) == json.dumps({**before, "time": SECOND})


def test_times_alone_are_no_change() -> None:
    live = created(obj({"replicas": 1}, resourceVersion="5"))
    new = json.loads(json.dumps(live))
    del new["metadata"]["resourceVersion"]
    new["metadata"]["managedFields"][0]["time"] = SECOND
    restore_times(live, new)
    assert new["metadata"]["managedFields"] == live["metadata"]["managedFields"]
    new["spec"]["replicas"] = 2
    new["metadata"]["managedFields"] = [{**live["metadata"]["managedFields"][0], "time": SECOND}]
    restore_times(live, new)
    assert new["metadata"]["managedFields"][0]["time"] == SECOND
    restore_times(obj({}), new)
    assert new["metadata"]["managedFields"][0]["time"] == SECOND
