"""Which networks a container is on, and how it asked to be: by their names, in its row. Pure."""

import re
from collections.abc import Callable, Mapping
from ipaddress import IPv4Address, IPv6Address

from msgspec.structs import replace

from wherry.engine.containers.model import Config, EndpointSettings, HostConfig, NetworkingConfig
from wherry.engine.containers.row import Container
from wherry.engine.networks import endpointoptions
from wherry.engine.networks.endpointoptions import EndpointOptions
from wherry.engine.networks.model import Network
from wherry.kit.errors import Invalid, Unsupported

DEFAULT = "bridge"
_MAC = re.compile(r"[0-9a-fA-F][02468aceACE](:[0-9a-fA-F]{2}){5}")  # of one interface, not of a group
_ALONE = ("host", "none")


def is_alone(host: HostConfig) -> bool:
    """Whether it cannot be on networks: it has the host's, another container's, or none."""
    return host.NetworkMode in _ALONE or host.NetworkMode.startswith("container:")


def settle(asked: NetworkingConfig, host: HostConfig, name_of: Callable[[str], str], mac: str = "") -> NetworkingConfig:
    """Of a new container: the network of its mode first, then the others by name. ``name_of`` is given names and ids;
    what it raises for unknown ones goes through. ``mac``: the whole container's, as clients before API 1.44 ask for it;
    it is that of its first place."""
    if is_alone(host):
        return NetworkingConfig()
    mode = host.NetworkMode
    first = DEFAULT if mode in ("", "default") else name_of(mode)
    given = {
        DEFAULT if name == "default" else name_of(name): settings or EndpointSettings()
        for name, settings in (asked.EndpointsConfig or {}).items()
    }
    ordered = {first: _with_mac(given.pop(first, EndpointSettings()), mac)}
    ordered |= {name: given[name] for name in sorted(given)}
    for name, settings in ordered.items():
        check(name, settings)
    return NetworkingConfig(EndpointsConfig=dict(ordered))


def _with_mac(settings: EndpointSettings, mac: str) -> EndpointSettings:
    if mac and settings.MacAddress not in ("", mac):  # moby, daemon/server/router/container: handleMACAddressBC
        raise Invalid(
            "the container-wide MAC address must match the endpoint-specific MAC address for the main network, or be"
            " left empty"
        )
    return replace(settings, MacAddress=mac) if mac else settings


def mac(container: Container) -> str:
    """That of its place on the default bridge; empty: none is asked for."""
    place = of(container).get(DEFAULT)
    return place.MacAddress if place is not None else ""


def of(container: Container) -> dict[str, EndpointSettings]:
    """In the order in which it joins them."""
    if is_alone(container.host) or container.config.NetworkDisabled or container.pod is not None:
        return {}
    known = container.networking.EndpointsConfig
    if known is None or (not known and container.host.NetworkMode in ("", "default")):
        return {DEFAULT: EndpointSettings()}  # a row of before there were others
    return {name: settings or EndpointSettings() for name, settings in known.items()}


def way(wanted: Mapping[str, EndpointSettings], network: Callable[[str], Network]) -> str | None:
    """The one by which it reaches everything else, and on which its ports are published: of those that lead anywhere
    the one of the highest priority, then of the most address families, then the first by name (moby 29,
    daemon/libnetwork/sandbox.go: Less). None: all are internal. ``network`` may raise NotFound."""

    def rank(name: str) -> tuple[int, bool, str]:
        net = network(name).addressing
        return -wanted[name].GwPriority, net is None or net.subnet6 is None, name

    return min((name for name in wanted if not network(name).is_internal), key=rank, default=None)


def check(name: str, settings: EndpointSettings) -> None:
    """Invalid, in Docker's words, and Unsupported."""
    if settings.MacAddress and not _MAC.fullmatch(settings.MacAddress):
        raise Invalid(f"invalid MAC address: {settings.MacAddress}")
    wanted = {key: value for key, value in (settings.IPAMConfig or {}).items() if value}
    where = f"invalid config for network {name}: invalid endpoint settings"
    if wanted and name == DEFAULT:
        raise Invalid(f"{where}: user specified IP address is supported on user defined networks only")
    if settings.Aliases and name == DEFAULT:
        raise Invalid(f"{where}: network-scoped aliases are only supported for user-defined networks")
    if options(settings) != EndpointOptions() and name == DEFAULT:
        raise Unsupported(
            "options of an interface on the default bridge are not available in this version of Wherry: make a network"
        )
    for version, parse in ((4, address), (6, address6)):
        try:
            parse(settings)
        except ValueError as error:
            raise Invalid(f"{where}: invalid IPv{version} address: {wanted[f'IPv{version}Address']}") from error


def address(settings: EndpointSettings) -> IPv4Address | None:
    """The one asked for; ValueError when it is none."""
    text = (settings.IPAMConfig or {}).get("IPv4Address")
    return IPv4Address(text) if text else None


def address6(settings: EndpointSettings) -> IPv6Address | None:
    """The one asked for; ValueError when it is none."""
    text = (settings.IPAMConfig or {}).get("IPv6Address")
    return IPv6Address(text) if text else None


def options(settings: EndpointSettings) -> EndpointOptions:
    """Invalid, Unsupported."""
    return endpointoptions.read(settings.DriverOpts or {})


def links(settings: EndpointSettings) -> tuple[str, ...]:
    """What it calls others, ``container:alias`` (``links`` of a compose file)."""
    return tuple(link.removeprefix("/") for link in settings.Links or () if link)


def aliases(container_id: str, config: Config, settings: EndpointSettings) -> tuple[str, ...]:
    """By what else than its name it is found: what was asked for, its short id and its host name (moby,
    daemon/container_operations.go: buildEndpointDNSNames)."""
    names = [*(settings.Aliases or ()), container_id[:12], config.Hostname]
    return tuple(dict.fromkeys(name for name in names if name))
