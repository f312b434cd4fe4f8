"""What a registry's refusal means to the user, in the words of Docker (distribution registry/api/errcode). Pure."""

from collections.abc import Mapping
from typing import Any

import msgspec

from wherry.kit.errors import (
    Forbidden,
    Invalid,
    NotFound,
    TooManyRequests,
    Unauthenticated,
    Unavailable,
    WherryError,
)
from wherry.oci.reference import Reference

BODY_LIMIT_BYTES = 64 << 10
_SHOWN = 500
_RETRIED = frozenset({408, 429, 500, 502, 503, 504})
_NOT_FOUND = ("MANIFEST_UNKNOWN", "NAME_UNKNOWN", "DENIED")


class Refused(WherryError):
    """A registry answered with an error. ``code`` is the specification's (``MANIFEST_UNKNOWN``), or empty.

    ``retry_after``: the header of that name, or empty.
    """

    def __init__(self, status: int, code: str, message: str, retry_after: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.retry_after = retry_after

    @property
    def may_pass(self) -> bool:
        """Whether the same request may succeed a little later."""
        return self.status in _RETRIED


def refused(status: int, reason: str, headers: Mapping[str, str], body: bytes) -> Refused:
    """From an answer of status 400 or above; ``reason`` is its status line's (``404 Not Found``)."""
    code, message = _first_error(body)
    if status == 429 and not code:
        code, message = "TOOMANYREQUESTS", message or reason
    if status == 401 and not code:
        code, message = "UNAUTHORIZED", message or "authentication required"
    if code:
        text = f"{code.lower().replace('_', ' ')}: {message}" if message else code.lower().replace("_", " ")
    else:
        text = f"received unexpected HTTP status: {reason}"
    return Refused(status, code, text, headers.get("Retry-After", ""))


def _first_error(body: bytes) -> tuple[str, str]:
    """Code and message of the first error a body tells of; empty where it tells nothing."""
    try:
        document: Any = msgspec.json.decode(body)
    except (ValueError, RecursionError):
        return "", ""
    if not isinstance(document, dict):
        return "", ""
    errors = document.get("errors")
    first = errors[0] if isinstance(errors, list) and errors else document
    if not isinstance(first, dict):
        return "", ""
    message = next((first[key] for key in ("message", "details", "error_description") if first.get(key)), "")
    code = first.get("code", "")
    return _line(code), _line(message)


def _line(value: object) -> str:
    """A server's text on one line, without control characters: it goes to a terminal."""
    if not isinstance(value, str):
        return ""
    return " ".join("".join(c if c.isprintable() else " " for c in value[:_SHOWN]).split())


def general(error: Refused) -> WherryError:
    """The error that says what the caller can do."""
    kinds: dict[int, type[WherryError]] = {401: Unauthenticated, 403: Forbidden, 404: NotFound, 429: TooManyRequests}
    kind = kinds.get(error.status) or (Unavailable if error.status >= 500 or error.status == 408 else Invalid)
    return kind(error.message)


def of_pull(error: Refused, reference: Reference) -> WherryError:
    """As moby tells it (distribution/errors.go translatePullError)."""
    name = reference.familiar_name
    if error.code not in _NOT_FOUND and error.status != 404:
        return general(error)
    match error.code:
        case "DENIED":
            what = f"pull access denied for {name}, repository does not exist or may require 'docker login'"
        case "NAME_UNKNOWN":
            what = f"repository {name} not found"
        case _:
            what = f"manifest for {reference.familiar()} not found"
    return NotFound(f"{what}: {error.message}")
