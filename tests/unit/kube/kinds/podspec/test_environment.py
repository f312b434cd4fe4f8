from typing import Any

import pytest

from tests.unit.kube.kinds.objects import container
from tests.unit.kube.kinds.podspec.specs import wrong_container, wrong_spec

E = "t.spec.containers[0].env[0]"


@pytest.mark.parametrize(
    ("variable", "errors"),
    [
        ({"name": "A", "value": "b"}, []),
        ({"name": "a b", "value": "b"}, []),
        ({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels['app']"}}}, []),
        ({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "status.podIPs"}}}, []),
        ({"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "spec.host"}}}, []),
        ({"name": "A", "valueFrom": {"secretKeyRef": {"name": "s", "key": "k"}}}, []),
        ({"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.memory", "divisor": "1Mi"}}}, []),
        ({"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.hugepages-2Mi"}}}, []),
        ({"name": ""}, [f"{E}.name: Required value"]),
        (
            {"name": "A=B"},
            [
                f'{E}.name: Invalid value: "A=B": a valid environment variable name must consist only of printable '
                "ASCII characters other than '='"
            ],
        ),
        (
            {"name": "A", "valueFrom": {}},
            [
                f'{E}.valueFrom: Invalid value: "": must specify one of: `fieldRef`, `resourceFieldRef`, '
                "`configMapKeyRef`, `secretKeyRef` or `fileKeyRef`"
            ],
        ),
        (
            {"name": "A", "value": "b", "valueFrom": {"configMapKeyRef": {"name": "c", "key": "k"}}},
            [f'{E}.valueFrom: Invalid value: "": may not be specified when `value` is not empty'],
        ),
        (
            {
                "name": "A",
                "valueFrom": {
                    "configMapKeyRef": {"name": "c", "key": "k"},
                    "secretKeyRef": {"name": "c", "key": "k"},
                },
            },
            [f'{E}.valueFrom: Invalid value: "": may not have more than one field specified at a time'],
        ),
        (
            {"name": "A", "valueFrom": {"secretKeyRef": {"name": "s"}}},
            [f"{E}.valueFrom.secretKeyRef.key: Required value"],
        ),
        ({"name": "A", "valueFrom": {"fieldRef": {}}}, [f"{E}.valueFrom.fieldRef.fieldPath: Required value"]),
        (
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.whoops"}}},
            [
                f'{E}.valueFrom.fieldRef.fieldPath: Invalid value: "metadata.whoops": error converting fieldPath: '
                "field label not supported: metadata.whoops"
            ],
        ),
        (
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name['a']"}}},
            [
                f"{E}.valueFrom.fieldRef.fieldPath: Invalid value: \"metadata.name['a']\": error converting fieldPath: "
                "field label does not support subscript: metadata.name['a']"
            ],
        ),
        (
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.name", "apiVersion": "v9"}}},
            [
                f'{E}.valueFrom.fieldRef.fieldPath: Invalid value: "metadata.name": error converting fieldPath: '
                "unsupported pod version: v9"
            ],
        ),
        (
            {"name": "A", "valueFrom": {"fieldRef": {"fieldPath": "metadata.labels"}}},
            [
                f'{E}.valueFrom.fieldRef.fieldPath: Unsupported value: "metadata.labels": supported values: '
                '"metadata.name", "metadata.namespace", "metadata.uid", "spec.nodeName", "spec.serviceAccountName", '
                '"status.hostIP", "status.hostIPs", "status.podIP", "status.podIPs"'
            ],
        ),
        (
            {"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.disk"}}},
            [
                f'{E}.valueFrom.resourceFieldRef.resource: Unsupported value: "limits.disk": supported values: '
                '"limits.cpu", "limits.ephemeral-storage", "limits.memory", "requests.cpu", '
                '"requests.ephemeral-storage", "requests.memory"'
            ],
        ),
        (
            {"name": "A", "valueFrom": {"resourceFieldRef": {"resource": "limits.cpu", "divisor": "1Mi"}}},
            [
                f'{E}.valueFrom.resourceFieldRef.divisor: Invalid value: "limits.cpu": only divisor\'s values 1m and 1 '
                "are supported with the cpu resource"
            ],
        ),
        (
            {"name": "A", "valueFrom": {"fileKeyRef": {"volumeName": "v", "path": "../x", "key": "K"}}},
            [
                f'{E}.valueFrom.fileKeyRef.volumeName: Not found: "v"',
                f"{E}.valueFrom.fileKeyRef.path: Invalid value: \"../x\": must not contain '..'",
            ],
        ),
    ],
)
def test_variables(variable: Any, errors: list[str]) -> None:
    assert wrong_container(env=[variable]) == errors


def test_a_variable_may_come_from_a_file_of_an_empty_directory() -> None:
    variable = {"name": "A", "valueFrom": {"fileKeyRef": {"volumeName": "v", "path": "a.env", "key": "A"}}}
    assert wrong_spec(containers=[container(env=[variable])], volumes=[{"name": "v"}]) == []


@pytest.mark.parametrize(
    ("source", "errors"),
    [
        ({"configMapRef": {"name": "c"}, "prefix": "A_"}, []),
        ({"secretRef": {"name": "s"}}, []),
        ({}, ['envFrom: Invalid value: "": must specify one of: `configMapRef` or `secretRef`']),
        (
            {"configMapRef": {"name": "c"}, "secretRef": {"name": "s"}},
            ['envFrom: Invalid value: "": may not have more than one field specified at a time'],
        ),
        ({"configMapRef": {}}, ["envFrom[0].configMapRef.name: Required value"]),
    ],
)
def test_sources_of_many_variables(source: Any, errors: list[str]) -> None:
    assert wrong_container(envFrom=[source]) == [f"t.spec.containers[0].{each}" for each in errors]
