"""A custom kind, as a CustomResourceDefinition would make it, beside the others."""

from typing import Any

from tests.unit.kube.apiserver.served import CONFIGS, KINDS
from wherry.kube.kinds.model import Kind, ScaleFields, Version

SCHEMA: dict[str, Any] = {
    "type": "object",
    "description": "A tool.",
    "properties": {
        "spec": {
            "type": "object",
            "description": "What is wanted.",
            "required": ["size"],
            "properties": {
                "size": {"type": "integer", "minimum": 0, "description": "How large it is."},
                "port": {"x-kubernetes-int-or-string": True, "anyOf": [{"type": "integer"}, {"type": "string"}]},
                "parts": {
                    "type": "array",
                    "items": {"type": "object", "properties": {"name": {"type": "string"}}, "required": ["name"]},
                    "x-kubernetes-list-type": "map",
                    "x-kubernetes-list-map-keys": ["name"],
                },
                "note": {"type": "string", "nullable": True, "default": "none", "enum": ["none", "some"]},
                "labels": {"type": "object", "additionalProperties": {"type": "string"}},
                "free": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
            },
        },
        "status": {"type": "object", "properties": {"ready": {"type": "boolean"}}},
    },
}
TOOLS = Kind(
    "shop.example.com",
    "Tool",
    "tools",
    (Version("v1", CONFIGS.schema, openapi=lambda: SCHEMA), Version("v1alpha1", CONFIGS.schema)),
    "v1",
    short_names=("tl",),
    scale=ScaleFields(),
    custom=True,
)
ALL = (*KINDS, TOOLS)
