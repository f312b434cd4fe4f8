"""Objects as wild as their schema allows: what a server must answer, though never with success."""

from random import Random
from typing import Any

from wherry.kube.kinds.model import Kind, Version
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.schema.conform import conform
from wherry.kube.machinery.schema.model import Schema

_TEXTS = (
    "", "a", "web", "A b", "10.0.0.1", "fd00::1", "10.0.0.0/8", "Always", "Never", "OnFailure", "In", "Exists", "Gt",
    "ClusterIP", "NodePort", "LoadBalancer", "ExternalName", "None", "1Gi", "10%", "Localhost", "TCP", "http", "Local",
    "example.com/x", "kubernetes.io/tls", "Pod", "Node", "v1", "ClientIP", "/a/b", "..", "cpu", "memory", "storage",
    "pods", "ReadWriteOnce", "Bound", "PreferDualStack", "IPv6", "Container", "BestEffort", "Resize", "metadata.name",
)  # fmt: skip
_NUMBERS = (0, 1, -1, 2, 80, 70000, 30080, 2**31 - 1, -(2**31))
_DEEPEST = 14


def generated(kind: Kind, version: Version, random: Random) -> Object:
    """An object that has passed the decoder, in the storage version, without defaults."""
    schema = version.schema()
    obj: Object = value(schema, random, 0)
    obj.update(apiVersion=version.name if not kind.group else f"{kind.group}/{version.name}", kind=kind.kind)
    obj.setdefault("metadata", {}).update(name="a", namespace="default", managedFields=[])
    conform(obj, schema)
    return version.conversion.to_storage(obj) if version.conversion else obj


def value(schema: Schema | None, random: Random, depth: int) -> Any:  # JSON
    """Of a schema that is so deep in the object's: what is deeper is smaller."""
    if schema is None or (depth >= _DEEPEST and schema.type == "object"):
        return {}
    if schema.type == "array":
        count = 0 if depth >= _DEEPEST else random.choice((0, 1, 1, 2))
        return [value(schema.items, random, depth + 1) for _ in range(count)]
    if schema.is_map:
        return {random.choice(_TEXTS): value(schema.additional, random, depth + 1) for _ in range(random.randrange(3))}
    if schema.type == "object":
        share = 0.75 if depth < 3 else 0.35 if depth < 8 else 0.12
        return {
            name: value(each, random, depth + 1)
            for name, each in schema.properties.items()
            if random.random() < (0.85 if name in schema.required else share) and name != "managedFields"
        }
    return _leaf(schema, random)


def _leaf(schema: Schema, random: Random) -> Any:  # JSON
    if schema.quantity:
        return random.choice(("1", "100m", "1Gi", "-1", 5))
    if schema.int_or_string:
        return random.choice((1, 80, 0, -1, "http", "10%", "", "x y"))
    if schema.format in ("date-time", "byte"):
        return {"date-time": "2026-01-02T03:04:05Z", "byte": "e30="}[schema.format]
    choices: dict[str, tuple[Any, ...]] = {
        "string": schema.enum or _TEXTS,
        "integer": _NUMBERS,
        "number": (0, 1.5),
        "boolean": (False, True),
    }
    return random.choice(choices.get(schema.type, ("x", 1, {})))
