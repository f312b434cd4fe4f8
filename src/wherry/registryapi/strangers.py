"""Pages of browsers, which have no business here, and could otherwise use a registry that trusts its machine. Pure.

No client of registries says where a page comes from (``Origin``, ``Sec-Fetch-Site``: Fetch standard). A page whose
name was made to mean this machine (DNS rebinding) says neither, but has that name in ``Host``.
"""

import ipaddress
from collections.abc import Mapping

from wherry.engine.registry.model import Code, Refused


def check(headers: Mapping[str, str], own_name: str | None) -> None:
    """Refused (DENIED) for a browser's request. ``own_name``: names other than this, of loopback and addresses are
    not ours either; None when anybody must prove who he is, or others than this machine are served."""
    if "Origin" in headers or headers.get("Sec-Fetch-Site", "none") not in ("none", "same-origin"):
        raise Refused(Code.DENIED, "requests from web pages are not answered")
    if own_name is not None and not _is_ours(headers.get("Host", ""), own_name):
        raise Refused(Code.DENIED, f"this registry is not called {headers.get('Host', '')[:80]!r}")


def _is_ours(host: str, own_name: str) -> bool:
    name = host[1:].partition("]")[0] if host.startswith("[") else host.partition(":")[0]
    if name.lower() in ("localhost", own_name.lower()) or name.lower().endswith(".localhost"):
        return True
    try:
        ipaddress.ip_address(name)
    except ValueError:
        return False
    return True
