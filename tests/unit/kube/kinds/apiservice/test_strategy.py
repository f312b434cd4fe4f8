"""Rules of APIServices, and what is shown of them."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import NOW, created, made, with_status
from wherry.kube.kinds.apiservice import KIND
from wherry.kube.machinery.model import Object

NAME = {"name": "v1.apps"}


def of(**fields: Any) -> Object:
    return {"group": "apps", "version": "v1", "groupPriorityMinimum": 100, "versionPriority": 15, **fields}


@pytest.mark.parametrize(
    ("name", "spec", "errors"),
    [
        ("v1.apps", of(), []),
        ("v1.", of(group=""), []),
        ("apps", of(), ['metadata.name: Invalid value: "apps": must be `spec.version+"."+spec.group`: "v1.apps"']),
        ("v2.", of(group="", version="v2"),
         ["spec.group: Required value: only v1 may have an empty group and it better be legacy kube"]),
        ("v1.apps", of(groupPriorityMinimum=0, versionPriority=1001),
         ["spec.groupPriorityMinimum: Invalid value: 0: must be positive and less than 20000",
          "spec.versionPriority: Invalid value: 1001: must be positive and less than 1000"]),
        ("v1.apps", of(caBundle="YWJj", insecureSkipTLSVerify=True),
         ['spec.caBundle: Invalid value: "3 bytes": local APIServices may not have a caBundle',
          "spec.insecureSkipTLSVerify: Invalid value: true: local APIServices may not have insecureSkipTLSVerify"]),
        ("v1.apps", of(service={"namespace": "a", "name": "b"}),
         ["spec.service: Forbidden: this server does not pass requests on to the servers of other APIs yet: only local "
          "APIServices are kept"]),
    ],
)  # fmt: skip
def test_what_is_wrong(name: str, spec: Object, errors: list[str]) -> None:
    assert created(KIND, metadata={"name": name}, spec=spec) == errors


def test_a_status() -> None:
    old = made(KIND, metadata=NAME, spec=of())
    assert with_status(KIND, old, conditions=[{"type": "Available", "status": "Yes"}]) == [
        'status.conditions[0].status: Unsupported value: "Yes": supported values: "True", "False", "Unknown"'
    ]


@pytest.mark.parametrize(
    ("conditions", "shown"),
    [
        ([], "Unknown"),
        ([{"type": "Available", "status": "True", "reason": "Local"}], "True"),
        ([{"type": "Available", "status": "False", "reason": "Lost"}], "False (Lost)"),
    ],
)
def test_what_is_shown(conditions: list[Object], shown: str) -> None:
    obj = {**made(KIND, metadata=NAME, spec=of()), "status": {"conditions": conditions}}
    assert KIND.cells is not None
    assert KIND.cells(obj, NOW) == ("v1.apps", "Local", shown, "2m5s")
