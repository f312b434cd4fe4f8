"""The operations of a kind, before either version of OpenAPI gives them its form."""

from collections.abc import Iterator

import msgspec

from wherry.kube.kinds import subresources
from wherry.kube.kinds.model import Kind, Version
from wherry.kube.machinery.model import GroupVersion, GroupVersionKind

_WRITE = ("dryRun", "fieldManager", "fieldValidation")
_LIST = (
    "allowWatchBookmarks", "continue", "fieldSelector", "labelSelector", "limit", "resourceVersion",
    "resourceVersionMatch", "sendInitialEvents", "timeoutSeconds", "watch",
)  # fmt: skip
_DELETE = (
    "dryRun", "gracePeriodSeconds", "ignoreStoreReadErrorWithClusterBreakingPotential", "orphanDependents",
    "propagationPolicy",
)  # fmt: skip
_CONNECT = {
    "attach": ("container", "stderr", "stdin", "stdout", "tty"),
    "exec": ("command", "container", "stderr", "stdin", "stdout", "tty"),
    "portforward": ("ports",),
    "proxy": ("path",),
}
_LOG = (
    "container", "follow", "insecureSkipTLSVerifyBackend", "limitBytes", "previous", "sinceSeconds", "stream",
    "tailLines", "timestamps",
)  # fmt: skip
_METHODS = {"create": "post", "delete": "delete", "get": "get", "patch": "patch", "update": "put"}
_ID_VERBS = {"create": "create", "delete": "delete", "get": "read", "patch": "patch", "update": "replace"}
_CONNECT_IDS = {"create": "connectPost", "delete": "connectDelete", "get": "connectGet", "patch": "connectPatch",
                "update": "connectPut"}  # fmt: skip


class Operation(msgspec.Struct, frozen=True):
    """``takes`` and ``gives`` are kinds of the body and the answer: None is no JSON. ``query`` names parameters of
    :mod:`~wherry.kube.apiserver.openapi.parameters`. ``action`` is ``x-kubernetes-action``."""

    path: str
    method: str
    action: str
    id: str
    gvk: GroupVersionKind
    query: tuple[str, ...] = ()
    takes: GroupVersionKind | None = None
    gives: GroupVersionKind | None = None
    is_custom: bool = False
    """Of a custom kind, which nobody can patch strategically."""

    @property
    def path_parameters(self) -> tuple[str, ...]:
        return tuple(each for each in ("name", "namespace") if f"{{{each}}}" in self.path)


STATUS = GroupVersionKind("", "v1", "Status")
DELETE_OPTIONS = GroupVersionKind("", "v1", "DeleteOptions")
PATCH = GroupVersionKind("", "v1", "Patch")
"""Not a kind: what a patch is has no schema."""


def root(group_version: GroupVersion) -> str:
    """The path of a group version."""
    return f"/apis/{group_version}" if group_version.group else f"/api/{group_version}"


def of(kind: Kind, version: Version) -> Iterator[Operation]:
    """All operations on a version of a kind, path by path."""
    where = _Place(kind, version)
    yield from where.collection()
    if kind.namespaced and "list" in kind.verbs:
        yield where.everywhere()
    yield from where.item()
    for subresource in subresources.of(kind):
        yield from where.below(subresource)


class _Place(msgspec.Struct, frozen=True):
    kind: Kind
    version: Version

    @property
    def gvk(self) -> GroupVersionKind:
        return self.kind.gvk(self.version.name)

    @property
    def path(self) -> str:
        namespace = "/namespaces/{namespace}" if self.kind.namespaced else ""
        return f"{root(self.gvk.group_version)}{namespace}/{self.kind.plural}"

    def id(self, verb: str, rest: str = "") -> str:
        scope = "Namespaced" if self.kind.namespaced else ""
        return f"{verb}{self._group_words()}{_word(self.version.name)}{scope}{self.kind.kind}{rest}"

    def _group_words(self) -> str:
        parts = self.kind.group.removesuffix(".k8s.io").split(".") if self.kind.group else ["core"]
        return "".join(_word(part) for part in (reversed(parts) if self.kind.custom else parts))

    @property
    def list_gvk(self) -> GroupVersionKind:
        return self.gvk._replace(kind=f"{self.kind.kind}List")

    def collection(self) -> Iterator[Operation]:
        verbs, gvk = self.kind.verbs, self.gvk
        if "list" in verbs:
            yield Operation(self.path, "get", "list", self.id("list"), gvk, _LIST, gives=self.list_gvk)
        if "create" in verbs:
            yield Operation(self.path, "post", "post", self.id("create"), gvk, _WRITE, gvk, gvk)
        if "deletecollection" in verbs:
            query = tuple(sorted({*_LIST, *_DELETE} - {"allowWatchBookmarks", "watch"}))
            name = self.id("deleteCollection")
            yield Operation(self.path, "delete", "deletecollection", name, gvk, query, DELETE_OPTIONS, STATUS)

    def everywhere(self) -> Operation:
        path = f"{root(self.gvk.group_version)}/{self.kind.plural}"
        name = self.id("list", "ForAllNamespaces").replace("Namespaced", "", 1)
        return Operation(path, "get", "list", name, self.gvk, _LIST, gives=self.list_gvk)

    def item(self) -> Iterator[Operation]:
        for verb in ("get", "update", "patch", "delete"):
            if verb in self.kind.verbs:
                yield self._change(f"{self.path}/{{name}}", verb, self.gvk, "")

    def below(self, subresource: subresources.Subresource) -> Iterator[Operation]:
        gvk = subresource.gvk_in(self.kind, self.version.name)
        path, suffix = f"{self.path}/{{name}}/{subresource.name}", _word(subresource.name)
        for verb in subresource.verbs:
            if subresource.name in _CONNECT:
                name, query = self.id(_CONNECT_IDS[verb], suffix), _CONNECT[subresource.name]
                yield Operation(path, _METHODS[verb], "connect", name, gvk, query)
            elif subresource.name == "log":
                yield Operation(path, "get", "get", self.id("read", suffix), gvk, _LOG)
            else:
                yield self._change(path, verb, gvk, suffix)

    def _change(self, path: str, verb: str, gvk: GroupVersionKind, suffix: str) -> Operation:
        name, method = self.id(_ID_VERBS[verb], suffix), _METHODS[verb]
        match verb:
            case "get":
                return Operation(path, method, "get", name, gvk, gives=gvk)
            case "patch":
                query = tuple(sorted((*_WRITE, "force")))
                return Operation(path, method, "patch", name, gvk, query, PATCH, gvk, self.kind.custom)
            case "delete":
                return Operation(path, method, "delete", name, gvk, _DELETE, DELETE_OPTIONS, STATUS)
        return Operation(path, method, method, name, gvk, _WRITE, gvk, gvk)


def _word(text: str) -> str:
    return "".join(part[:1].upper() + part[1:] for part in text.split("-"))
