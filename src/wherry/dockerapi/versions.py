"""API versions: which are spoken, and Docker's refusals of the others.

A version is the number behind the dot: all that is spoken is 1.something.
"""

import re

from wherry.kit.errors import Invalid

OLDEST = 24
NEWEST = 51
_TAKEN = 12
"""Older ones from here on are answered as the oldest: skopeo, podman and buildah ask for 1.22 when they copy images
from and to a daemon (containers/image, docker/daemon/client.go), and get what they need."""

_PREFIX = re.compile(r"/v([0-9]+)\.([0-9]+)(?=/|$)")


def text(version: int) -> str:
    """``1.51`` for 51."""
    return f"1.{version}"


def split_path(path: str) -> tuple[int, str]:
    """The version that a path asks for, and the path without it.

    The newest when it names none; the oldest that is spoken for an older one.
    Raises Invalid with Docker's text when the version is not spoken.
    """
    if not path.startswith("/v"):
        return NEWEST, path
    match = _PREFIX.match(path)
    if match is None:
        return NEWEST, path
    major, minor = int(match[1]), int(match[2])
    if (major, minor) > (1, NEWEST):
        raise Invalid(f"client version {major}.{minor} is too new. Maximum supported API version is {text(NEWEST)}")
    if (major, minor) < (1, _TAKEN):
        raise Invalid(
            f"client version {major}.{minor} is too old. Minimum supported API version is {text(OLDEST)}, "
            "please upgrade your client to a newer version"
        )
    return max(minor, OLDEST), path[match.end() :] or "/"
