"""``Status``: how the API says no (k8s.io/apimachinery pkg/api/errors/errors.go).

Everything of ``kube`` that refuses a request raises a :class:`StatusError` made by one of the functions here; what
lower layers raise (:mod:`wherry.kit.errors`) is turned into one by :func:`of_error`. Clients and people read reasons,
causes and messages: they are upstream's.
"""

from collections.abc import Iterable, Sequence
from typing import Any

from wherry.kit import errors
from wherry.kube.machinery.fielderrors import FieldError
from wherry.kube.machinery.model import GroupKind, GroupResource, Object


class StatusError(errors.WherryError):
    """A refusal. ``code`` is HTTP's, ``reason`` one of metav1.StatusReason, ``details`` as in the ``Status`` object."""

    def __init__(self, code: int, reason: str, message: str, details: Object | None = None) -> None:
        super().__init__(message)
        self.code = code
        self.reason = reason
        self.details = details or {}
        self._has_details = details is not None
        self.list_meta: Object = {}
        """``metadata`` of the Status: an expired list has a token to go on with."""

    @property
    def status(self) -> Object:
        """The object that is sent."""
        document: Object = {"kind": "Status", "apiVersion": "v1", "metadata": self.list_meta, "status": "Failure"}
        document["message"] = self.message
        if self.reason:
            document["reason"] = self.reason
        if self.details or self._has_details:
            document["details"] = self.details
        document["code"] = self.code
        return document


def _details(resource: GroupResource | GroupKind, name: str = "", **more: Any) -> Object:
    found: Object = {"name": name} if name else {}
    if resource[0]:
        found["group"] = resource[0]
    if resource[1]:
        found["kind"] = resource[1]
    return {**found, **more}


def not_found(resource: GroupResource, name: str) -> StatusError:
    return StatusError(404, "NotFound", f'{resource} "{name}" not found', _details(resource, name))


def no_such_path() -> StatusError:
    """No such resource, or no such path at all."""
    return StatusError(404, "NotFound", "the server could not find the requested resource", {})


def already_exists(resource: GroupResource, name: str) -> StatusError:
    return StatusError(409, "AlreadyExists", f'{resource} "{name}" already exists', _details(resource, name))


def conflict(resource: GroupResource, name: str, why: str) -> StatusError:
    message = f'Operation cannot be fulfilled on {resource} "{name}": {why}'
    return StatusError(409, "Conflict", message, _details(resource, name))


def is_another(error: StatusError) -> bool:
    """The request named a uid as its precondition, and the object of that name is another: the one meant is gone."""
    return error.code == 409 and "UID in precondition" in error.message


_MOST_LETTERS = 256 * 1024
"""Of an object's faults, after which no more is said (upstream says all)."""
CHANGED = "the object has been modified; please apply your changes to the latest version and try again"


def apply_conflict(causes: Sequence[Object], message: str) -> StatusError:
    """Of server-side apply: ``causes`` have reason FieldManagerConflict."""
    return StatusError(409, "Conflict", message, {"causes": list(causes)})


def gone(message: str) -> StatusError:
    return StatusError(410, "Gone", message)


def expired(message: str) -> StatusError:
    return StatusError(410, "Expired", message)


def invalid(kind: GroupKind, name: str, found: Iterable[FieldError]) -> StatusError:
    """422. Equal texts are said once, and not all of a hundred thousand."""
    unique, letters = dict[str, FieldError](), 0
    for each in found:
        if letters > _MOST_LETTERS:
            break
        unique[text := str(each)] = each
        letters += len(text)
    texts = list(unique)
    said = texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]"
    causes = [{"reason": each.type.value, "message": each.body, "field": str(each.field)} for each in unique.values()]
    message = f'{kind} "{name}" is invalid: {said}' if texts else f'{kind} "{name}" is invalid'
    return StatusError(422, "Invalid", message, _details(kind, name, causes=causes))


def bad_request(message: str) -> StatusError:
    return StatusError(400, "BadRequest", message)


def unauthorized(message: str = "Unauthorized") -> StatusError:
    return StatusError(401, "Unauthorized", message)


def forbidden(resource: GroupResource, name: str, why: str) -> StatusError:
    """``why``: ``User "x" cannot get resource "pods" in API group "" in the namespace "y"`` or an admission's words."""
    if not resource.resource:
        return StatusError(403, "Forbidden", f"forbidden: {why}", _details(resource, name))
    said = f'{resource} "{name}" is forbidden: {why}' if name else f"{resource} is forbidden: {why}"
    return StatusError(403, "Forbidden", said, _details(resource, name))


def method_not_allowed(resource: GroupResource, action: str) -> StatusError:
    message = f'{action} is not supported on resources of kind "{resource}"'
    return StatusError(405, "MethodNotAllowed", message, _details(resource))


def no_such_method() -> StatusError:
    """The path is one, and not of this method."""
    return StatusError(405, "MethodNotAllowed", "the server does not allow this method on the requested resource", {})


def not_acceptable(accepted: Sequence[str]) -> StatusError:
    message = f"only the following media types are accepted: {', '.join(accepted)}"
    return StatusError(406, "NotAcceptable", message)


def unsupported_media_type(accepted: Sequence[str]) -> StatusError:
    message = f"the body of the request was in an unknown format - accepted media types include: {', '.join(accepted)}"
    return StatusError(415, "UnsupportedMediaType", message)


def no_route(code: int, reason: str, message: str) -> StatusError:
    """What upstream's router says of a path's media types (go-restful; apiserver pkg/server: serviceErrorHandler)."""
    return StatusError(code, reason, message, {})


def too_large(message: str) -> StatusError:
    return StatusError(413, "RequestEntityTooLarge", message)


def too_many_requests(message: str, retry_seconds: int) -> StatusError:
    return StatusError(429, "TooManyRequests", message, {"retryAfterSeconds": retry_seconds})


def internal_error(message: str) -> StatusError:
    said = f"Internal error occurred: {message}"
    return StatusError(500, "InternalError", said, {"causes": [{"message": message}]})


def unavailable(message: str) -> StatusError:
    return StatusError(503, "ServiceUnavailable", message)


def timeout(message: str, retry_seconds: int = 0) -> StatusError:
    details = {"retryAfterSeconds": retry_seconds} if retry_seconds else {}
    return StatusError(504, "Timeout", f"Timeout: {message}", details)


_OF_KIT: dict[type[Exception], tuple[int, str]] = {
    errors.NotFound: (404, "NotFound"),
    errors.AlreadyExists: (409, "AlreadyExists"),
    errors.Conflict: (409, "Conflict"),
    errors.Invalid: (400, "BadRequest"),
    errors.Unauthenticated: (401, "Unauthorized"),
    errors.Forbidden: (403, "Forbidden"),
    errors.Expired: (410, "Expired"),
    errors.TooManyRequests: (429, "TooManyRequests"),
    errors.Unavailable: (503, "ServiceUnavailable"),
    errors.Unsupported: (501, "NotImplemented"),
}


def of_error(error: BaseException) -> StatusError:
    """Any error as a refusal; what nobody foresaw is an internal error, and its text stays in the log."""
    if isinstance(error, StatusError):
        return error
    for known, (code, reason) in _OF_KIT.items():
        if isinstance(error, known):
            return StatusError(code, reason, str(error))
    return internal_error(f"an error on the server prevented the request from succeeding ({type(error).__name__})")
