"""Asks the API for all that may matter about one pod."""

from dataclasses import dataclass, field

from wherry.kube.client.events import EVENTS
from wherry.kube.client.model import Client
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.status import StatusError
from wherry.kube.scheduler.watching import BUDGETS, CLAIMS, CLASSES, CSI_NODES, NAMESPACES, NODES, PODS, VOLUMES

PAGE = 500
_FORBIDDEN, _ABSENT = 403, 404


@dataclass(slots=True)
class Known:
    """``events`` about the pod, the oldest first. The lists are of the whole cluster, and only there where the pod has
    no node; ``node`` is the pod's, None: it is gone, or the pod has none."""

    pod: Object
    events: list[Object] = field(default_factory=list)
    node: Object | None = None
    claims: dict[str, Object] = field(default_factory=dict)
    """Of the pod, by name."""
    claim_events: dict[str, list[Object]] = field(default_factory=dict)
    lists: dict[GroupVersionResource, list[Object]] = field(default_factory=dict)

    @property
    def namespace(self) -> str:
        found: str = self.pod["metadata"]["namespace"]
        return found

    @property
    def status(self) -> Object:
        found: Object = self.pod.get("status") or {}
        return found

    def said(self, *reasons: str, since: str = "") -> str:
        """The message of the newest event with one of these reasons, not older than that; empty: there is none."""
        found = [
            each for each in self.events
            if each.get("reason") in reasons and (each.get("lastTimestamp") or "") >= since
        ]  # fmt: skip
        return str(found[-1].get("message") or "") if found else ""


async def gather(client: Client, namespace: str, name: str) -> Known:
    """Raises StatusError when there is no such pod, or it may not be read."""
    pod = await client.get(PODS, name, namespace)
    known = Known(pod, await events_of(client, pod))
    await _claims(client, known)
    node = pod["spec"].get("nodeName")
    if node:
        known.node = await _found(client, NODES, node)
    else:
        for resource in (NODES, NAMESPACES, CLASSES, VOLUMES, CSI_NODES, BUDGETS, PODS):
            known.lists[resource] = await all_of(client, resource)
        known.lists[CLAIMS] = await all_of(client, CLAIMS, namespace)
    return known


async def events_of(client: Client, obj: Object) -> list[Object]:
    """About it, the oldest first."""
    meta = obj["metadata"]
    fields = f"involvedObject.uid={meta['uid']}"
    found = await all_of(client, EVENTS, meta.get("namespace", ""), fields)
    return sorted(found, key=lambda each: (each.get("lastTimestamp") or "", _revision(each)))


def _revision(obj: Object) -> int:
    return int(obj["metadata"].get("resourceVersion") or 0)


async def _claims(client: Client, known: Known) -> None:
    for volume in known.pod["spec"].get("volumes") or ():
        name = (volume.get("persistentVolumeClaim") or {}).get("claimName")
        if volume.get("ephemeral") is not None:
            name = f"{known.pod['metadata']['name']}-{volume['name']}"
        if not name:
            continue
        claim = await _found(client, CLAIMS, name, known.namespace)
        if claim is not None:
            known.claims[name] = claim
            known.claim_events[name] = await events_of(client, claim)


async def _found(client: Client, resource: GroupVersionResource, name: str, namespace: str = "") -> Object | None:
    try:
        return await client.get(resource, name, namespace)
    except StatusError as error:
        if error.code not in (_FORBIDDEN, _ABSENT):
            raise
        return None


async def all_of(client: Client, resource: GroupVersionResource, namespace: str = "", fields: str = "") -> list[Object]:
    """Nothing of what may not be read: then less is said."""
    found: list[Object] = []
    token = ""
    while True:
        try:
            page = await client.list(resource, namespace, fields=fields, limit=PAGE, token=token)
        except StatusError as error:
            if error.code not in (_FORBIDDEN, _ABSENT):
                raise
            return found
        found += page.items
        token = page.token
        if not token:
            return found
