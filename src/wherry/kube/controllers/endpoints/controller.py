"""Keeps slices and Endpoints of every service that selects pods."""

from collections.abc import Awaitable, Iterable, Sequence

from wherry.kube.controllers.endpoints import facts, hints, legacy, plan
from wherry.kube.controllers.endpoints.facts import Endpoint
from wherry.kube.controllers.frame import Interest, Key, Needs, own, removed
from wherry.kube.controllers.podcontrol.pace import Pace
from wherry.kube.machinery.model import GroupVersionResource, Object
from wherry.kube.machinery.selectors import of_labels
from wherry.kube.machinery.status import StatusError

SERVICES = GroupVersionResource("", "v1", "services")
PODS = GroupVersionResource("", "v1", "pods")
NODES = GroupVersionResource("", "v1", "nodes")
SLICES = GroupVersionResource("discovery.k8s.io", "v1", "endpointslices")
ENDPOINTS = GroupVersionResource("", "v1", "endpoints")
_INDEX = "service"
_SHARED = "shared"
_SOON_SECONDS = 0.01
_REST_SECONDS_A_POD = 0.00005
"""A look is a look at all pods of the namespace, which takes a tenth of that: with ten thousand, two looks a second."""


class EndpointsController:
    """A Reconciler; keys are services."""

    name = "endpointslice-controller"

    def __init__(self, needs: Needs) -> None:
        informers = needs.informers
        self._client = needs.client
        self._recorder = needs.recorder
        self._services = informers.of(SERVICES)
        self._pods = informers.of(PODS)
        self._nodes = informers.of(NODES)
        self._slices = informers.of(SLICES, labels=f"{plan.MANAGED_BY}={plan.MANAGER}")
        self._endpoints = informers.of(ENDPOINTS)
        self._written: dict[Key, int] = {}
        """The revision of our last write for a service: before the informers have seen it, what they show is old."""
        self._slices.cache.add_index(_INDEX, _service_of)
        self._services.cache.add_index(_SHARED, _if_shared)
        self._pace = Pace(needs.clock, _REST_SECONDS_A_POD)
        self.interests = (
            Interest(self._services),
            Interest(self._pods, self._of_pod),
            Interest(self._nodes, self._of_node),
            Interest(self._slices, _of_slice),
            Interest(self._endpoints, own),
        )

    def _of_pod(self, pod: Object) -> Iterable[Key]:
        """The services of its namespace that select it."""
        meta = pod["metadata"]
        labels = meta.get("labels") or {}
        for service in self._services.cache.list(meta["namespace"]):
            selector = service["spec"].get("selector")
            if selector and of_labels(selector).matches(labels):
                yield Key(meta["namespace"], service["metadata"]["name"])

    def _of_node(self, node: Object) -> Iterable[Key]:
        """The services of which zones have shares."""
        for service in self._services.cache.by_index(_SHARED, _SHARED):
            yield from own(service)

    async def reconcile(self, key: Key) -> float | None:
        """Make the slices of one service right."""
        service = self._services.cache.get(key.name, key.namespace)
        if service is None or "deletionTimestamp" in service["metadata"]:
            self._written.pop(key, None)
            self._pace.forget(key)
            if service is None:
                await self._clear_away(key)
            return None  # the garbage collector sees to slices
        spec = service["spec"]
        selector = spec.get("selector")
        if not selector or spec.get("type") == "ExternalName":
            return None
        if self._written.get(key, 0) > self._slices.revision:
            return _SOON_SECONDS
        if (rest := self._pace.rest_seconds(service)) > 0:
            return rest
        matching = of_labels(selector)
        here = list(self._pods.cache.list(key.namespace))
        self._pace.looked(service, len(here))
        pods = [pod for pod in here if matching.matches(pod["metadata"].get("labels") or {})]
        zones = facts.zones_of(self._nodes.cache)
        families = spec.get("ipFamilies") or ["IPv4"]
        processors = hints.processors_of(self._nodes.cache) if hints.is_shared(service) else {}
        wanted: dict[str, Sequence[Endpoint]] = {
            family: hints.hinted(service, facts.endpoints(service, pods, zones, family), processors)
            for family in families
        }
        await self._write_slices(service, wanted)
        await self._write_endpoints(service, wanted[families[0]])
        return None

    async def _write_slices(self, service: Object, wanted: dict[str, Sequence[Endpoint]]) -> None:
        meta = service["metadata"]
        existing = self._slices.cache.by_index(_INDEX, f"{meta['namespace']}/{meta['name']}")
        made = plan.plan(service, wanted, sorted(existing, key=lambda each: str(each["metadata"]["name"])))
        for each in made.create:
            self._note(service, await self._client.create(SLICES, each, meta["namespace"]))
        for each in made.update:
            self._note(service, await self._client.update(SLICES, each, meta["namespace"]))
        for name in made.delete:
            await _unless_gone(self._client.delete(SLICES, name, meta["namespace"]))

    async def _write_endpoints(self, service: Object, found: Sequence[Endpoint]) -> None:
        meta = service["metadata"]
        old = self._endpoints.cache.get(meta["name"], meta["namespace"])
        new = legacy.document(service, found, old)
        if new is None:
            return
        write = self._client.create if old is None else self._client.update
        await write(ENDPOINTS, new, meta["namespace"])

    async def _clear_away(self, key: Key) -> None:
        """The server deletes Endpoints with their service; of one that came and went, they may be made after that
        (pkg/controller/endpoint: syncService)."""
        left = self._endpoints.cache.get(key.name, key.namespace)
        if left is not None and legacy.is_made(left):
            await removed(self._client, ENDPOINTS, left)

    def _note(self, service: Object, written: Object) -> None:
        meta = service["metadata"]
        self._written[Key(meta["namespace"], meta["name"])] = int(written["metadata"]["resourceVersion"])


def _service_of(found: Object) -> Iterable[str]:
    meta = found["metadata"]
    name = (meta.get("labels") or {}).get(plan.SERVICE)
    return (f"{meta['namespace']}/{name}",) if name else ()


def _if_shared(service: Object) -> Iterable[str]:
    return (_SHARED,) if hints.is_shared(service) else ()


def _of_slice(found: Object) -> Iterable[Key]:
    meta = found["metadata"]
    name = (meta.get("labels") or {}).get(plan.SERVICE)
    return (Key(meta["namespace"], name),) if name else ()


async def _unless_gone(deletion: Awaitable[object]) -> None:
    try:
        await deletion
    except StatusError as error:
        if error.code != 404:
            raise
