"""OpenAPI 3.0: one document a group version, and the index of them."""

from collections.abc import Iterable, Mapping, Sequence
from functools import cache
from typing import Any

from wherry.kube.apiserver.openapi import definitions, operations
from wherry.kube.apiserver.openapi.definitions import META, Node
from wherry.kube.apiserver.openapi.naming import Namer, describe, patch_types, successes, tag, tag_of
from wherry.kube.apiserver.openapi.operations import Operation
from wherry.kube.apiserver.openapi.parameters import BY_NAME, PRETTY, Parameter
from wherry.kube.kinds.model import Kind, Version
from wherry.kube.machinery.model import GroupVersion

_SECURITY = {
    "BearerToken": {
        "description": "Bearer Token authentication",
        "in": "header",
        "name": "authorization",
        "type": "apiKey",
    }
}


def index(urls: Mapping[str, str]) -> Node:
    """``/openapi/v3``: where the documents are; keys such as ``apis/apps/v1``."""
    return {"paths": {key: {"serverRelativeURL": url} for key, url in sorted(urls.items())}}


def document(served: Sequence[tuple[Kind, Version]], group_version: GroupVersion, version: str) -> Node:
    """Of a group version, with what is served of it. ``version`` is the server's, such as ``v1.37.0``."""
    own: dict[str, Node] = {}
    for kind, each in served:
        if kind.custom:
            own |= definitions.custom(kind, each)
    namer = Namer(own, "#/components/schemas/")
    paths = {f"{operations.root(group_version)}/": _resources(group_version, namer)}
    paths |= _paths((operation for kind, each in served for operation in operations.of(kind, each)), namer)
    found = definitions.needed(namer.used, own)
    return {
        "openapi": "3.0.0",
        "info": {"title": "Kubernetes", "version": version},
        "paths": dict(sorted(paths.items())),
        "components": {
            "schemas": {name: definitions.in_v3(name, node) for name, node in found.items()},
            "securitySchemes": _SECURITY,
        },
    }


def _resources(group_version: GroupVersion, namer: Namer) -> Node:
    answer = {"application/json": {"schema": namer.named(f"{META}APIResourceList")}}
    return {
        "get": {
            "tags": [tag(group_version)],
            "description": "get available resources",
            "operationId": f"get{tag(group_version)}APIResources",
            "responses": {"200": {"description": "OK", "content": answer}, "401": {"description": "Unauthorized"}},
        }
    }


def _paths(found: Iterable[Operation], namer: Namer) -> dict[str, Node]:
    paths: dict[str, Node] = {}
    for each in found:
        shared = [_parameter(BY_NAME[name]) for name in each.path_parameters]
        item = paths.setdefault(each.path, {"parameters": [*shared, _parameter(PRETTY)]})
        item[each.method] = _operation(each, namer)
    return paths


@cache
def _parameter(parameter: Parameter) -> Node:
    schema: Node = {"type": parameter.type, "uniqueItems": True}
    if parameter.is_list:
        schema = {"type": "array", "items": {"type": parameter.type}}
    found: Node = {
        "name": parameter.name,
        "in": parameter.place,
        "description": parameter.description,
        "schema": schema,
    }
    return {**found, "required": True} if parameter.place == "path" else found


def _operation(operation: Operation, namer: Namer) -> Node:
    found: Node = {
        "tags": [tag_of(operation)],
        "description": describe(operation),
        "operationId": operation.id,
        "responses": _responses(operation, namer),
        "x-kubernetes-action": operation.action,
        "x-kubernetes-group-version-kind": operation.gvk._asdict(),
    }
    if operation.query:
        found["parameters"] = [_parameter(BY_NAME[name]) for name in operation.query]
    if operation.takes:
        schema = namer.schema(operation.takes)
        media_types = patch_types(operation) if operation.takes == operations.PATCH else ("*/*",)
        found["requestBody"] = {
            "content": {media_type: {"schema": schema} for media_type in media_types},
            **({} if operation.takes == operations.DELETE_OPTIONS else {"required": True}),
        }
    return found


def _responses(operation: Operation, namer: Namer) -> Node:
    ok: Any = {"description": "OK"}
    if operation.gives:
        schema = namer.schema(operation.gives)
        ok = {**ok, "content": {each: {"schema": schema} for each in ("application/json", "application/yaml")}}
    elif operation.action == "connect" or operation.path.endswith("/log"):
        ok = {**ok, "content": {"*/*": {"schema": {"type": "string"}}}}
    return {**dict.fromkeys(successes(operation), ok), "401": {"description": "Unauthorized"}}
