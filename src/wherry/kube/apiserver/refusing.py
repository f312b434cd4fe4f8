"""What a client is told of an error: a Status, and what belongs into the head with it."""

import json
import logging
from collections.abc import Mapping

import msgspec

from wherry.kit.errors import WherryError
from wherry.kube.apiserver.sending import is_for_people, written
from wherry.kube.machinery import status
from wherry.kube.machinery.codec import encode
from wherry.kube.machinery.mediatypes import JSON, wanted
from wherry.kube.machinery.model import Object

log = logging.getLogger("wherry.kube.apiserver")
REQUEST_SECONDS = 60.0
_SHORT_BYTES = 16 * 1024
"""What is longer is JSON for everybody: in YAML it would take too long for those who wait behind it."""
BODY_BYTES = 3 * 1024 * 1024  # apiserver pkg/server/config.go MaxRequestBodyBytes


def too_large() -> status.StatusError:
    """413: the request's body has more than :data:`BODY_BYTES`."""
    return status.too_large(f"Request entity too large: limit is {BODY_BYTES}")


def refused(error: Exception) -> status.StatusError:
    """What any error is to a client."""
    if isinstance(error, TimeoutError):
        return status.timeout("request did not complete within requested timeout - context deadline exceeded")
    return status.of_error(error)


def refusal(
    method: str, target: str, headers: Mapping[str, str], error: Exception
) -> tuple[int, dict[str, str], bytes]:
    """Code, fields of the head, and body. ``headers`` are the request's; a fault of ours is logged."""
    found = refused(error)
    if found.code >= 500 and not isinstance(error, status.StatusError | TimeoutError):
        path = target.partition("?")[0]
        if isinstance(error, WherryError):  # it is known what is wrong: the disk is full, the store does not answer
            log.warning("%s %s: %s", method, path, error)
        else:
            log.exception("fault while answering %s %s", method, path, exc_info=error)
    body = _encoded(found.status)
    media_type = _spoken(headers.get("Accept", "")) if len(body) <= _SHORT_BYTES else JSON
    fields = {"Content-Type": media_type}
    if seconds := found.details.get("retryAfterSeconds"):
        fields["Retry-After"] = str(seconds)
    if found.code == 401:
        fields["WWW-Authenticate"] = 'Bearer realm="kubernetes"'
    if media_type != JSON:
        body = written(body, media_type)
    elif is_for_people(target, headers):
        body = msgspec.json.format(body, indent=2)
    return found.code, fields, body


def _spoken(accept: str) -> str:
    """The media type of a refusal: JSON for who takes nothing that there is (responsewriters: ErrorNegotiated)."""
    if not accept or accept == JSON:
        return JSON
    try:
        return wanted(accept, forms=()).media_type
    except status.StatusError:
        return JSON


def _encoded(document: Object) -> bytes:
    """With question marks for what is no text: a header may hold any bytes, and a message what was in a header."""
    try:
        return encode(document)
    except UnicodeEncodeError:
        return json.dumps(document, ensure_ascii=False).encode(errors="replace")
