"""What pods ask for."""

from typing import Any

import pytest

from wherry.kube.machinery.model import Object
from wherry.kube.scheduler.reading import shape_of
from wherry.kube.scheduler.requests import ASSUMED, amounts, requests_of


def container(cpu: str = "", **more: Any) -> Object:
    found: Object = {"name": more.pop("name", "c"), **more}
    return {**found, "resources": {"requests": {"cpu": cpu}}} if cpu else found


def asked(spec: Object, status: Object | None = None) -> int:
    return requests_of({"spec": spec, "status": status or {}}).get("cpu", 0)


SIDECAR = {"restartPolicy": "Always"}


@pytest.mark.parametrize(
    ("spec", "cpu"),
    [
        ({}, 0),
        ({"containers": [container("1"), container("500m")]}, 1500),
        ({"containers": [container("1")], "initContainers": [container("3")]}, 3000),
        ({"containers": [container("1")], "initContainers": [container("300m"), container("500m")]}, 1000),
        ({"containers": [container("1")], "initContainers": [container("500m", **SIDECAR)]}, 1500),
        ({"containers": [container("1")], "initContainers": [container("500m", **SIDECAR), container("2")]}, 2500),
        ({"containers": [container("1")], "initContainers": [container("2"), container("500m", **SIDECAR)]}, 2000),
        ({"containers": [container("1")], "overhead": {"cpu": "250m"}}, 1250),
        ({"containers": [container("1")], "resources": {"requests": {"cpu": "4"}}}, 4000),
        ({"containers": [container("4")], "resources": {"requests": {"cpu": "1"}}, "overhead": {"cpu": "1"}}, 2000),
        ({"containers": [container("1")], "resources": {"requests": {"example.com/x": "1"}}}, 1000),
        ({"containers": [container("0.1m")]}, 1),
    ],
)
def test_steps_and_sums(spec: Object, cpu: int) -> None:
    assert asked(spec) == cpu


@pytest.mark.parametrize(
    ("status", "cpu"),
    [
        ({"name": "c", "resources": {"requests": {"cpu": "3"}}}, 3000),
        ({"name": "c", "resources": {"requests": {"cpu": "500m"}}}, 1000),
        ({"name": "c", "allocatedResources": {"cpu": "2"}}, 2000),
        ({"name": "other", "resources": {"requests": {"cpu": "3"}}}, 1000),
    ],
)
def test_while_it_is_resized_the_larger_counts(status: Object, cpu: int) -> None:
    assert asked({"containers": [container("1")]}, {"containerStatuses": [status]}) == cpu


def test_who_asks_for_nothing_is_taken_to_want_something() -> None:
    obj = {"spec": {"containers": [container(), container("1")]}}
    assert requests_of(obj, ASSUMED) == {"cpu": 1100, "memory": 400 << 20}
    assert requests_of(obj) == {"cpu": 1000}


def test_amounts_are_whole() -> None:
    listed = {"cpu": "1500m", "memory": "1.5Gi", "pods": "110", "example.com/x": 2, "bad": "x"}
    assert amounts(listed) == {"cpu": 1500, "memory": 3 << 29, "pods": 110, "example.com/x": 2}
    assert amounts(None) == {}


def test_a_shape_lists_what_is_asked_in_the_order_of_complaints() -> None:
    requests = {"example.com/b": "1", "memory": "1", "example.com/a": "1", "cpu": "1", "ephemeral-storage": "0"}
    obj = {"metadata": {}, "spec": {"containers": [{"resources": {"requests": requests}}]}}
    assert shape_of(obj).requests == (("cpu", 1000), ("memory", 1), ("example.com/a", 1), ("example.com/b", 1))
