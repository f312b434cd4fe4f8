"""Autoscalers to test with."""

from typing import Any

from wherry.kube.machinery.model import Object

TARGET = {"apiVersion": "apps/v1", "kind": "Deployment", "name": "web"}


def scaler(**fields: Any) -> Object:
    return {"scaleTargetRef": dict(TARGET), "maxReplicas": 5, **fields}


def resource(name: str = "cpu", **target: Any) -> Object:
    return {"type": "Resource", "resource": {"name": name, "target": target}}


def use(percent: int, name: str = "cpu") -> Object:
    return resource(name, type="Utilization", averageUtilization=percent)


def pods(average: str, name: str = "requests") -> Object:
    target = {"type": "AverageValue", "averageValue": average}
    return {"type": "Pods", "pods": {"metric": {"name": name}, "target": target}}


def external(**target: Any) -> Object:
    selector = {"matchLabels": {"queue": "a"}}
    return {"type": "External", "external": {"metric": {"name": "length", "selector": selector}, "target": target}}


def of_object(**target: Any) -> Object:
    described = {"kind": "Ingress", "name": "main", "apiVersion": "networking.k8s.io/v1"}
    return {"type": "Object", "object": {"describedObject": described, "metric": {"name": "hits"}, "target": target}}
