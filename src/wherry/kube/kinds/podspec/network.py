"""Names and addresses of a pod: DNS, host aliases, ports of the node."""

from collections.abc import Sequence

from wherry.kube.kinds.addresses import address
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, forbidden, invalid, required
from wherry.kube.machinery.model import Object

DNS_POLICIES = ("ClusterFirst", "ClusterFirstWithHostNet", "Default", "None")
# What the C library's resolver takes (resolv.conf(5)).
_MOST_SERVERS = 3
_MOST_SEARCHES = 32
_SEARCH_CHARACTERS = 2048


def validate_dns(spec: Object, path: Path) -> list[FieldError]:
    """Of ``spec.dnsConfig``; ``path`` is its own."""
    config = spec.get("dnsConfig")
    if spec.get("dnsPolicy") == "None":
        if config is None:
            return [required(path, "must provide `dnsConfig` when `dnsPolicy` is None")]
        if not config.get("nameservers"):
            at_least = "must provide at least one DNS nameserver when `dnsPolicy` is None"
            return [required(path.child("nameservers"), at_least)]
    return [] if config is None else _validate_config(config, path)


def _validate_config(config: Object, path: Path) -> list[FieldError]:
    servers, searches = config.get("nameservers") or [], config.get("searches") or []
    errors: list[FieldError] = []
    if len(servers) > _MOST_SERVERS:
        most = f"must not have more than {_MOST_SERVERS} nameservers"
        errors.append(invalid(path.child("nameservers"), servers, most))
    for position, server in enumerate(servers):
        errors += address(path.child("nameservers").index(position), server)
    at = path.child("searches")
    if len(searches) > _MOST_SEARCHES:
        errors.append(invalid(at, searches, f"must not have more than {_MOST_SEARCHES} search paths"))
    if len(" ".join(searches)) > _SEARCH_CHARACTERS:
        most = f"must not have more than {_SEARCH_CHARACTERS} characters (including spaces) in the search list"
        errors.append(invalid(at, searches, most))
    for position, search in enumerate(searches):
        if search != ".":
            plain = search.removesuffix(".")
            errors += names.complain(at.index(position), plain, names.dns1123_subdomain_with_underscore(plain))
    for position, option in enumerate(config.get("options") or ()):
        if not option.get("name"):
            errors.append(required(path.child("options").index(position), "must not be empty"))
    return errors


def validate_host_aliases(aliases: Sequence[Object], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for position, alias in enumerate(aliases):
        at = path.index(position)
        errors += address(at.child("ip"), alias.get("ip", ""))
        for index, name in enumerate(alias.get("hostnames") or ()):
            errors += names.complain(at.child("hostnames").index(index), name, names.dns1123_subdomain(name))
    return errors


def validate_host_network(spec: Object, path: Path, *, is_pod: bool) -> list[FieldError]:
    """With the node's network, ports of the container are ports of the node. ``path`` is the spec's."""
    if not spec.get("hostNetwork"):
        return []
    errors: list[FieldError] = []
    for position, container in enumerate(spec.get("containers") or ()):
        for index, port in enumerate(container.get("ports") or ()):
            host = port.get("hostPort", 0)
            if (is_pod or host) and host != port.get("containerPort", 0):
                at = path.child("containers").index(position).child("ports").index(index).child("hostPort")
                errors.append(invalid(at, host, "must match `containerPort` when `hostNetwork` is true"))
    return errors


def validate_host_names(spec: Object, path: Path) -> list[FieldError]:
    """``hostname``, ``subdomain``, ``hostnameOverride``. ``path`` is the spec's."""
    errors: list[FieldError] = []
    for name in ("hostname", "subdomain"):
        if value := spec.get(name):
            errors += names.complain(path.child(name), value, names.dns1123_label(value))
    override, at = spec.get("hostnameOverride"), path.child("hostnameOverride")
    if override is None:
        return errors
    if len(override) > 64:  # what the kernel takes (HOST_NAME_MAX)
        errors.append(invalid(at, override, names.max_length(64)))
    errors += names.complain(at, override, names.dns1123_subdomain(override))
    if spec.get("setHostnameAsFQDN"):
        errors.append(forbidden(at, "may not be specified when `setHostnameAsFQDN` is true"))
    if spec.get("hostNetwork"):
        errors.append(forbidden(at, "may not be specified when `hostNetwork` is true"))
    return errors
