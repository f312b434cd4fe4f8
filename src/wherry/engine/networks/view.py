"""Networks and endpoints as Docker's API shows them (Docker Engine API, definitions Network, EndpointSettings)."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

from wherry.engine.networks.model import Attached, Endpoint, Network, Publication
from wherry.kit.errors import Invalid

Json = dict[str, Any]  # raw API objects: what leaves is JSON

_FILTERS = ("dangling", "driver", "id", "label", "label!", "name", "scope", "type")


def network_json(network: Network, attached: Iterable[Attached]) -> Json:
    """``docker network inspect``."""
    net = network.addressing
    config: list[Json] | None = [{"Subnet": str(net.subnet), "Gateway": str(net.gateway)}] if net else None
    if net and config and net.subnet6:
        config.append({"Subnet": str(net.subnet6), "Gateway": str(net.gateway6)})
    own = network.own
    if own and config and own.range:
        config[0]["IPRange"] = own.range
    if own and config and own.reserved:
        config[0]["AuxiliaryAddresses"] = own.reserved
    return {
        "Name": network.name,
        "Id": network.id,
        "Created": _rfc3339(network.created_nanoseconds),
        "Scope": "local",
        "Driver": network.driver,
        "EnableIPv4": True,
        "EnableIPv6": bool(net and net.subnet6),
        "IPAM": {"Driver": "default", "Options": None, "Config": config},
        "Internal": bool(own and own.is_internal),
        "Attachable": bool(own and own.is_attachable),
        "Ingress": False,
        "ConfigFrom": {"Network": ""},
        "ConfigOnly": False,
        "Containers": {one.container_id: _container(one) for one in attached},
        "Options": network.options,
        "Labels": network.labels,
    }


def endpoint_json(endpoint: Endpoint) -> Json:
    """One value of a container's ``NetworkSettings.Networks``."""
    return {
        "IPAMConfig": None,
        "Links": None,
        "Aliases": None,
        "MacAddress": endpoint.mac,
        "DriverOpts": None,
        "GwPriority": 0,
        "NetworkID": endpoint.network_id,
        "EndpointID": endpoint.endpoint_id,
        "Gateway": endpoint.gateway,
        "IPAddress": endpoint.address,
        "IPPrefixLen": endpoint.prefix,
        "IPv6Gateway": endpoint.gateway6,
        "GlobalIPv6Address": endpoint.address6,
        "GlobalIPv6PrefixLen": endpoint.prefix6,
        "DNSNames": None,
    }


def ports_json(publications: Iterable[Publication]) -> dict[str, list[dict[str, str]]]:
    """The published part of a container's ``NetworkSettings.Ports``; the merely exposed are the image's."""
    ports: dict[str, list[dict[str, str]]] = {}
    for one in publications:
        key = f"{one.container_port}/{one.protocol}"
        ports.setdefault(key, []).append({"HostIp": one.host_address, "HostPort": str(one.host_port)})
    return ports


def matches(network: Network, filters: Mapping[str, Sequence[str]], in_use: bool) -> bool:
    """Docker's filters: all kinds must match, of one kind any value. Invalid for a filter that does not exist."""
    return all(_matches(network, kind, values, in_use) for kind, values in filters.items())


def _matches(network: Network, kind: str, values: Sequence[str], in_use: bool) -> bool:
    built_in = network.own is None
    match kind:
        case "name":
            return any(value in network.name for value in values)
        case "id":
            return any(network.id.startswith(value) for value in values)
        case "driver":
            return network.driver in values
        case "scope":
            return "local" in values
        case "type":
            return ("builtin" if built_in else "custom") in values
        case "dangling":
            return any((value in ("1", "true")) == (not built_in and not in_use) for value in values)
        case "label":
            return all(_has_label(network, value) for value in values)
        case "label!":
            return not any(_has_label(network, value) for value in values)
    raise Invalid(f"invalid filter '{kind}': networks are filtered by {', '.join(_FILTERS)}")


def _has_label(network: Network, wanted: str) -> bool:
    name, separator, value = wanted.partition("=")
    return name in network.labels and (not separator or network.labels[name] == value)


def _container(attached: Attached) -> Json:
    endpoint = attached.endpoint
    return {
        "Name": attached.container_name,
        "EndpointID": endpoint.endpoint_id,
        "MacAddress": endpoint.mac,
        "IPv4Address": f"{endpoint.address}/{endpoint.prefix}",
        "IPv6Address": f"{endpoint.address6}/{endpoint.prefix6}" if endpoint.address6 else "",
    }


def _rfc3339(nanoseconds: int) -> str:
    seconds, fraction = divmod(nanoseconds, 1_000_000_000)
    return f"{datetime.fromtimestamp(seconds, UTC):%Y-%m-%dT%H:%M:%S}.{fraction:09d}Z"
