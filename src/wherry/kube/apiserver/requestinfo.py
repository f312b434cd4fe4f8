"""What a request asks for, by its method, path and query alone.

(k8s.io/apiserver pkg/endpoints/request/requestinfo.go)
"""

import re
from collections.abc import Mapping

import msgspec

from wherry.kube.machinery.model import GroupVersionResource

_VERBS = {"GET": "get", "HEAD": "get", "POST": "create", "PUT": "update", "PATCH": "patch", "DELETE": "delete"}
_NAMESPACE_SUBRESOURCES = frozenset({"status", "finalize"})
_NAMED = re.compile(r"metadata\.name==?([a-z0-9A-Z][-a-z0-9A-Z._:]*)")
_TRUE = frozenset({"1", "t", "T", "true", "TRUE", "True"})  # strconv.ParseBool


class RequestInfo(msgspec.Struct, frozen=True):
    """``resource`` is empty for what is no resource; then ``verb`` is the method in lower case.

    ``rest`` is the path behind a subresource (``proxy`` takes it)."""

    verb: str
    path: str
    group: str = ""
    version: str = ""
    resource: str = ""
    namespace: str = ""
    name: str = ""
    subresource: str = ""
    rest: str = ""

    @property
    def gvr(self) -> GroupVersionResource:
        return GroupVersionResource(self.group, self.version, self.resource)


def is_true(text: str) -> bool:
    """Whether ``text`` is one of Go's words for it (``pretty``)."""
    return text in _TRUE


def is_set(query: Mapping[str, str], name: str) -> bool:
    """How a boolean parameter reads that is an option of a request: whatever it is, but 0 and false
    (apimachinery pkg/runtime/converter.go: Convert_Slice_string_To_bool)."""
    value = query.get(name)
    return value is not None and value != "0" and value.lower() != "false"


def parse(method: str, path: str, query: Mapping[str, str]) -> RequestInfo:
    """Never fails: what is no resource's path is a path. ``path`` is percent-decoded a segment at a time before.

    Nor is one with nothing before ``api``, or where a group's name should be: no other path is made of it
    (apiserver pkg/server/handler.go and mux/pathrecorder.go, which clean none)."""
    if path[1:2] == "/":
        return RequestInfo(method.lower(), path)
    parts = path.strip("/").split("/")
    if parts[0] == "api" and len(parts) > 2:
        group, version, rest = "", parts[1], parts[2:]
    elif parts[0] == "apis" and len(parts) > 3 and parts[1]:
        group, version, rest = parts[1], parts[2], parts[3:]
    else:
        return RequestInfo(method.lower(), path)
    verb = _VERBS.get(method, method.lower())
    if rest[0] == "watch" and len(rest) > 1:  # deprecated since 1.11, and still there
        verb, rest = "watch", rest[1:]
    namespace = ""
    if rest[0] == "namespaces" and len(rest) > 1:
        namespace = rest[1]
        if len(rest) > 2 and not (rest[2] in _NAMESPACE_SUBRESOURCES and len(rest) == 3):
            rest = rest[2:]
    resource = rest[0]
    name = rest[1] if len(rest) > 1 else ""
    subresource = rest[2] if len(rest) > 2 else ""
    behind = "/".join(rest[3:])
    special = verb if name else _of_many(verb, query)
    if not name and special in ("list", "watch", "deletecollection"):
        name = selected(query.get("fieldSelector", ""))
    return RequestInfo(special, path, group, version, resource, namespace, name, subresource, behind)


def selected(selector: str) -> str:
    """The one name that a field selector leaves: whoever may list that object alone may do this."""
    found = [_NAMED.fullmatch(term) for term in selector.split(",")]
    return next((term[1] for term in found if term), "")


def _of_many(verb: str, query: Mapping[str, str]) -> str:
    """Where no object is named. (One that is named is got, whatever ``watch`` says.)"""
    if verb == "get":
        return "watch" if is_set(query, "watch") else "list"
    return "deletecollection" if verb == "delete" else verb
