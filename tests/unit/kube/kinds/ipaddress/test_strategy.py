"""Rules of IPAddresses, and what is shown of them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made
from wherry.kube.kinds.ipaddress import KIND
from wherry.kube.machinery.model import Object

PARENT = {"resource": "services", "namespace": "default", "name": "web"}


def of(**parent: Any) -> Object:
    return {"parentRef": {**PARENT, **parent}}


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        (of(), []),
        ({}, ["spec.parentRef: Required value"]),
        (of(resource="", name="a/b"),
         ["spec.parentRef.resource: Required value",
          "spec.parentRef.name: Invalid value: \"a/b\": may not contain '/'"]),
        (of(namespace="a%"), ["spec.parentRef.namespace: Invalid value: \"a%\": may not contain '%'"]),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=spec) == errors


def test_it_is_somebodys_for_ever() -> None:
    old = made(KIND, spec=of())
    (error,) = changed(KIND, old, spec=of(name="other"))
    assert error.endswith(": field is immutable")


@pytest.mark.parametrize(
    ("name", "complaints"),
    [
        ("10.0.0.1", []),
        ("2001:DB8::1", ['must be in canonical form ("2001:db8::1")']),
        ("web", ["must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"]),
    ],
)
def test_its_name_is_the_address(name: str, complaints: list[str]) -> None:
    assert list(KIND.check_name(name)) == complaints


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    assert KIND.cells(made(KIND, spec=of()), NOW) == ("a", "services/default/web")
    grouped = made(KIND, spec=of(group="g.io", resource="Gateways", namespace=""))
    assert KIND.cells(grouped, NOW) == ("a", "gateways.g.io/web")
    assert KIND.cells({}, NOW) == ("", "<none>")
