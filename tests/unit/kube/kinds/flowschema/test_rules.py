"""Which requests a flow schema is about."""

from typing import Any

import pytest

from tests.unit.kube.kinds.objects import said
from wherry.kube.kinds.flowschema.rules import validate_rule
from wherry.kube.machinery.fielderrors import Path
from wherry.kube.machinery.model import Object

USER = {"kind": "User", "user": {"name": "me"}}
RESOURCES = {"verbs": ["get"], "apiGroups": [""], "resources": ["pods"], "namespaces": ["default"]}
URLS = {"verbs": ["*"], "nonResourceURLs": ["/healthz/*"]}


def rule(**fields: Any) -> Object:
    return {"subjects": [USER], "resourceRules": [RESOURCES], **fields}


def resources(**fields: Any) -> Object:
    return rule(resourceRules=[{**RESOURCES, **fields}])


def subject(**fields: Any) -> Object:
    return rule(subjects=[fields])


AT, ON, BY = "at.resourceRules[0]", "at.nonResourceRules[0]", "at.subjects[0]"


@pytest.mark.parametrize(
    ("fields", "errors"),
    [
        (rule(nonResourceRules=[URLS]), []),
        (resources(clusterScope=True, namespaces=[]), []),
        (subject(kind="ServiceAccount", serviceAccount={"namespace": "a", "name": "*"}), []),
        ({"subjects": []},
         ["at.subjects: Required value: subjects must contain at least one value",
          "at: Required value: at least one of resourceRules and nonResourceRules has to be non-empty"]),
        (subject(kind="Robot"),
         [f'{BY}.kind: Unsupported value: "Robot": supported values: "Group", "ServiceAccount", "User"']),
        (subject(kind="Group"), [f"{BY}.group: Required value: group is required when subject kind is 'Group'"]),
        (subject(kind="User", user={}, group={}),
         [f"{BY}.user.name: Required value", f"{BY}.group: Forbidden: group is forbidden when subject kind is not "
          "'Group'"]),
        (subject(kind="ServiceAccount", serviceAccount={}),
         [f"{BY}.serviceAccount.name: Required value",
          f"{BY}.serviceAccount.namespace: Required value: must specify namespace for service account"]),
        (resources(verbs=[]), [f"{AT}.verbs: Required value: verbs must contain at least one value"]),
        (resources(verbs=["*", "get"]),
         [f'{AT}.verbs: Invalid value: ["*","get"]: if \'*\' is present, must not specify other verbs']),
        (resources(verbs=["look"]),
         [f'{AT}.verbs: Unsupported value: ["look"]: supported values: "create", "delete", "deletecollection", "get", '
          '"list", "patch", "proxy", "update", "watch"']),
        (resources(apiGroups=[]),
         [f"{AT}.apiGroups: Required value: resource rules must supply at least one api group"]),
        (resources(resources=["*", "pods"]),
         [f'{AT}.resources: Invalid value: ["*","pods"]: if \'*\' is present, must not specify other resources']),
        (resources(namespaces=[]),
         [f"{AT}.namespaces: Required value: resource rules that are not cluster scoped must supply at least one "
          "namespace"]),
        (resources(namespaces=["a.b"]),
         [f'{AT}.namespaces[0]: Invalid value: "a.b": each member of this list must be \'*\' or a DNS-1123 label; '
          "must not contain dots"]),
        (rule(nonResourceRules=[{**URLS, "nonResourceURLs": ["healthz", "/a b", "//", "/*/a", "/"]}]),
         [f'{ON}.nonResourceURLs[0]: Invalid value: "healthz": must start with slash',
          f'{ON}.nonResourceURLs[1]: Invalid value: "/a b": must not contain white-space',
          f'{ON}.nonResourceURLs[2]: Invalid value: "//": must not contain double slash',
          f'{ON}.nonResourceURLs[3]: Invalid value: "/*/a": wildcard can only do suffix matching']),
    ],
)  # fmt: skip
def test_a_rule(fields: Object, errors: list[str]) -> None:
    assert said(validate_rule(fields, Path("at"))) == errors
