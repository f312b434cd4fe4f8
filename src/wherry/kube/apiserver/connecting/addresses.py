"""Which addresses a node or pod may say it has. Pure."""

from ipaddress import IPv6Address, ip_address

from wherry.kube.machinery import status


def allowed(address: str) -> str:
    """An address that a node or pod may say it has. Raises StatusError 400: loopback, link-local (the metadata of
    clouds is there), multicast, none at all (apimachinery pkg/util/proxy: IsProxyableIP)."""
    try:
        found = ip_address(address)
    except ValueError:
        raise status.bad_request("address not allowed") from None
    if isinstance(found, IPv6Address):
        found = found.ipv4_mapped or found.sixtofour or found
    if found.is_loopback or found.is_link_local or found.is_multicast or found.is_unspecified:
        raise status.bad_request("address not allowed")
    return address
