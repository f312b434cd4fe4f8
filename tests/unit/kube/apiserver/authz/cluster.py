"""Pods and volumes on nodes, in few words."""

from typing import Any

from wherry.kube.apiserver.model import User
from wherry.kube.machinery.model import Object


def node_user(name: str) -> User:
    return User(f"system:node:{name}", ("system:nodes", "system:authenticated"))


def pod(name: str, node: str = "n1", namespace: str = "a", **spec: Any) -> Object:
    """``annotations`` and ``status`` are taken out of ``spec``."""
    meta = {"name": name, "namespace": namespace, "annotations": spec.pop("annotations", {})}
    status = spec.pop("status", {})
    bound = {"nodeName": node} if node else {}
    return {"apiVersion": "v1", "kind": "Pod", "metadata": meta, "spec": {**bound, **spec}, "status": status}


def volume(name: str, claim: str = "", namespace: str = "a", **source: Any) -> Object:
    spec = {"claimRef": {"name": claim, "namespace": namespace}, **source} if claim else source
    return {"apiVersion": "v1", "kind": "PersistentVolume", "metadata": {"name": name}, "spec": spec}


def on_node(api_version: str, kind: str, name: str, node: str, namespace: str = "") -> Object:
    """An object that names its node in its spec."""
    meta = {"name": name, **({"namespace": namespace} if namespace else {})}
    return {"apiVersion": api_version, "kind": kind, "metadata": meta, "spec": {"nodeName": node}}


def secret_volume(name: str) -> Object:
    return {"name": f"v-{name}", "secret": {"secretName": name}}
