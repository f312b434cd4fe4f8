"""OpenAPI 2.0 ("swagger"): one document of everything. kubectl before 1.29 reads it, and generators of clients."""

from collections.abc import Iterable, Sequence
from functools import cache

from wherry.kube.apiserver.openapi import definitions, operations
from wherry.kube.apiserver.openapi.definitions import Node
from wherry.kube.apiserver.openapi.naming import Namer, describe, patch_types, successes, tag_of
from wherry.kube.apiserver.openapi.operations import Operation
from wherry.kube.apiserver.openapi.parameters import BY_NAME, PRETTY, Parameter
from wherry.kube.kinds.model import Kind

_SECURITY = {
    "BearerToken": {
        "description": "Bearer Token authentication",
        "in": "header",
        "name": "authorization",
        "type": "apiKey",
    }
}
_PRODUCES = ["application/json", "application/yaml"]
_UNAUTHORIZED = {"description": "Unauthorized"}


def document(kinds: Sequence[Kind], version: str) -> Node:
    """Of all kinds, whose versions are in the order of ``kinds``. ``version`` is the server's, such as ``v1.37.0``.

    Nodes are shared with others: do not change them."""
    served = [(kind, each) for kind in kinds for each in kind.versions]
    own: dict[str, Node] = {}
    for kind, each in served:
        if kind.custom:
            made = definitions.custom(kind, each)
            own |= {name: definitions.in_v2(node) for name, node in made.items()}
    namer = Namer(own, "#/definitions/")
    paths = _paths((operation for kind, each in served for operation in operations.of(kind, each)), namer)
    return {
        "swagger": "2.0",
        "info": {"title": "Kubernetes", "version": version},
        "paths": dict(sorted(paths.items())),
        "definitions": definitions.needed(namer.used, own),
        "securityDefinitions": _SECURITY,
        "security": [{"BearerToken": []}],
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
    kind: Node = {"type": parameter.type, "uniqueItems": True}
    if parameter.is_list:
        kind = {"type": "array", "items": {"type": parameter.type}, "collectionFormat": "multi"}
    found: Node = {"name": parameter.name, "in": parameter.place, "description": parameter.description, **kind}
    return {**found, "required": True} if parameter.place == "path" else found


def _operation(operation: Operation, namer: Namer) -> Node:
    parameters = [_parameter(BY_NAME[name]) for name in operation.query]
    if operation.takes:
        body: Node = {"name": "body", "in": "body", "schema": namer.schema(operation.takes)}
        if operation.takes != operations.DELETE_OPTIONS:
            body["required"] = True
        parameters.insert(0, body)
    found: Node = {
        "tags": [tag_of(operation)],
        "description": describe(operation),
        "operationId": operation.id,
        "consumes": list(patch_types(operation)) if operation.takes == operations.PATCH else ["*/*"],
        "produces": _PRODUCES if operation.gives else ["*/*"],
        "schemes": ["https"],
        "responses": _responses(operation, namer),
        "x-kubernetes-action": operation.action,
        "x-kubernetes-group-version-kind": operation.gvk._asdict(),
    }
    return {**found, "parameters": parameters} if parameters else found


def _responses(operation: Operation, namer: Namer) -> Node:
    schema = namer.schema(operation.gives) if operation.gives else {"type": "string"}
    ok = {"description": "OK", "schema": schema}
    return {**dict.fromkeys(successes(operation), ok), "401": _UNAUTHORIZED}
