"""A container's /etc/hosts, /etc/hostname and /etc/resolv.conf: files in its directory, mounted over the image's."""

import os
from collections.abc import Sequence
from pathlib import Path

from wherry.engine.containers.row import Container
from wherry.engine.networks.files import Resolver, hosts_file, named, resolv_conf
from wherry.engine.networks.model import Endpoint
from wherry.engine.networks.rules import NAME_SERVER
from wherry.kit.errors import Invalid

NAMES = ("hosts", "hostname", "resolv.conf")
_MODE = 0o644


def of_directory(directory: Path) -> dict[str, str]:
    """Where the files are, by their places in a container."""
    return {f"/etc/{name}": str(directory / name) for name in NAMES}


def write(
    directory: Path, container: Container, endpoints: Sequence[Endpoint], is_named: bool = False
) -> dict[str, str]:
    """Write them for a start. Invalid for an extra host that is none. ``is_named``: the engine answers for names."""
    on_host = container.host.NetworkMode == "host"
    try:
        texts = _of_host(container) if on_host else _of_its_own(container, endpoints, is_named)
    except ValueError as error:
        raise Invalid(str(error)) from error
    texts["hostname"] = container.config.Hostname + "\n"
    for name, text in texts.items():
        _write(str(directory / name), text)
    return of_directory(directory)


def _of_its_own(container: Container, endpoints: Sequence[Endpoint], is_named: bool) -> dict[str, str]:
    host, config = container.host, container.config
    addresses = [address for endpoint in endpoints for address in endpoint.addresses]
    gateway = endpoints[0].gateway if endpoints else None
    hosts = hosts_file(addresses, config.Hostname, config.Domainname, host.ExtraHosts or (), gateway)
    resolver = named(_resolver(container), NAME_SERVER) if is_named else _resolver(container)
    resolv = resolv_conf(_read("/etc/resolv.conf"), resolver, has_ipv6=any(one.address6 for one in endpoints))
    return {"hosts": hosts, "resolv.conf": resolv}


def _of_host(container: Container) -> dict[str, str]:
    """On the host's network its files are right as they are, loopback name servers too."""
    extra = hosts_file((), "", "", container.host.ExtraHosts or (), "127.0.0.1").removeprefix(hosts_file((), ""))
    hosts, resolv = _read("/etc/hosts"), _read("/etc/resolv.conf")
    resolver = _resolver(container)
    if resolver.servers or resolver.search or resolver.options:
        resolv = resolv_conf(resolv, resolver, has_ipv6=True)
    return {"hosts": f"{hosts.rstrip()}\n{extra}" if extra else hosts, "resolv.conf": resolv}


def _resolver(container: Container) -> Resolver:
    host = container.host
    return Resolver(tuple(host.Dns or ()), tuple(host.DnsSearch or ()), tuple(host.DnsOptions or ()))


def _read(path: str) -> str:
    try:
        return Path(path).read_text()
    except OSError:
        return ""


def _write(path: str, text: str) -> None:
    fd = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_TRUNC | os.O_CLOEXEC | os.O_NOFOLLOW, _MODE)
    try:
        os.write(fd, text.encode())
        os.fchmod(fd, _MODE)
    finally:
        os.close(fd)
