"""What is wrong with a field, in upstream's words (k8s.io/apimachinery pkg/util/validation/field/errors.go)."""

from collections.abc import Iterable
from enum import Enum
from typing import Any

import msgspec


class ErrorType(Enum):
    """The value is a cause's ``reason``; see :data:`_WORDS` for how it reads."""

    NOT_FOUND = "FieldValueNotFound"
    REQUIRED = "FieldValueRequired"
    DUPLICATE = "FieldValueDuplicate"
    INVALID = "FieldValueInvalid"
    NOT_SUPPORTED = "FieldValueNotSupported"
    FORBIDDEN = "FieldValueForbidden"
    TOO_LONG = "FieldValueTooLong"
    TOO_MANY = "FieldValueTooMany"
    INTERNAL = "InternalError"
    TYPE_INVALID = "FieldValueTypeInvalid"


_WORDS = {
    ErrorType.NOT_FOUND: "Not found",
    ErrorType.REQUIRED: "Required value",
    ErrorType.DUPLICATE: "Duplicate value",
    ErrorType.INVALID: "Invalid value",
    ErrorType.NOT_SUPPORTED: "Unsupported value",
    ErrorType.FORBIDDEN: "Forbidden",
    ErrorType.TOO_LONG: "Too long",
    ErrorType.TOO_MANY: "Too many",
    ErrorType.INTERNAL: "Internal error",
    ErrorType.TYPE_INVALID: "Invalid value",
}
_WITHOUT_VALUE = (ErrorType.REQUIRED, ErrorType.FORBIDDEN, ErrorType.TOO_LONG, ErrorType.INTERNAL)
OMIT = object()
"""For the value of an error that names none."""


class Path(str):
    """The path of a field: ``spec.containers[0].name``, ``metadata.annotations[a/b]``. A text that grows."""

    __slots__ = ()

    def child(self, name: str, *names: str) -> "Path":
        """Of a field below; several names go down several levels."""
        below = ".".join((name, *names)) if names else name
        return Path(self + "." + below if self else below)

    def index(self, position: int) -> "Path":  # type: ignore[override]  # of a path; nobody searches in one
        """Of an element of a list."""
        return Path(f"{self}[{position}]")

    def key(self, name: str) -> "Path":
        """Of an entry of a map."""
        return Path(f"{self}[{name}]")


class FieldError(msgspec.Struct, frozen=True):
    """``str()`` is upstream's text: ``spec.replicas: Invalid value: -1: must be greater than or equal to 0``."""

    type: ErrorType
    field: str
    value: Any = OMIT  # whatever the client sent
    detail: str = ""

    @property
    def body(self) -> str:
        """The text without the field: a cause's ``message``."""
        text = _WORDS[self.type]
        if self.type not in _WITHOUT_VALUE and self.value is not OMIT:
            text += f": {_shown(self.value)}"
        return f"{text}: {self.detail}" if self.detail else text

    def __str__(self) -> str:
        return f"{self.field}: {self.body}"


def _shown(value: object) -> str:
    """As Go's ``%#v`` or ``%q`` shows it there: texts quoted, numbers plain, the rest as JSON."""
    if value is None:
        return "null"
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return repr(value)
    return msgspec.json.encode(value).decode()


def not_found(field: str, value: object) -> FieldError:
    return FieldError(ErrorType.NOT_FOUND, field, value)


def required(field: str, detail: str = "") -> FieldError:
    return FieldError(ErrorType.REQUIRED, field, detail=detail)


def duplicate(field: str, value: object) -> FieldError:
    return FieldError(ErrorType.DUPLICATE, field, value)


def invalid(field: str, value: object, detail: str) -> FieldError:
    return FieldError(ErrorType.INVALID, field, value, detail)


def type_invalid(field: str, value: object, detail: str) -> FieldError:
    return FieldError(ErrorType.TYPE_INVALID, field, value, detail)


def not_supported(field: str, value: object, supported: Iterable[str], *, as_given: bool = False) -> FieldError:
    """``supported`` values: "a", "b" (sorted, as upstream shows most of them, or in the order that is given)."""
    shown = ", ".join(_shown(each) for each in (supported if as_given else sorted(supported)))
    return FieldError(ErrorType.NOT_SUPPORTED, field, value, f"supported values: {shown}" if shown else "")


def forbidden(field: str, detail: str) -> FieldError:
    return FieldError(ErrorType.FORBIDDEN, field, detail=detail)


def too_long(field: str, value: object, maximum: int) -> FieldError:
    unit = "byte" if maximum == 1 else "bytes"
    return FieldError(ErrorType.TOO_LONG, field, value, f"may not be more than {maximum} {unit}")


def too_many(field: str, actual: int, maximum: int) -> FieldError:
    items = "item" if maximum == 1 else "items"
    return FieldError(ErrorType.TOO_MANY, field, actual, f"must have at most {maximum} {items}")
