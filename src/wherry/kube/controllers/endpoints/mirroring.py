"""Slices for Endpoints that somebody wrote by hand for a service without a selector: all that route traffic read
slices only."""

from collections.abc import Iterable

from wherry.kube.controllers.endpoints import mirrored, plan
from wherry.kube.controllers.endpoints.controller import ENDPOINTS, SERVICES, SLICES
from wherry.kube.controllers.frame import Interest, Key, Needs, own
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError

_INDEX = "mirrored"
_SOON_SECONDS = 0.01


class EndpointsMirroring:
    """A Reconciler; keys are Endpoints, which are called as their services."""

    name = "endpointslice-mirroring-controller"

    def __init__(self, needs: Needs) -> None:
        informers = needs.informers
        self._client = needs.client
        self._recorder = needs.recorder.by("endpoint-slice-mirroring-controller")
        self._endpoints = informers.of(ENDPOINTS)
        self._services = informers.of(SERVICES)
        self._slices = informers.of(SLICES, labels=f"{plan.MANAGED_BY}={mirrored.MANAGER}")
        self._slices.cache.add_index(_INDEX, _names)
        self._written: dict[Key, int] = {}
        """The revision of our last write: before the informer has seen it, what it shows is old."""
        self._told: dict[Key, tuple[int, int]] = {}
        self.interests = (Interest(self._endpoints), Interest(self._services, own), Interest(self._slices, _keys))

    async def reconcile(self, key: Key) -> float | None:
        """Make the slices of one Endpoints object right."""
        if self._written.get(key, 0) > self._slices.revision:
            return _SOON_SECONDS
        endpoints = self._endpoints.cache.get(key.name, key.namespace)
        existing = list(self._slices.cache.by_index(_INDEX, f"{key.namespace}/{key.name}"))
        if endpoints is None or not mirrored.is_mirrored(endpoints, self._services.cache.get(key.name, key.namespace)):
            self._written.pop(key, None)
            self._told.pop(key, None)
            for each in existing:
                await self._delete(key, each["metadata"]["name"])
            return None
        made = mirrored.mirror(endpoints, existing)
        self._tell(key, endpoints, made)
        for each in made.plan.create:
            self._note(key, await self._client.create(SLICES, each, key.namespace))
        for each in made.plan.update:
            self._note(key, await self._client.update(SLICES, each, key.namespace))
        for name in made.plan.delete:
            await self._delete(key, name)
        return None

    def _tell(self, key: Key, endpoints: Object, made: mirrored.Mirror) -> None:
        """Once for each state: what of it does not reach the slices."""
        left_out = (made.invalid, made.skipped)
        if self._told.get(key, (0, 0)) == left_out:
            return
        self._told[key] = left_out
        if made.invalid:
            said = f"Skipped {made.invalid} invalid IP addresses when mirroring to EndpointSlices"
            self._recorder.event(endpoints, "InvalidIPAddress", said, type="Warning")
        if made.skipped:
            said = f"A max of {mirrored.MOST} addresses can be mirrored to EndpointSlices per Endpoints subset. "
            said += f"{made.skipped} addresses were skipped"
            self._recorder.event(endpoints, "TooManyAddressesToMirror", said, type="Warning")

    def _note(self, key: Key, written: Object) -> None:
        self._written[key] = int(written["metadata"]["resourceVersion"])

    async def _delete(self, key: Key, name: str) -> None:
        try:
            await self._client.delete(SLICES, name, key.namespace)
        except StatusError as error:
            if error.code != 404:
                raise


def _keys(found: Object) -> Iterable[Key]:
    meta = found["metadata"]
    name = (meta.get("labels") or {}).get(plan.SERVICE)
    return (Key(meta["namespace"], name),) if name else ()


def _names(found: Object) -> Iterable[str]:
    return (f"{each.namespace}/{each.name}" for each in _keys(found))
