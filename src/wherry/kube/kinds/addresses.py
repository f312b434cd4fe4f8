"""Addresses and networks as fields of the API (k8s.io/apimachinery pkg/util/validation/ip.go).

Strict, as upstream since its feature StrictIPCIDRValidation: what two parsers could read differently is refused.
"""

import re
from functools import lru_cache
from ipaddress import IPv4Address, IPv4Network, IPv6Address, IPv6Network, ip_address, ip_network

from wherry.kube.kinds.rules import Found
from wherry.kube.machinery.fielderrors import Path, invalid

Address = IPv4Address | IPv6Address
Network = IPv4Network | IPv6Network

NOT_AN_ADDRESS = "must be a valid IP address, (e.g. 10.9.8.7 or 2001:db8::ffff)"
NOT_A_NETWORK = "must be a valid CIDR value, (e.g. 10.9.8.0/24 or 2001:db8::/64)"
_REMEMBERED = 64
"""Longer texts are not: what is remembered is bounded in bytes, too."""
_ZEROS = re.compile(r"(?<![0-9a-fA-F:.])0+(?=[0-9])|(?<=\.)0+(?=[0-9])")
_PREFIX = re.compile(r"[0-9]{1,9}", re.ASCII)
_ENDPOINT_RANGES = (
    ("is_loopback", "may not be in the loopback range (127.0.0.0/8, ::1/128)"),
    ("is_link_local", "may not be in the link-local range (169.254.0.0/16, fe80::/10)"),
)
_MULTICAST = (ip_network("224.0.0.0/24"), ip_network("ff02::/16"))


def read(text: str) -> Address | None:
    """An address, its numbers with leading zeros (decimal, as Go once read them); an IPv4 one in IPv6 form is IPv4."""
    return _read(text) if len(text) <= _REMEMBERED else _read.__wrapped__(text)


@lru_cache(maxsize=4096)
def _read(text: str) -> Address | None:
    if "%" in text or not text.isascii():
        return None
    try:
        found = ip_address(_ZEROS.sub("", text) if "." in text else text)
    except ValueError:
        return None
    return getattr(found, "ipv4_mapped", None) or found


def read_network(text: str) -> tuple[Address, Network] | None:
    """The address as it stands, and the network it is in."""
    written, slash, size = text.partition("/")
    address = read(written)
    if address is None or not slash or _PREFIX.fullmatch(size) is None:
        return None
    bits = int(size) - (96 if isinstance(address, IPv4Address) and ":" in written else 0)
    try:
        return address, ip_network(f"{address}/{bits}", strict=False)
    except ValueError:
        return None


def address(path: Path, text: str) -> Found:
    """Any address, in its canonical form or another that is not ambiguous."""
    if read(text) is None:
        return [invalid(path, text, NOT_AN_ADDRESS)]
    if _zeros(text):
        return [invalid(path, text, "must not have leading 0s")]
    return [invalid(path, text, "must not be an IPv4-mapped IPv6 address")] if _mapped(text) else []


def canonical_address(path: Path, text: str) -> Found:
    found = address(path, text)
    if not found and (canonical := str(read(text))) != text:
        found.append(invalid(path, text, f'must be in canonical form ("{canonical}")'))
    return found


def network(path: Path, text: str) -> Found:
    """Any network, with no bits behind its prefix."""
    parsed = read_network(text)
    if parsed is None:
        return [invalid(path, text, NOT_A_NETWORK)]
    written, _, size = text.partition("/")
    found: Found = []
    if _zeros(written) or str(int(size)) != size:
        found.append(invalid(path, text, "must not have leading 0s in IP or prefix length"))
    if _mapped(written):
        found.append(invalid(path, text, "must not have an IPv4-mapped IPv6 address"))
    if parsed[0] != parsed[1].network_address:
        found.append(invalid(path, text, "must not have bits set beyond the prefix length"))
    return found


def canonical_network(path: Path, text: str) -> Found:
    found, parsed = network(path, text), read_network(text)
    if not found and parsed and str(parsed[1]) != text:
        found.append(invalid(path, text, f'must be in canonical form ("{parsed[1]}")'))
    return found


def interface_address(path: Path, text: str) -> Found:
    """An address with the size of its network, in canonical form: ``192.168.1.5/24``."""
    parsed = read_network(text)
    if parsed is None:
        return [invalid(path, text, "must be a valid address in CIDR form, (e.g. 10.9.8.7/24 or 2001:db8::1/64)")]
    canonical = f"{parsed[0]}/{parsed[1].prefixlen}"
    return [] if canonical == text else [invalid(path, text, f'must be in canonical form ("{canonical}")')]


def ipv4_address(path: Path, text: str) -> Found:
    return [] if isinstance(read(text), IPv4Address) else [invalid(path, text, "must be a valid IPv4 address")]


def ipv6_address(path: Path, text: str) -> Found:
    return [] if isinstance(read(text), IPv6Address) else [invalid(path, text, "must be a valid IPv6 address")]


def endpoint_address(path: Path, text: str) -> Found:
    """Not one of the machine that forwards to it, or of its link: nobody may reach those through a Service
    (CVE-2021-25737)."""
    parsed = read(text)
    if parsed is None:
        return [invalid(path, text, "must be a valid IP address")]
    found = [invalid(path, text, f"may not be unspecified ({text})")] if parsed.is_unspecified else []
    found += [invalid(path, text, why) for attribute, why in _ENDPOINT_RANGES if getattr(parsed, attribute)]
    if any(parsed in each for each in _MULTICAST):
        why = "may not be in the link-local multicast range (224.0.0.0/24, ff02::/10)"
        found.append(invalid(path, text, why))
    return found


def address_warnings(path: Path, text: str) -> list[str]:
    """About an IPv6 address that is right but not canonical."""
    parsed = read(text)
    if not isinstance(parsed, IPv6Address) or str(parsed) == text:
        return []
    return [f'{path}: IPv6 address "{text}" should be in RFC 5952 canonical format ("{parsed}")']


def network_warnings(path: Path, text: str) -> list[str]:
    """The same of a network."""
    parsed = read_network(text)
    if parsed is None or not isinstance(parsed[0], IPv6Address) or str(parsed[1]) == text:
        return []
    return [f'{path}: IPv6 CIDR value "{text}" should be in RFC 5952 canonical format ("{parsed[1]}")']


def _zeros(text: str) -> bool:
    return "." in text and _ZEROS.search(text) is not None


def _mapped(text: str) -> bool:
    return ":" in text and isinstance(read(text), IPv4Address)
