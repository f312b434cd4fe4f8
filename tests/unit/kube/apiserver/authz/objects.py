"""Roles, bindings and what they are about, in few words."""

from typing import Any

from wherry.kube.apiserver.authz.rules import to_object
from wherry.kube.apiserver.model import Rule, User
from wherry.kube.machinery.model import Object

GROUP = "rbac.authorization.k8s.io"


def user(name: str, *groups: str) -> User:
    return User(name, (*groups, "system:authenticated"))


def role(name: str, *rules: Rule, namespace: str = "", **meta: Any) -> Object:
    """With a namespace a Role, without one a ClusterRole."""
    kind = "Role" if namespace else "ClusterRole"
    return document(kind, name, namespace, meta, rules=[to_object(each) for each in rules])


def binding(name: str, kind: str, target: str, *subjects: str, namespace: str = "") -> Object:
    """Subjects: ``User:a``, ``Group:b``, ``ServiceAccount:namespace/c``, ``ServiceAccount:c``."""
    reference = {"apiGroup": GROUP, "kind": kind, "name": target}
    bound = "RoleBinding" if namespace else "ClusterRoleBinding"
    return document(bound, name, namespace, {}, roleRef=reference, subjects=[_subject(each) for each in subjects])


def document(kind: str, name: str, namespace: str, meta: dict[str, Any], **fields: Any) -> Object:
    own = {"name": name, **({"namespace": namespace} if namespace else {}), **meta}
    return {"apiVersion": f"{GROUP}/v1", "kind": kind, "metadata": own, **fields}


def _subject(text: str) -> Object:
    kind, _, name = text.partition(":")
    if kind != "ServiceAccount":
        return {"kind": kind, "apiGroup": GROUP, "name": name}
    namespace, _, name = name.rpartition("/")
    return {"kind": kind, "name": name, **({"namespace": namespace} if namespace else {})}


def rule(verbs: str, resources: str, groups: str = "", names: str = "") -> Rule:
    """Words in one text; the group ``""`` alone is the core group."""
    return Rule(tuple(verbs.split()), tuple(groups.split()) or ("",), tuple(resources.split()), tuple(names.split()))


def urls(verbs: str, paths: str) -> Rule:
    return Rule(tuple(verbs.split()), paths=tuple(paths.split()))
