"""What a client is told of an error: a Status, and what belongs into the head with it."""

import logging
from collections.abc import Mapping

import msgspec

from wherry.kube.apiserver.sending import is_for_people
from wherry.kube.machinery import status
from wherry.kube.machinery.codec import encode
from wherry.kube.machinery.mediatypes import JSON

log = logging.getLogger("wherry.kube.apiserver")
REQUEST_SECONDS = 60.0
BODY_BYTES = 3 * 1024 * 1024  # apiserver pkg/server/config.go MaxRequestBodyBytes


def too_large() -> status.StatusError:
    """413: the request's body has more than :data:`BODY_BYTES`."""
    return status.too_large(f"Request entity too large: limit is {BODY_BYTES}")


def refusal(
    method: str, target: str, headers: Mapping[str, str], error: Exception
) -> tuple[int, dict[str, str], bytes]:
    """Code, fields of the head, and body. ``headers`` are the request's; a fault of ours is logged."""
    if isinstance(error, TimeoutError):
        error = status.timeout(f"request did not complete within {REQUEST_SECONDS:.0f}s")
    found = status.of_error(error)
    if found.code >= 500 and not isinstance(error, status.StatusError):
        log.exception("fault while answering %s %s", method, target.partition("?")[0], exc_info=error)
    fields = {"Content-Type": JSON}
    if seconds := found.details.get("retryAfterSeconds"):
        fields["Retry-After"] = str(seconds)
    if found.code == 401:
        fields["WWW-Authenticate"] = 'Bearer realm="kubernetes"'
    body = encode(found.status)
    if is_for_people(target, headers):
        body = msgspec.json.format(body, indent=2)
    return found.code, fields, body
