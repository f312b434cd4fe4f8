"""Definitions to test with."""

from typing import Any


def crd(**spec: Any) -> dict[str, Any]:
    """A right definition, with other fields of ``spec`` than usual."""
    names = {"plural": "widgets", "singular": "widget", "kind": "Widget", "listKind": "WidgetList"}
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": "widgets.example.com"},
        "spec": {
            "group": "example.com",
            "names": names,
            "scope": "Namespaced",
            "versions": [version()],
            "conversion": {"strategy": "None"},
            **spec,
        },
    }


def version(name: str = "v1", **more: Any) -> dict[str, Any]:
    """A right version; the field ``schema`` may be given as the properties of ``spec``."""
    properties = more.pop("properties", {"size": {"type": "integer"}})
    schema = {"type": "object", "properties": {"spec": {"type": "object", "properties": properties}}}
    return {"name": name, "served": True, "storage": True, "schema": {"openAPIV3Schema": schema}, **more}
