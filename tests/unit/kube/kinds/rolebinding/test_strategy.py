"""Defaults and rules of bindings, of both kinds."""

from datetime import UTC, datetime

import pytest

from wherry.kube.kinds.clusterrolebinding import KIND as CLUSTER_KIND
from wherry.kube.kinds.model import Context, Kind
from wherry.kube.kinds.rolebinding import KIND
from wherry.kube.machinery.model import Object

CONTEXT = Context(datetime(2026, 1, 1, tzinfo=UTC))
GROUP = "rbac.authorization.k8s.io"
ROLE = {"apiGroup": GROUP, "kind": "ClusterRole", "name": "r"}


def subject(kind: str, name: str = "x", group: str = GROUP, **more: str) -> Object:
    return {"kind": kind, "name": name, "apiGroup": group, **more}


ROBOT = subject("ServiceAccount", group="", namespace="a")


def said(of: Kind, /, *subjects: Object, **reference: str) -> list[str]:
    obj = {"metadata": {"name": "b"}, "roleRef": {**ROLE, **reference}, "subjects": list(subjects)}
    return [str(each) for each in of.strategy.validate(obj, CONTEXT)]


@pytest.mark.parametrize("kind", [KIND, CLUSTER_KIND])
def test_a_good_binding(kind: Kind) -> None:
    assert said(kind, subject("User"), subject("Group"), ROBOT) == []
    assert said(kind) == []


def test_groups_are_filled_in() -> None:
    binding = {
        "roleRef": {"kind": "Role", "name": "r"},
        "subjects": [{"kind": "User", "name": "a"}, {"kind": "Group", "name": "b", "apiGroup": ""},
                     {"kind": "ServiceAccount", "name": "c"}, {"kind": "Odd", "name": "d"}],
    }  # fmt: skip
    KIND.strategy.default(binding)
    assert binding == {
        "roleRef": {"kind": "Role", "name": "r", "apiGroup": GROUP},
        "subjects": [subject("User", "a"), subject("Group", "b"), {"kind": "ServiceAccount", "name": "c"},
                     {"kind": "Odd", "name": "d"}],
    }  # fmt: skip
    nothing: Object = {}
    KIND.strategy.default(nothing)
    assert nothing == {}


@pytest.mark.parametrize(
    ("kind", "reference", "errors"),
    [
        (KIND, {"apiGroup": "x"}, [f'roleRef.apiGroup: Unsupported value: "x": supported values: "{GROUP}"']),
        (KIND, {"kind": "Pod"},
         ['roleRef.kind: Unsupported value: "Pod": supported values: "ClusterRole", "Role"']),
        (KIND, {"kind": "Role"}, []),
        (CLUSTER_KIND, {"kind": "Role"},
         ['roleRef.kind: Unsupported value: "Role": supported values: "ClusterRole"']),
        (KIND, {"name": ""}, ["roleRef.name: Required value"]),
        (KIND, {"name": "a/b"}, ['roleRef.name: Invalid value: "a/b": may not contain \'/\'']),
        (KIND, {"name": "system:node"}, []),
    ],
)  # fmt: skip
def test_what_is_wrong_with_the_role(kind: Kind, reference: dict[str, str], errors: list[str]) -> None:
    assert said(kind, **reference) == errors


@pytest.mark.parametrize(
    ("kind", "who", "errors"),
    [
        (KIND, subject("User", ""), ["subjects[0].name: Required value",
                                     'subjects[0].name: Invalid value: "": user name cannot be empty']),
        (KIND, subject("Group", ""), ["subjects[0].name: Required value",
                                      'subjects[0].name: Invalid value: "": group name cannot be empty']),
        (KIND, subject("User", group="x"),
         [f'subjects[0].apiGroup: Unsupported value: "x": supported values: "{GROUP}"']),
        (KIND, subject("Odd"),
         ['subjects[0].kind: Unsupported value: "Odd": supported values: "Group", "ServiceAccount", "User"']),
        (KIND, subject("ServiceAccount", ""),
         ["subjects[0].name: Required value",
          f'subjects[0].apiGroup: Unsupported value: "{GROUP}": supported values: ""']),
        (KIND, subject("ServiceAccount", group=""), []),
        (CLUSTER_KIND, subject("ServiceAccount", group=""), ["subjects[0].namespace: Required value"]),
    ],
)  # fmt: skip
def test_what_is_wrong_with_a_subject(kind: Kind, who: Object, errors: list[str]) -> None:
    assert said(kind, who) == errors


def test_the_name_of_a_service_account_is_a_name() -> None:
    (error,) = said(KIND, subject("ServiceAccount", "A_b", group=""))
    assert error.startswith('subjects[0].name: Invalid value: "A_b": a lowercase RFC 1123 subdomain')


def test_the_role_never_changes() -> None:
    old = {"metadata": {"name": "b"}, "roleRef": ROLE, "subjects": []}
    new = {**old, "roleRef": {**ROLE, "name": "other"}}

    assert list(KIND.strategy.validate_update({**old, "subjects": [ROBOT]}, old, CONTEXT)) == []
    (error,) = KIND.strategy.validate_update(new, old, CONTEXT)
    assert str(error) == (
        f'roleRef: Invalid value: {{"apiGroup":"{GROUP}","kind":"ClusterRole","name":"other"}}: cannot change roleRef'
    )


def test_what_they_are() -> None:
    assert (KIND.namespaced, CLUSTER_KIND.namespaced) == (True, False)
    assert KIND.schema().child("roleRef") is not None
    assert CLUSTER_KIND.schema().child("subjects") is not None
