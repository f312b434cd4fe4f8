"""What may be asked of a container's place on a network beside its address, by ``--network name=…,driver-opt=…`` or a
compose file's ``interface_name`` and ``driver_opts``; pure. Names and forms are Docker's (moby,
daemon/libnetwork/netlabel: Ifname, EndpointSysctls)."""

import re
from collections.abc import Mapping

import msgspec

from wherry.kit.errors import Invalid, Unsupported

_INTERFACE = "com.docker.network.endpoint.ifname"
_SYSCTLS = "com.docker.network.endpoint.sysctls"
# What the kernel takes (dev_valid_name, IFNAMSIZ), less what means something elsewhere.
_LINK = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}")
_SYSCTL = re.compile(r"net\.(ipv4|ipv6)\.(conf|neigh)\.(?i:IFNAME)\.([a-z0-9_]+)=([^,/]+)")  # the CLI makes it small


class EndpointOptions(msgspec.Struct, frozen=True):
    """``interface`` empty: the next free name. ``sysctls``: settings of the interface, by paths below ``net`` in which
    its name is ``{}``."""

    interface: str = ""
    sysctls: tuple[tuple[str, str], ...] = ()


def read(given: Mapping[str, str]) -> EndpointOptions:
    """Invalid for values that mean nothing, Unsupported for other options of Docker's."""
    unknown = sorted(name for name in given if name.startswith("com.docker.network.") and name not in _KNOWN)
    if unknown:
        raise Unsupported(f"the endpoint option {unknown[0]} is not available in this version of Wherry")
    interface = given.get(_INTERFACE, "")
    if interface and (not _LINK.fullmatch(interface) or interface == "lo"):
        raise Invalid(f"invalid value for {_INTERFACE}: {interface}")
    return EndpointOptions(interface, tuple(_sysctl(one) for one in given.get(_SYSCTLS, "").split(",") if one))


_KNOWN = (_INTERFACE, _SYSCTLS)


def _sysctl(text: str) -> tuple[str, str]:
    match = _SYSCTL.fullmatch(text)
    if match is None:
        raise Invalid(f"invalid value for {_SYSCTLS}: {text}: it is like net.ipv4.conf.IFNAME.log_martians=1")
    family, kind, name, value = match.groups()
    return f"{family}/{kind}/{{}}/{name}", value
