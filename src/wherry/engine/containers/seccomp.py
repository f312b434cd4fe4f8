"""The system call filter of a container: compiled once for each set of capabilities, and remembered."""

import json
from collections.abc import Sequence
from functools import lru_cache
from typing import Any

from wherry.engine.containers import spec
from wherry.engine.containers.model import HostConfig
from wherry.kit.errors import Invalid
from wherry.linux import seccomp


@lru_cache(maxsize=64)
def _compiled(profile: str, names: tuple[str, ...]) -> bytes:
    return seccomp.compile_filter(_document(profile), names)


def _document(profile: str) -> dict[str, Any]:
    if not profile:
        return seccomp.default_profile()
    document = json.loads(profile)
    if not isinstance(document, dict):
        raise ValueError("a profile is a JSON object")
    return document


def _profile(host: HostConfig) -> str | None:
    """The JSON of an own profile, "" for the engine's, None: unconfined."""
    value = spec.options(host.SecurityOpt).get("seccomp", "")
    if value == "unconfined" or (host.Privileged and not value):
        return None
    return "" if value in ("builtin", "true") else value


def compiled(host: HostConfig, names: Sequence[str]) -> bytes | None:
    """The filter of a container with these capabilities; None: unconfined. Invalid for a profile with a fault."""
    profile = _profile(host)
    if profile is None:
        return None
    try:
        return _compiled(profile, tuple(names))
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise Invalid(f"Decoding seccomp profile failed: {error}") from error


def section(host: HostConfig, names: Sequence[str]) -> dict[str, Any] | None:
    """The same as ``linux.seccomp`` of the runtime specification, for other runtimes."""
    profile = _profile(host)
    if profile is None:
        return None
    try:
        return seccomp.oci_seccomp(_document(profile), names)
    except (ValueError, TypeError, AttributeError, KeyError) as error:
        raise Invalid(f"Decoding seccomp profile failed: {error}") from error
