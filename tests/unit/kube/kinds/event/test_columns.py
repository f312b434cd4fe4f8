from datetime import timedelta
from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW
from wherry.kube.kinds.event import KIND, OTHER_KIND
from wherry.kube.kinds.event.conversion import from_core
from wherry.kube.machinery.times import rfc3339, rfc3339_micro

FIRST, LAST = (rfc3339(NOW - timedelta(minutes=minutes)) for minutes in (10, 2))
PRECISE = rfc3339_micro(NOW - timedelta(seconds=30))
POD = {"kind": "Pod", "name": "p", "fieldPath": "spec.containers{web}"}


def cells(**fields: Any) -> list[Any]:
    assert KIND.cells is not None
    assert OTHER_KIND.cells is not None
    made = {"apiVersion": "v1", "metadata": {"name": "e"}, "involvedObject": POD, **fields}
    row = list(KIND.cells(made, NOW))
    assert row == list(OTHER_KIND.cells(from_core(made), NOW))
    assert len(row) == len(KIND.columns)
    return row


def test_a_row() -> None:
    assert cells(
        type="Warning",
        reason="BackOff",
        message=" Back-off restarting\n",
        source={"component": "kubelet", "host": "n1"},
        firstTimestamp=FIRST,
        lastTimestamp=LAST,
        count=7,
    ) == [
        "2m",
        "Warning",
        "BackOff",
        "pod/p",
        "spec.containers{web}",
        "kubelet, n1",
        "Back-off restarting",
        "10m",
        7,
        "e",
    ]


@pytest.mark.parametrize(
    ("fields", "last", "first", "count"),
    [
        ({}, "<unknown>", "<unknown>", 1),
        ({"eventTime": PRECISE}, "30s", "30s", 1),
        ({"firstTimestamp": FIRST}, "10m", "10m", 1),
        ({"firstTimestamp": FIRST, "series": {"lastObservedTime": PRECISE, "count": 4}}, "30s", "10m", 4),
    ],
)
def test_when_and_how_often(fields: dict[str, Any], last: str, first: str, count: int) -> None:
    row = cells(**fields)
    assert (row[0], row[7], row[8]) == (last, first, count)


@pytest.mark.parametrize(
    ("fields", "shown"),
    [
        ({"reportingComponent": "example.com/x", "reportingInstance": "i"}, "example.com/x, i"),
        ({"reportingComponent": "example.com/x"}, "example.com/x"),
        ({}, ""),
    ],
)
def test_who_tells(fields: dict[str, str], shown: str) -> None:
    assert cells(**fields)[5] == shown


def test_what_has_no_name_is_shown_by_its_kind() -> None:
    assert cells(involvedObject={"kind": "Node"})[3] == "node"
