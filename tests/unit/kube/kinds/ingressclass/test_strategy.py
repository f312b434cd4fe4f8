"""Defaults and rules of IngressClasses, and what is shown of them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, changed, created, made
from wherry.kube.kinds.ingressclass import KIND
from wherry.kube.machinery.model import Object

REFERENCE = {"apiGroup": "a.io", "kind": "Settings", "name": "main"}


def of(**parameters: Any) -> Object:
    return {"controller": "a.io/ingress", "parameters": {**REFERENCE, **parameters}}


def test_parameters_are_the_clusters() -> None:
    assert made(KIND, spec=of())["spec"]["parameters"]["scope"] == "Cluster"


@pytest.mark.parametrize(
    ("spec", "errors"),
    [
        (of(), []),
        (of(scope="Namespace", namespace="default"), []),
        ({}, ["spec.controller: Required value"]),
        ({"controller": "me"},
         ['spec.controller: Invalid value: "me": must be a domain-prefixed path (such as "acme.io/foo")']),
        (of(scope="Node"),
         ['spec.parameters.scope: Unsupported value: "Node": supported values: "Cluster", "Namespace"']),
        (of(namespace="default"),
         ["spec.parameters.namespace: Forbidden: `parameters.scope` is set to 'Cluster'"]),
        (of(scope="Namespace"),
         ["spec.parameters.namespace: Required value: `parameters.scope` is set to 'Namespace'"]),
    ],
)  # fmt: skip
def test_what_is_wrong(spec: Object, errors: list[str]) -> None:
    assert created(KIND, spec=spec) == errors


def test_a_class_stays_its_controllers() -> None:
    old = made(KIND, spec=of())
    assert changed(KIND, old, spec={**of(), "controller": "b.io/other"}) == [
        'spec.controller: Invalid value: "b.io/other": field is immutable'
    ]


def test_what_is_shown() -> None:
    assert KIND.cells is not None
    assert KIND.cells(made(KIND, spec=of()), NOW) == ("a", "a.io/ingress", "Settings.a.io/main", "2m5s")
    assert KIND.cells({}, NOW)[2] == "<none>"
