"""Objects that several tests make."""

import json
from pathlib import Path
from typing import Any

Document = dict[str, Any]  # JSON


def pod(name: str, *, labels: dict[str, str] | None = None, node: str = "") -> Document:
    """One container, ``c``."""
    spec: Document = {"containers": [{"name": "c", "image": "busybox:1", "ports": [{"containerPort": 80}]}]}
    if node:
        spec["nodeName"] = node
    return {
        "apiVersion": "v1",
        "kind": "Pod",
        "metadata": {"name": name, "labels": labels or {"app": name}},
        "spec": spec,
    }


def running(*, ready: bool = True) -> Document:
    """The status of a pod that runs."""
    state = "True" if ready else "False"
    return {
        "phase": "Running",
        "conditions": [{"type": "Ready", "status": state}],
        "containerStatuses": [
            {
                "name": "c", "ready": ready, "restartCount": 0, "image": "busybox:1", "imageID": "",
                "state": {"running": {"startedAt": "2026-01-01T00:00:00Z"}},
            }
        ],
    }  # fmt: skip


def deployment(name: str, *, image: str = "busybox:1", replicas: int = 0, paused: bool = False) -> Document:
    """Of pods ``app=NAME`` with one container, ``c``."""
    labels = {"app": name}
    spec: Document = {
        "replicas": replicas,
        "selector": {"matchLabels": labels},
        "template": {"metadata": {"labels": labels}, "spec": {"containers": [{"name": "c", "image": image}]}},
    }
    if paused:
        spec["paused"] = True
    return {"apiVersion": "apps/v1", "kind": "Deployment", "metadata": {"name": name, "labels": labels}, "spec": spec}


def configmap(name: str, **data: str) -> Document:
    found: Document = {"apiVersion": "v1", "kind": "ConfigMap", "metadata": {"name": name}}
    return {**found, "data": data} if data else found


def node(name: str) -> Document:
    """One that nobody runs: no pod is put there by the scheduler."""
    return {
        "apiVersion": "v1", "kind": "Node", "metadata": {"name": name, "labels": {"kubernetes.io/hostname": name}},
        "spec": {"taints": [{"key": "tests.example/unattended", "effect": "NoSchedule"}]},
    }  # fmt: skip


def definition(plural: str, kind: str, *, scope: str = "Namespaced", group: str = "tests.example") -> Document:
    """A CustomResourceDefinition with status, scale, columns, a selectable field and rules."""
    schema = {
        "type": "object",
        "properties": {
            "spec": {
                "type": "object",
                "properties": {
                    "size": {"type": "integer", "default": 1, "minimum": 0, "maximum": 10},
                    "colour": {"type": "string", "enum": ["red", "green", "blue"]},
                    "parts": {
                        "type": "array",
                        "items": {
                            "type": "object", "required": ["name"],
                            "properties": {"name": {"type": "string"}, "weight": {"type": "integer"}},
                        },
                        "x-kubernetes-list-type": "map", "x-kubernetes-list-map-keys": ["name"],
                    },
                },
            },
            "status": {"type": "object", "x-kubernetes-preserve-unknown-fields": True},
        },
    }  # fmt: skip
    version = {
        "name": "v1", "served": True, "storage": True, "schema": {"openAPIV3Schema": schema},
        "subresources": {
            "status": {},
            "scale": {"specReplicasPath": ".spec.size", "statusReplicasPath": ".status.size"},
        },
        "selectableFields": [{"jsonPath": ".spec.colour"}],
        "additionalPrinterColumns": [
            {"name": "Size", "type": "integer", "jsonPath": ".spec.size"},
            {"name": "Colour", "type": "string", "jsonPath": ".spec.colour"},
            {"name": "Ready", "type": "string", "jsonPath": ".status.ready", "priority": 1},
        ],
    }  # fmt: skip
    return {
        "apiVersion": "apiextensions.k8s.io/v1",
        "kind": "CustomResourceDefinition",
        "metadata": {"name": f"{plural}.{group}"},
        "spec": {
            "group": group, "scope": scope, "versions": [version],
            "names": {"plural": plural, "singular": kind.lower(), "kind": kind, "listKind": f"{kind}List"},
        },
    }  # fmt: skip


def write(path: Path, document: Document) -> Path:
    """As a file for a client to read."""
    path.write_text(json.dumps(document))
    return path
