"""The options of the bridge driver (``docker network create -o``); pure. Names, meaning and defaults are Docker's
(docs.docker.com, "Bridge network driver": Options; values of moby's daemon/libnetwork/drivers/bridge, parsed as Go's
strconv.ParseBool does)."""

import re
from collections.abc import Mapping
from ipaddress import IPv4Address

import msgspec
from msgspec.structs import replace

from wherry.kit.errors import Invalid, Unsupported

_MTUS = range(68, 65536)  # ip(7): what every host must take; what a length of IPv4 can say
_TRUE, _FALSE = ("1", "t", "T", "true", "TRUE", "True"), ("0", "f", "F", "false", "FALSE", "False")
# What the kernel takes (dev_valid_name, IFNAMSIZ), less what means something in rules and addresses.
_LINK = re.compile(r"[A-Za-z0-9_][A-Za-z0-9_.-]{0,14}")
_OUR_LINKS = ("wh", "wv")  # see Instance.bridge and Instance.veth
# Options that ask for what is done anyway.
_USUAL = {
    "com.docker.network.bridge.default_bridge": _FALSE,
    "com.docker.network.bridge.gateway_mode_ipv4": ("", "nat"),
}


class Options(msgspec.Struct, frozen=True):
    """``is_apart``: containers reach each other by published ports only. ``masquerades``: what leaves has the
    machine's address. ``host_address`` (empty: all): where ports are published that do not say where. ``bridge``
    empty: a name of our choice. ``mtu`` 0: the kernel's choice."""

    is_apart: bool = False
    masquerades: bool = True
    host_address: str = ""
    bridge: str = ""
    mtu: int = 0


def read(given: Mapping[str, str]) -> Options:
    """Invalid for values that mean nothing, Unsupported for options that are not there. Names that are not Docker's
    are the user's own."""
    found = Options()
    for name, text in given.items():
        found = _with(found, name, text)
    return found


def _with(found: Options, name: str, text: str) -> Options:
    match name:
        case "com.docker.network.bridge.enable_icc":
            return replace(found, is_apart=not _truth(name, text))
        case "com.docker.network.bridge.enable_ip_masquerade":
            return replace(found, masquerades=_truth(name, text))
        case "com.docker.network.bridge.host_binding_ipv4":
            return replace(found, host_address=_address(name, text))
        case "com.docker.network.bridge.name":
            return replace(found, bridge=_link(name, text))
        case "com.docker.network.driver.mtu":
            return replace(found, mtu=_mtu(name, text))
    if name.startswith("com.docker.network.") and text not in _USUAL.get(name, ()):
        raise Unsupported(f"the network option {name}={text} is not available in this version of Wherry")
    return found


def _truth(name: str, text: str) -> bool:
    if text not in (*_TRUE, *_FALSE):
        raise Invalid(f"invalid value for {name}: {text}: it is true or false")
    return text in _TRUE


def _address(name: str, text: str) -> str:
    try:
        return "" if text in ("", "0.0.0.0") else str(IPv4Address(text))
    except ValueError as error:
        raise Invalid(f"invalid value for {name}: {text}: it is an address of IPv4") from error


def _link(name: str, text: str) -> str:
    if not text:
        return ""
    if not _LINK.fullmatch(text):
        raise Invalid(f"invalid value for {name}: {text}: it has 1 to 15 letters, digits, dots, - and _")
    if text.startswith(_OUR_LINKS):
        raise Invalid(f"invalid value for {name}: {text}: names that begin with wh or wv are Wherry's own")
    return text


def _mtu(name: str, text: str) -> int:
    number = int(text or 0) if text.isascii() and (text.isdigit() or not text) else -1
    if number and number not in _MTUS:
        raise Invalid(f"invalid value for {name}: {text}")
    return number
