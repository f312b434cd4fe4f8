"""Who is asked for names that are not the cluster's: the node's resolv.conf, and the ConfigMap ``kube-dns``.

The ConfigMap is the one that Kubernetes documents for kube-dns ("Customizing DNS Service"): ``stubDomains`` is a JSON
object, domain to list of servers, ``upstreamNameservers`` a JSON list of servers in place of the node's own.
"""

import json
from collections.abc import Collection, Iterable, Mapping
from ipaddress import ip_address
from typing import TypeVar

from wherry.kit.errors import Invalid
from wherry.kube.machinery.model import Object
from wherry.node.dns.exchange import Server
from wherry.node.dns.forward import Upstreams
from wherry.node.dns.names import Name, name

_T = TypeVar("_T")
MOST_SERVERS = 3  # resolv.conf(5), MAXNS


def nameservers(resolv_conf: str) -> list[Server]:
    """Of a resolv.conf; lines that mean nothing are left out."""
    found = []
    for line in resolv_conf.splitlines():
        words = line.split()
        if len(words) >= 2 and words[0] == "nameserver" and _is_address(words[1]):
            found.append(Server(words[1]))
    return found[:MOST_SERVERS]


def upstreams(resolv_conf: str, config: Object | None, own: Collection[Server]) -> Upstreams:
    """``own``: where this server is itself, which is never asked: there would be no end. Raises Invalid for a
    ConfigMap that cannot be understood."""
    data = (config or {}).get("data") or {}
    zones: dict[str, object] = _json(data, "stubDomains", {}, "a JSON object of lists of addresses")
    stubs = {
        _zone(domain): tuple(_others(map(server, servers), own))
        for domain, servers in zones.items()
        if isinstance(servers, list)
    }
    listed: list[object] = _json(data, "upstreamNameservers", [], "a JSON list of addresses")
    given = [server(each) for each in listed]
    return Upstreams(tuple(_others(given or nameservers(resolv_conf), own)), stubs)


def server(text: object) -> Server:
    """Of ``10.0.0.1``, ``10.0.0.1:5353``, ``fd00::1`` or ``[fd00::1]:5353``. Raises Invalid."""
    if not isinstance(text, str):
        raise Invalid(f"ConfigMap kube-dns: {text!r} is not a server's address")
    if _is_address(text):
        return Server(text)
    host, _, port = text.rpartition(":")
    host = host.removeprefix("[").removesuffix("]")
    if not _is_address(host) or not (port.isascii() and port.isdigit()) or not 0 < int(port) < 65536:
        raise Invalid(f"ConfigMap kube-dns: {text!r} is not a server's address")
    return Server(host, int(port))


def _others(servers: Iterable[Server], own: Collection[Server]) -> list[Server]:
    return [each for each in dict.fromkeys(servers) if each not in own]


def _zone(domain: str) -> Name:
    try:
        return name(domain)
    except ValueError as error:
        raise Invalid(f"ConfigMap kube-dns: {error}") from error


def _json(data: Mapping[str, str], key: str, empty: _T, words: str) -> _T:
    try:
        found = json.loads(data.get(key) or "null")
    except ValueError as error:
        raise Invalid(f"ConfigMap kube-dns: {key} is not JSON: {error}") from error
    if found is None:
        return empty
    if not isinstance(found, type(empty)):
        raise Invalid(f"ConfigMap kube-dns: {key} has to be {words}")
    return found


def _is_address(text: str) -> bool:
    try:
        ip_address(text)
    except ValueError:
        return False
    return True
