"""What a server serves, asked over HTTP (aggregated discovery, apidiscovery.k8s.io/v2), again and again."""

import logging
from collections.abc import Callable, Iterator, Sequence

from wherry.kit.errors import WherryError
from wherry.kube.client.clock import Clock
from wherry.kube.client.discovery import ResourceType
from wherry.kube.client.http import Asked, HttpApiClient
from wherry.kube.machinery.model import GroupVersionResource, Object

logger = logging.getLogger(__name__)

ACCEPT = "application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList,application/json"
EVERY_SECONDS = 30.0
"""As client-go's controllers do: there is no watch for this."""
_SAME_EVENTS = ("events.k8s.io", "events")
"""Another form of the core group's."""


class HttpDiscovery:
    """A Discovery. Somebody runs it, if anybody subscribes."""

    def __init__(self, client: HttpApiClient, clock: Clock) -> None:
        self._client = client
        self._clock = clock
        self._listeners: list[Callable[[], None]] = []
        self._last: tuple[ResourceType, ...] | None = None

    async def resources(self) -> Sequence[ResourceType]:
        core = await self._client.ask(Asked("GET", "/api", accept=ACCEPT))
        groups = await self._client.ask(Asked("GET", "/apis", accept=ACCEPT))
        return tuple(each for document in (core, groups) for each in types_of(document))

    def subscribe(self, changed: Callable[[], None]) -> Callable[[], None]:
        self._listeners.append(changed)
        return lambda: self._listeners.remove(changed)

    async def run(self) -> None:
        """Look, and tell of changes, until cancelled."""
        while True:
            try:
                found = tuple(await self.resources())
            except (WherryError, OSError) as error:
                logger.warning("discovery: %s", error)
            else:
                is_new, self._last = self._last is not None and found != self._last, found
                if is_new:
                    for listener in tuple(self._listeners):
                        listener()
            await self._clock.sleep(EVERY_SECONDS)


def types_of(document: Object) -> Iterator[ResourceType]:
    """Of an APIGroupDiscoveryList: each resource in the version its group prefers, or the next that has it."""
    for group in document.get("items") or ():
        name = (group.get("metadata") or {}).get("name", "")
        seen: set[str] = set()
        for version in group.get("versions") or ():
            for resource in version.get("resources") or ():
                plural = resource.get("resource", "")
                if plural in seen or (name, plural) == _SAME_EVENTS:
                    continue
                seen.add(plural)
                yield ResourceType(
                    GroupVersionResource(name, version.get("version", ""), plural),
                    (resource.get("responseKind") or {}).get("kind", ""),
                    resource.get("scope") == "Namespaced",
                    frozenset(resource.get("verbs") or ()),
                )
