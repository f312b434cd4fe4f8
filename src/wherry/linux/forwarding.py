"""Whether this network namespace forwards packets from one link to another (ip-sysctl.rst of the kernel).

IPv4 has one switch. IPv6 has one, too, but it does more: a link that forwards believes no router any more
(``accept_ra`` 1 then means no), and the default routes that routers have told are dropped at that moment
(``rt6_purge_dflt_routers``). A machine that gets its way to the world from its router would lose it because somebody
starts containers. So the links that are there stay what they were, hosts: the kernel asks the one switch alone whether
it forwards, and each link's own whether it believes a router (``ip6_forward``, ``ipv6_accept_ra``).
"""

import os

from wherry.linux.errors import KernelError
from wherry.linux.sysctl import read_net, write_net

_CONF = "/proc/sys/net/ipv6/conf"


def has_ipv6() -> bool:
    """Whether the kernel knows IPv6, and was not told at its start to do without (``ipv6.disable=1``)."""
    return read_net("ipv6/conf/all/forwarding") is not None


def is_on() -> bool:
    """Of IPv4."""
    return read_net("ipv4/ip_forward") == "1"


def set_on(on: bool) -> None:
    write_net("ipv4/ip_forward", "1" if on else "0")


def is_on6() -> bool:
    """Of IPv6."""
    return read_net("ipv6/conf/all/forwarding") == "1"


def set_on6(on: bool) -> None:
    """Of IPv6, and nothing else: what a link was before, it is afterwards. Idempotent. Raises KernelError."""
    if is_on6() == on:
        return
    hosts = [name for name in ("default", *_links()) if _is_host(name)] if on else []
    believing = [name for name in hosts if read_net(f"ipv6/conf/{name}/accept_ra") == "1"]
    for name in believing:  # whose routes are to stay
        _write(name, "accept_ra", "2")
    try:
        write_net("ipv6/conf/all/forwarding", "1" if on else "0")
    finally:
        for name in hosts:
            _write(name, "forwarding", "0")
        for name in believing:
            _write(name, "accept_ra", "1")


def _links() -> list[str]:
    return sorted(set(os.listdir(_CONF)) - {"all", "default"})


def _is_host(name: str) -> bool:
    return read_net(f"ipv6/conf/{name}/forwarding") == "0"


def _write(link: str, name: str, value: str) -> None:
    """Links may go at any moment."""
    if read_net(f"ipv6/conf/{link}/{name}") is not None:
        try:
            write_net(f"ipv6/conf/{link}/{name}", value)
        except KernelError:
            if read_net(f"ipv6/conf/{link}/{name}") is not None:
                raise
