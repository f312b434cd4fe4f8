"""Names of pools, attributes and shares (k8s.io/kubernetes pkg/apis/resource/validation)."""

import re

from wherry.kube.kinds.rules import Found, csi_driver_name, wanted
from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import Path, invalid, required, too_long

_MAX_POOL, _MAX_ID = 253, 32
_SHARE = re.compile(r"[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}")
MAX_KEY = 63 + 1 + _MAX_ID
"""Bytes of a qualified name."""


def pool_name(path: Path, name: str) -> Found:
    """Subdomains, with slashes between them."""
    if not name:
        return [required(path)]
    found: Found = [too_long(path, "", _MAX_POOL)] if len(name.encode()) > _MAX_POOL else []
    parts = [(part, names.dns1123_subdomain(part)) for part in name.split("/")]
    return found + [invalid(path, part, why) for part, complaints in parts for why in complaints]


def request_name(path: Path, name: str) -> Found:
    """Of requests, devices and counters."""
    return names.complain(path, name, names.dns1123_label(name))


def class_name(path: Path, name: str) -> Found:
    return wanted(path, name, names.dns1123_subdomain)


def label_name(path: Path, name: str) -> Found:
    """Of taints and conditions."""
    return names.complain(path, name, names.qualified_name(name))


def qualified_name(path: Path, name: str) -> Found:
    """``name``, which is the driver's own, or ``domain/name``."""
    parts = name.split("/")
    if len(parts) > 2:
        return [invalid(path, name, "must not contain more than one slash")]
    if len(parts) == 1:
        return _identifier(path, name)
    domain, own = parts
    found = csi_driver_name(path, domain) if domain else [invalid(path, "", "the domain must not be empty")]
    return found + (_identifier(path, own) if own else [invalid(path, "", "the name must not be empty")])


def domain_and_name(path: Path, name: str) -> Found:
    """A qualified name that has its domain."""
    found = qualified_name(path, name)
    if "/" not in name:
        why = "a fully qualified name must be a domain and a name separated by a slash"
        found.append(invalid(path, name, why))
    return found


def _identifier(path: Path, name: str) -> Found:
    found: Found = [too_long(path, "", _MAX_ID)] if len(name.encode()) > _MAX_ID else []
    return found + names.complain(path, name, names.c_identifier(name))


def share_id(path: Path, text: str | None) -> Found:
    """A UUID, in lower case."""
    if text is None:
        return []
    if not _SHARE.fullmatch(text):
        return [invalid(path, text, "error validating uid: invalid UUID format")]
    form = "`xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx` with lowercase hexadecimal characters"
    why = f"uid must be in RFC 4122 normalized form, {form}"
    return [] if text == text.lower() else [invalid(path, text, why)]


def shortened(key: str, longest: int = MAX_KEY) -> str:
    """A key as paths show it: what is too long lacks its middle."""
    if len(key) <= longest:
        return key
    left = longest - 3
    return f"{key[: (left + 1) // 2]}...{key[len(key) - left // 2 :]}"
