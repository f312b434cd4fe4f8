"""What both versions of OpenAPI call things."""

from collections.abc import Mapping

from wherry.kube.apiserver.openapi import definitions
from wherry.kube.apiserver.openapi.definitions import Node
from wherry.kube.apiserver.openapi.operations import Operation
from wherry.kube.machinery.model import GroupVersion, GroupVersionKind

_PATCH_TYPES = ("application/apply-patch+yaml", "application/json-patch+json", "application/merge-patch+json")
_STRATEGIC = "application/strategic-merge-patch+json"
_SUCCESSES = {"post": ("200", "201", "202"), "put": ("200", "201"), "patch": ("200", "201"), "delete": ("200", "202")}


def patch_types(operation: Operation) -> tuple[str, ...]:
    """What a PATCH takes. By the strategic one being there, kubectl tells whether it may send such to a kind."""
    return _PATCH_TYPES if operation.is_custom else (*_PATCH_TYPES, _STRATEGIC)


class Namer:
    """Gives references, and remembers to what. ``own`` are the definitions of custom kinds."""

    def __init__(self, own: Mapping[str, Node], prefix: str) -> None:
        self._own = own
        self._prefix = prefix
        self.used: set[str] = set()

    def schema(self, gvk: GroupVersionKind) -> Node:
        """Of what has no definition (``PodExecOptions``): any object."""
        custom = definitions.custom_name(gvk)
        name = custom if custom in self._own else definitions.name_of(gvk)
        return self.named(name) if name else {"type": "object"}

    def named(self, name: str) -> Node:
        self.used.add(name)
        return {"$ref": self._prefix + name}


def tag(group_version: GroupVersion) -> str:
    """Of a group version."""
    group = group_version.group.removesuffix(".k8s.io").replace(".", "_") or "core"
    return f"{group}_{group_version.version}"


def tag_of(operation: Operation) -> str:
    """Of the group version below whose path the operation is."""
    parts = operation.path.split("/")
    return tag(GroupVersion("", parts[2]) if parts[1] == "api" else GroupVersion(parts[2], parts[3]))


def successes(operation: Operation) -> tuple[str, ...]:
    """The codes of answers with the object in them."""
    return _SUCCESSES.get(operation.method, ("200",)) if operation.gives else ("200",)


def describe(operation: Operation) -> str:
    """What it does, in a few words."""
    kind = operation.gvk.kind
    match operation.action:
        case "list":
            return f"list or watch objects of kind {kind}"
        case "post":
            return f"create a {kind}"
        case "deletecollection":
            return f"delete collection of {kind}"
        case "connect":
            return f"connect {operation.method.upper()} requests to {operation.path.rpartition('/')[2]}"
    verb = {"get": "read", "put": "replace", "patch": "partially update", "delete": "delete"}[operation.method]
    last = operation.path.rpartition("/")[2]
    return f"{verb} the specified {kind}" if last == "{name}" else f"{verb} {last} of the specified {kind}"
