"""Who pulls: from pull secrets to users of registries (pkg/credentialprovider). Pure."""

import binascii
import fnmatch
import json
from base64 import b64decode
from collections.abc import Iterable, Iterator, Mapping

from wherry.kube.machinery.model import Object
from wherry.node.pods.runtime import Credentials
from wherry.oci.reference import Reference

_KEYS = {"kubernetes.io/dockerconfigjson": ".dockerconfigjson", "kubernetes.io/dockercfg": ".dockercfg"}
_HUB = ("index.docker.io", "docker.io", "registry-1.docker.io")


def credentials(secrets: Iterable[Object], reference: Reference) -> tuple[Credentials, ...]:
    """Those that fit the image, the most exact first. What cannot be read is left out."""
    found: list[tuple[int, Credentials]] = []
    for secret in secrets:
        for registry, entry in _entries(secret):
            length = _fit(registry, reference)
            if length is None:
                continue
            user = _user(entry)
            if user is not None:
                found.append((length, Credentials(reference.domain, *user)))
    found.sort(key=lambda each: -each[0])
    return tuple(dict.fromkeys(each for _, each in found))


def _entries(secret: Object) -> Iterator[tuple[str, Mapping[str, object]]]:
    key = _KEYS.get(secret.get("type", ""))
    data = (secret.get("data") or {}).get(key) if key else None
    if data is None:
        return
    try:
        document = json.loads(b64decode(data))
    except (ValueError, binascii.Error, RecursionError):
        return
    if isinstance(document, dict) and key == ".dockerconfigjson":
        document = document.get("auths")
    if isinstance(document, dict):
        yield from ((str(name), entry) for name, entry in document.items() if isinstance(entry, dict))


def _fit(registry: str, reference: Reference) -> int | None:
    """How exactly the name of an entry fits: the length of its path; None: it does not."""
    plain = registry.removeprefix("https://").removeprefix("http://")
    host, _, path = plain.partition("/")
    path = path.strip("/")
    if path in ("v1", "v2"):
        path = ""
    if host in _HUB:
        if reference.domain not in _HUB:
            return None
    elif not _is_like(host, reference.domain):
        return None
    if path and reference.path != path and not reference.path.startswith(path.rstrip("*").rstrip("/") + "/"):
        return None
    return len(path)


def _is_like(pattern: str, host: str) -> bool:
    """A star stands for one label of the name, or a part of it."""
    ours, theirs = pattern.split("."), host.split(".")
    return len(ours) == len(theirs) and all(map(fnmatch.fnmatchcase, theirs, ours))


def _user(entry: Mapping[str, object]) -> tuple[str, str] | None:
    name, password = entry.get("username"), entry.get("password")
    if isinstance(name, str) and isinstance(password, str) and name:
        return name, password
    try:
        text = b64decode(str(entry.get("auth") or "")).decode()
    except (ValueError, binascii.Error):
        return None
    name, colon, password = text.partition(":")
    return (name, password) if colon else None
