"""Parts of claims and slices to test with."""

from typing import Any

from wherry.kube.machinery.model import Object


def exactly(**fields: Any) -> Object:
    return {"deviceClassName": "gpu", "allocationMode": "ExactCount", "count": 1, **fields}


def request(name: str = "one", **fields: Any) -> Object:
    return {"name": name, "exactly": exactly(**fields)}


def claim(*requests: Object, **devices: Any) -> Object:
    return {"devices": {"requests": list(requests or [request()]), **devices}}


def opaque(parameters: Any = None, driver: str = "gpu.example.com") -> Object:
    return {"opaque": {"driver": driver, "parameters": {"a": 1} if parameters is None else parameters}}
