"""Definitions: upstream's, and those of custom kinds made of their own schemas.

A definition is a node of OpenAPI v2 with references to ``#/definitions/NAME``; :func:`in_v3` makes one of v3 of it.
"""

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

from wherry.kube.kinds.model import Kind, Version
from wherry.kube.machinery.model import GroupVersionKind
from wherry.kube.machinery.schema import builtin

Node = dict[str, Any]  # of an OpenAPI document, JSON

META = "io.k8s.apimachinery.pkg.apis.meta.v1."
_REFERENCE = "#/definitions/"
_GVK = "x-kubernetes-group-version-kind"
# Where upstream's v3 says more than its v2 can.
_IN_V3: dict[str, Node] = {
    "io.k8s.apimachinery.pkg.api.resource.Quantity": {"oneOf": [{"type": "string"}, {"type": "number"}]},
    "io.k8s.apimachinery.pkg.util.intstr.IntOrString": {
        "oneOf": [{"type": "integer"}, {"type": "string"}],
        "format": "int-or-string",
    },
}
# Words of JSON schema that v2 has not, or not as structural schemas use them.
_NOT_IN_V2 = frozenset({"oneOf", "anyOf", "allOf", "not", "nullable"})
_MAPS = ("properties", "patternProperties", "definitions", "dependencies")
_LISTS = ("allOf", "anyOf", "oneOf")
_SINGLE = ("items", "additionalProperties", "not", "additionalItems")


def reference(name: str) -> Node:
    return {"$ref": _REFERENCE + name}


def name_of(gvk: GroupVersionKind) -> str | None:
    """Of upstream's definition of a kind; None when it has none (``PodExecOptions``)."""
    if gvk.kind == "Patch":
        return f"{META}Patch"
    try:
        return builtin.schema_of(gvk).name
    except KeyError:
        return None


def custom_name(gvk: GroupVersionKind) -> str:
    """Of a custom kind's definition: the group's parts the other way round, as upstream names them."""
    return ".".join([*reversed(gvk.group.split(".")), gvk.version, gvk.kind])


def references(node: object) -> Iterator[str]:
    """The names of all definitions that a node refers to."""
    if isinstance(node, dict):
        for key, value in node.items():
            if key == "$ref" and isinstance(value, str):
                yield value.rpartition("/")[2]
            else:
                yield from references(value)
    elif isinstance(node, list):
        for each in node:
            yield from references(each)


def needed(names: Iterable[str], own: Mapping[str, Node]) -> dict[str, Node]:
    """Definitions by name, sorted: those named and all that they refer to. ``own`` go before upstream's.

    The nodes are shared: do not change them."""
    upstream = builtin.raw_definitions()
    found: dict[str, Node] = {}
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name not in found:
            node = own.get(name) or upstream.get(name, {})
            found[name] = node
            waiting += references(node)
    return dict(sorted(found.items()))


def in_v3(name: str, node: Node) -> Node:
    """The definition as v3 has it. A custom kind's own is so already, but for its references."""
    converted: Node = {**_v3(node), **_IN_V3.get(name, {})}
    if "oneOf" in converted and name in _IN_V3:
        converted.pop("type", None)
    return converted


def _v3(node: Any) -> Any:
    """References that have something beside them must be in an ``allOf``: v3 would not see the rest."""
    if isinstance(node, list):
        return [_v3(each) for each in node]
    if not isinstance(node, dict):
        return node
    target = node.get("$ref")
    if not isinstance(target, str):
        return {key: _v3(value) for key, value in node.items()}
    pointer = {"$ref": target.replace(_REFERENCE, "#/components/schemas/")}
    rest = {key: _v3(value) for key, value in node.items() if key != "$ref"}
    return {"allOf": [pointer], **rest} if rest else pointer


# --- custom kinds


def custom(kind: Kind, version: Version) -> dict[str, Node]:
    """The definitions of a custom kind and of its list, with the schema as its author wrote it."""
    gvk = kind.gvk(version.name)
    list_gvk = gvk._replace(kind=f"{gvk.kind}List")
    return {
        custom_name(gvk): _object(gvk, dict(version.openapi()) if version.openapi else {}),
        custom_name(list_gvk): _list(gvk, list_gvk),
    }


def _object(gvk: GroupVersionKind, schema: Node) -> Node:
    if not schema or (schema.get("x-kubernetes-preserve-unknown-fields") and not schema.get("properties")):
        properties: Node = {}
    else:
        properties = dict(schema.get("properties", {}))
    properties |= {**_identity(), "metadata": {**reference(f"{META}ObjectMeta"), "description": _META_TEXT}}
    return {**schema, "type": "object", "properties": properties, _GVK: [gvk._asdict()]}


def _list(gvk: GroupVersionKind, list_gvk: GroupVersionKind) -> Node:
    items = {"type": "array", "items": reference(custom_name(gvk)), "description": f"The objects, {gvk.kind} each."}
    metadata = {**reference(f"{META}ListMeta"), "description": "Standard metadata of lists."}
    return {
        "description": f"{list_gvk.kind} is a list of {gvk.kind}",
        "type": "object",
        "required": ["items"],
        "properties": {**_identity(), "items": items, "metadata": metadata},
        _GVK: [list_gvk._asdict()],
    }


_META_TEXT = "Standard object's metadata: name, namespace, labels, annotations and others."


def _identity() -> Node:
    texts = {
        "apiVersion": "The group and version of this representation of the object: GROUP/VERSION.",
        "kind": "What the object is, in CamelCase. It cannot be changed.",
    }
    return {name: {"type": "string", "description": text} for name, text in texts.items()}


def in_v2(node: Any) -> Any:
    """A custom kind's definition as v2 can say it: what it cannot is left out, so that it allows more, never less."""
    if not isinstance(node, dict):
        return node
    kept = {key: value for key, value in node.items() if key not in _NOT_IN_V2}
    if node.get("nullable") or node.get("x-kubernetes-int-or-string"):
        kept = {key: value for key, value in kept.items() if key == "description" or key.startswith("x-")}
    for key in _MAPS:
        if isinstance(kept.get(key), dict):
            kept[key] = {name: in_v2(each) for name, each in kept[key].items()}
    for key in _SINGLE:
        if key in kept:
            kept[key] = in_v2(kept[key])
    return kept
