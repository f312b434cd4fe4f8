from typing import Any

import pytest

from tests.unit.kube.kinds.objects import CONTEXT, CREATED, changed, created, made, said
from wherry.kube.kinds.event import KIND, OTHER_KIND
from wherry.kube.machinery.model import GroupResource

POD = {"apiVersion": "v1", "kind": "Pod", "namespace": "default", "name": "p"}
NODE = {"apiVersion": "v1", "kind": "Node", "name": "n"}
NEW = {
    "involvedObject": POD,
    "eventTime": CREATED,
    "reportingComponent": "example.com/agent",
    "reportingInstance": "n1",
    "action": "Start",
    "reason": "Started",
    "type": "Normal",
}


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({"involvedObject": POD}, []),
        ({"involvedObject": NODE}, []),
        ({"involvedObject": {}}, []),
        ({"involvedObject": {"kind": "Thing", "apiVersion": "example.com/v1", "namespace": "default"}}, []),
        (
            {"involvedObject": {**POD, "namespace": "other"}},
            ['involvedObject.namespace: Invalid value: "other": does not match event.namespace'],
        ),
        (
            {"involvedObject": {**POD, "namespace": ""}},
            ["involvedObject.namespace: Required value: required for kind Pod"],
        ),
        (
            {"involvedObject": {**NODE, "namespace": "default"}},
            ['involvedObject.namespace: Invalid value: "default": not allowed for kind Node'],
        ),
    ],
)
def test_events_are_where_their_objects_are(fields: dict[str, Any], errors: list[str]) -> None:
    assert created(KIND, **fields) == errors


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        ({}, []),
        (
            {"reportingComponent": ""},
            [
                "reportingController: Required value",
                'reportingController: Invalid value: "": name part must be non-empty',
            ],
        ),
        ({"action": ""}, ["action: Required value"]),
        ({"reason": "x" * 129}, ['reason: Invalid value: "": can have at most 128 characters']),
        ({"message": "x" * 1025}, ['message: Invalid value: "": can have at most 1024 characters']),
    ],
)
def test_new_events_say_who_and_what(fields: dict[str, Any], errors: list[str]) -> None:
    for kind in (KIND, OTHER_KIND):
        found = [each for each in created(kind, **{**NEW, **fields}) if "name part must consist of" not in each]
        assert found == errors


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (
            {"type": "Fatal"},
            ['type: Invalid value: "": has invalid value: Fatal'],
        ),
        ({"count": 1}, ['count: Invalid value: "": needs to be unset']),
        ({"source": {"component": "x"}}, ['source: Invalid value: "": needs to be unset']),
        ({"source": {}}, []),
        (
            {"series": {"count": 1, "lastObservedTime": CREATED}},
            ['series.count: Invalid value: "": should be at least 2'],
        ),
        ({"series": {"count": 2}}, ["series.lastObservedTime: Required value"]),
    ],
)
def test_the_newer_group_is_strict(fields: dict[str, Any], errors: list[str]) -> None:
    assert created(OTHER_KIND, **{**NEW, **fields}) == errors
    assert created(KIND, **{**NEW, **fields}) == []


def test_the_newer_group_wants_a_time() -> None:
    old = {name: value for name, value in NEW.items() if name != "eventTime"}
    assert created(OTHER_KIND, **old) == ["eventTime: Required value"]


def test_of_a_newer_event_only_the_series_changes() -> None:
    event = made(OTHER_KIND, **NEW)
    series = {"count": 2, "lastObservedTime": CREATED}
    assert changed(OTHER_KIND, event, series=series) == []
    assert changed(OTHER_KIND, event, message="other", involvedObject={**POD, "name": "q"}) == [
        'regarding: Invalid value: {"apiVersion":"v1","kind":"Pod","namespace":"default","name":"q"}: '
        "field is immutable",
        'note: Invalid value: "other": field is immutable',
    ]
    assert changed(KIND, event, message="other") == []


def test_fields_go_by_the_names_of_both_groups() -> None:
    fields = KIND.fields({"metadata": {"name": "e", "namespace": "default"}, **NEW})
    assert fields["involvedObject.name"] == fields["regarding.name"] == "p"
    assert fields["source"] == fields["reportingController"] == "example.com/agent"
    assert set(KIND.selectable) | set(OTHER_KIND.selectable) <= fields.keys()


def test_there_is_one_store_for_both() -> None:
    assert OTHER_KIND.stored_as == KIND.resource == GroupResource("", "events")
    assert KIND.stored_as is None


def test_an_event_without_anything_is_one() -> None:
    assert said(KIND.strategy.validate({"metadata": {"name": "e", "namespace": "default"}}, CONTEXT)) == []
