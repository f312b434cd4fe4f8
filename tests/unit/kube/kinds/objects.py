"""Objects to test the core group's kinds with."""

from collections.abc import Iterable
from datetime import UTC, datetime
from typing import Any

from wherry.kube.kinds.model import Context, Kind
from wherry.kube.machinery.fielderrors import FieldError
from wherry.kube.machinery.model import Object

NOW = datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)
CREATED = "2026-01-02T03:02:00Z"
CONTEXT = Context(NOW)


def said(errors: Iterable[FieldError]) -> list[str]:
    return [str(each) for each in errors]


def container(**fields: Any) -> Object:
    return {"name": "web", "image": "nginx:1.27", **fields}


def pod_spec(*containers: Object, **fields: Any) -> Object:
    return {"containers": list(containers or [container()]), **fields}


def made(kind: Kind, **fields: Any) -> Object:
    """A new object, as it is before admission: it has its defaults, and nothing that it may not have."""
    meta = {"name": "a", "uid": "u", "creationTimestamp": CREATED, **fields.pop("metadata", {})}
    if kind.namespaced:
        meta = {"namespace": "default", **meta}
    if kind.has_status:
        meta["generation"] = 1
    obj: Object = {"apiVersion": str(kind.storage_version), "kind": kind.kind, "metadata": meta, **fields}
    kind.strategy.default(obj)
    kind.strategy.prepare_create(obj, CONTEXT)
    return obj


def created(kind: Kind, **fields: Any) -> list[str]:
    """What is wrong with a new object."""
    return said(kind.strategy.validate(made(kind, **fields), CONTEXT))


def changed(kind: Kind, old: Object, subresource: str = "", **fields: Any) -> list[str]:
    """What is wrong with an object whose ``fields`` have become others."""
    obj = {**old, **fields}
    context = Context(NOW, subresource=subresource)
    kind.strategy.default(obj)
    kind.strategy.prepare_update(obj, old, context)
    return said(kind.strategy.validate_update(obj, old, context))


def with_status(kind: Kind, old: Object, **status: Any) -> list[str]:
    """What is wrong with another status."""
    obj = {**old, "status": status}
    kind.strategy.prepare_status_update(obj, old, CONTEXT)
    return said(kind.strategy.validate_status_update(obj, old, CONTEXT))
