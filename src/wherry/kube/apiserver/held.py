"""What services hold: addresses and ports, each known without looking through all services at every write.

What counts is what the services say, and the records beside them (:mod:`wherry.kube.apiserver.reservations`): somebody
may have deleted the one or the other.
"""

from collections import Counter
from collections.abc import Container

from wherry.kube.apiserver.authz.tracking import Key, Tracked, key_of
from wherry.kube.apiserver.model import Listers
from wherry.kube.kinds.service.facts import addresses, node_ports
from wherry.kube.machinery.model import GroupResource, Object

SERVICES = GroupResource("", "services")
ADDRESSES = GroupResource("networking.k8s.io", "ipaddresses")
PORTS = GroupResource("wherry.dev", "nodeports")


class Held(Container[object]):
    """Contains the addresses (texts) and the ports (numbers) that were held at the last :meth:`refresh`, and those
    that have a record now."""

    def __init__(self, listers: Listers) -> None:
        self._services = Tracked(listers.of(SERVICES))
        self._addresses = listers.of(ADDRESSES)
        self._ports = listers.of(PORTS)
        self._by_service: dict[Key, list[str | int]] = {}
        self._holders: Counter[str | int] = Counter()
        """How many have it: two for a moment, when what others wrote past us is not right."""

    def __contains__(self, thing: object) -> bool:
        records = self._ports if isinstance(thing, int) else self._addresses
        return thing in self._holders or records.get(str(thing)) is not None

    def refresh(self) -> None:
        """Take in what has changed of the services; all of them where that is not known."""
        if not self._services.moved:
            return
        changes = self._services.changes()
        if changes is None:
            self._by_service.clear()
            self._holders.clear()
            changes = ((key_of(service), service) for service in self._services.lister.list())
        for key, service in changes:
            self._take(key, service)

    def _take(self, key: Key, service: Object | None) -> None:
        for thing in self._by_service.pop(key, ()):
            self._holders[thing] -= 1
            if not self._holders[thing]:
                del self._holders[thing]
        if service is None:
            return
        spec = service["spec"]
        found: list[str | int] = [*addresses(spec), *node_ports(spec)]
        if found:
            self._by_service[key] = found
            self._holders.update(found)
