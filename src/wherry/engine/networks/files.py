"""The texts of a container's /etc/hosts and /etc/resolv.conf: pure."""

from collections.abc import Sequence
from ipaddress import ip_address

import msgspec

# Docker's (libnetwork/etchosts, default entries).
_LOCAL = (
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::\tip6-localnet",
    "ff00::\tip6-mcastprefix",
    "ff02::1\tip6-allnodes",
    "ff02::2\tip6-allrouters",
)
# Docker's, when the host's file leaves none to use (libnetwork/resolvconf, defaultIPv4NSs).
DEFAULT_NAME_SERVERS = ("8.8.8.8", "8.8.4.4")
HOST_GATEWAY = "host-gateway"


class Resolver(msgspec.Struct, frozen=True):
    """What ``--dns``, ``--dns-search`` and ``--dns-option`` ask for; empty: the host's. A search of "." is none."""

    servers: Sequence[str] = ()
    search: Sequence[str] = ()
    options: Sequence[str] = ()


def hosts_file(
    addresses: Sequence[str],
    hostname: str,
    domainname: str = "",
    extra_hosts: Sequence[str] = (),
    gateway: str | None = None,
) -> str:
    """Docker's /etc/hosts. ``extra_hosts`` as ``name:address``; ``host-gateway`` is the address of ``gateway``.

    Without ``addresses`` (network none) the container's own name is left out. Raises ValueError naming a wrong extra
    host.
    """
    lines = [*_LOCAL, *(_extra_host(entry, gateway) for entry in extra_hosts)]
    full = f"{hostname}.{domainname} {hostname}" if domainname else _with_short_name(hostname)
    lines += [f"{address}\t{full}" for address in addresses]
    return "\n".join(lines) + "\n"


def _with_short_name(hostname: str) -> str:
    """A host name with dots is followed by its first part (moby, daemon.buildSandboxOptions)."""
    short = hostname.partition(".")[0]
    return hostname if short == hostname else f"{hostname} {short}"


def _extra_host(entry: str, gateway: str | None) -> str:
    """``name:address`` or ``name=address``; IPv6 addresses have colons of their own, perhaps in brackets."""
    separator = "=" if "=" in entry else ":"
    name, found, target = entry.partition(separator)
    if target == HOST_GATEWAY:
        if gateway is None:
            raise ValueError(f'unable to derive the IP value for host-gateway in extra host "{entry}"')
        target = gateway
    try:
        address = ip_address(target.removeprefix("[").removesuffix("]"))
    except ValueError:
        found = ""
    if not name or not found:
        raise ValueError(f'bad format for add-host: "{entry}"')
    return f"{address}\t{name}"


def name_servers(host: str) -> list[str]:
    """Those of the host, to be asked by the host itself: loopback addresses mean what they say."""
    return [server for server in _values(host, "nameserver") if "%" not in server] or list(DEFAULT_NAME_SERVERS)


def named(resolver: Resolver, server: str) -> Resolver:
    """For a container whose names are answered by ``server``, which asks the others; a name without a dot is asked for
    as it is at once (libnetwork, sandbox_dns_unix.go)."""
    own = () if any(option.startswith("ndots:") for option in resolver.options) else ("ndots:0",)
    return Resolver((server,), resolver.search, (*resolver.options, *own))


def resolv_conf(host: str, resolver: Resolver = Resolver(), has_ipv6: bool = False) -> str:
    """The host's resolv.conf text made fit for a namespace of its own, by Docker's rules.

    The host's name servers on loopback addresses mean the host itself, and IPv6 ones need IPv6: both are left out
    (unless asked for by name). When none is left, public ones stand in.
    """
    servers = list(resolver.servers) or _usable(_values(host, "nameserver"), has_ipv6) or list(DEFAULT_NAME_SERVERS)
    search = list(resolver.search) or _search(host)
    options = list(resolver.options) or [option for line in _lines(host, "options") for option in line]
    lines = [f"nameserver {server}" for server in servers]
    if search and search != ["."]:
        lines.append("search " + " ".join(search))
    if options:
        lines.append("options " + " ".join(options))
    return "\n".join(lines) + "\n"


def _usable(servers: Sequence[str], has_ipv6: bool) -> list[str]:
    usable = []
    for server in servers:
        try:
            address = ip_address(server.partition("%")[0])
        except ValueError:
            continue
        if not address.is_loopback and (address.version == 4 or has_ipv6):
            usable.append(server)
    return usable


def _search(host: str) -> list[str]:
    """``domain`` and ``search`` exclude each other: the last line of both counts (resolv.conf(5))."""
    lines = [line for line in _parsed(host) if line[0] in ("domain", "search") and len(line) > 1]
    return lines[-1][1:] if lines else []


def _values(host: str, keyword: str) -> list[str]:
    return [line[0] for line in _lines(host, keyword) if line]


def _lines(host: str, keyword: str) -> list[list[str]]:
    return [line[1:] for line in _parsed(host) if line[0] == keyword]


def _parsed(host: str) -> list[list[str]]:
    """Words of the lines; comments begin with ``#`` or ``;`` in the first column (resolv.conf(5))."""
    return [line.split() for line in host.splitlines() if line.strip() and line[0] not in "#;"]
