"""The node's own resolv.conf, as pods can use it."""

from ipaddress import ip_address

from wherry.node.pods.composing.dns import NOTHING, Resolver, parse
from wherry.node.pods.options import Options
from wherry.node.pods.runtime import Dns

_FILES = ("/etc/resolv.conf", "/run/systemd/resolve/resolv.conf")
"""The second where systemd-resolved writes what is behind its own address."""


def resolver(options: Options) -> Resolver:
    return Resolver(options.cluster_dns, options.cluster_domain, own_dns())


def own_dns(files: tuple[str, ...] = _FILES) -> Dns:
    """Of the first file with a server that a pod can reach: the loopback of the node is not the pod's."""
    found = [_read(file) for file in files]
    for each in found:
        if any(not _is_loopback(server) for server in each.servers):
            servers = tuple(server for server in each.servers if not _is_loopback(server))
            return Dns(servers, each.searches, each.options)
    return found[0] if found else NOTHING


def _read(file: str) -> Dns:
    try:
        with open(file, encoding="utf-8", errors="replace") as opened:
            return parse(opened.read())
    except OSError:
        return NOTHING


def _is_loopback(server: str) -> bool:
    try:
        return ip_address(server.partition("%")[0]).is_loopback
    except ValueError:
        return False
