"""UDP connections that may go where a published port does not lead any more, or did not lead yet: pure.

The kernel sends a "connection" of datagrams where it sent the first of them, for as long as they come: who sends to a
port all the time would never reach the container that has it now. So they are forgotten, as by libnetwork
(iptables/conntrack.go) and by the CNI plugin for host ports (plugins/meta/portmap, deletePortmapStaleConnections).
"""

from collections.abc import Callable, Collection, Iterable

from wherry.engine.networks.model import Publication
from wherry.linux.conntrack import Flow


def of_udp(publications: Iterable[Publication]) -> list[Publication]:
    """Those that the kernel leads."""
    return [each for each in publications if each.protocol == "udp" and each.is_led]


def stale(publications: Iterable[Publication], own: Collection[str]) -> Callable[[Flow], bool]:
    """Those to the ports' containers, and those that were led nowhere. ``own``: the machine's addresses."""
    udp = of_udp(publications)
    ends = {(each.host_port, each.address, each.container_port) for each in udp}
    places = {(address, each.host_port) for each in udp for address in _addresses(each, own)}

    def is_stale(flow: Flow) -> bool:
        is_led = (flow.port, flow.answering, flow.answering_port) in ends
        return is_led or (flow.answering == flow.destination and (flow.destination, flow.port) in places)

    return is_stale


def _addresses(publication: Publication, own: Collection[str]) -> Collection[str]:
    return own if publication.host_address in ("0.0.0.0", "::") else (publication.host_address,)
