"""An operator for ``test_kopf``: what it does to a resource it writes into the resource, or says."""

from typing import Any

import kopf

RESOURCE = ("tests.example", "v1", "kopfwidgets")


@kopf.on.startup()
def settle(settings: Any, **_: Any) -> None:
    settings.posting.enabled = True


@kopf.on.create(*RESOURCE)
def created(spec: Any, body: Any, **_: Any) -> Any:
    kopf.info(body, reason="Made", message="as asked")
    return {"size": spec.get("size")}


@kopf.on.update(*RESOURCE, field="spec.size")
def resized(old: int, new: int, patch: Any, **_: Any) -> None:
    patch.status["resized"] = f"{old} to {new}"


@kopf.on.delete(*RESOURCE)
def deleted(name: str, **_: Any) -> None:
    print(f"deleted {name}", flush=True)


@kopf.daemon(*RESOURCE, cancellation_timeout=1)
async def minded(stopped: Any, name: str, **_: Any) -> None:
    print(f"minding {name}", flush=True)
    await stopped.wait()
    print(f"left {name}", flush=True)
