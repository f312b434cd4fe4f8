"""UDP connections that still go to where a service was: pure.

The kernel redirects a "connection" of datagrams as it did the first of them, for as long as they come. When that
endpoint is gone, the connection has to be forgotten (as kube-proxy does, pkg/proxy/conntrack).
"""

from collections.abc import Callable, Collection

from wherry.linux.conntrack import Flow
from wherry.node.proxy.model import Entry, Frontend


def stale(entry: Callable[[Frontend], Entry | None], moved: Collection[Frontend] | None) -> Callable[[Flow], bool]:
    """``entry``: what holds for a frontend now; ``moved``: the frontends that may have changed (None: all)."""

    def is_stale(flow: Flow) -> bool:
        at = Frontend.at(flow.destination, "udp", flow.port)
        if entry(at) is None and at not in (moved or ()):
            at = Frontend.of_node(":" in flow.destination, "udp", flow.port)
        if moved is not None and at not in moved:
            return False
        found = entry(at)
        if flow.answering == flow.destination:
            # Never redirected: it began before the service was there. What goes to a port of that number which is a
            # node port may be anybody's.
            return bool(at.address and found is not None and found.targets)
        if found is None:
            return moved is not None  # the service is gone; else, it was never ours
        return flow.answering not in _usable(found)

    return is_stale


def _usable(entry: Entry) -> set[str]:
    return {each.address for each in (*entry.targets, *(entry.outside or ()))} | entry.serving
