"""What names, keys and labels may look like, in upstream's words (k8s.io/apimachinery pkg/util/validation).

Each function returns its complaints; none when the value is right. Lengths are in bytes.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from functools import lru_cache
from itertools import islice

from wherry.kube.machinery.fielderrors import FieldError, Path, invalid, too_long

NameCheck = Callable[[str], Sequence[str]]

_LABEL = "[a-z0-9]([-a-z0-9]*[a-z0-9])?"
_SUBDOMAIN = rf"{_LABEL}(\.{_LABEL})*"
_LOOSE_LABEL = "_?[a-z0-9]([-_a-z0-9]*[a-z0-9])?"
_LOOSE_SUBDOMAIN = rf"{_LOOSE_LABEL}(\.{_LOOSE_LABEL})*"
_DNS1035 = "[a-z]([-a-z0-9]*[a-z0-9])?"
_KEY = "([A-Za-z0-9][-A-Za-z0-9_.]*)?[A-Za-z0-9]"
_VALUE = f"({_KEY})?"
_CONFIG_KEY = "[-._a-zA-Z0-9]+"
_HEADER = "[-A-Za-z0-9]+"
_C_IDENTIFIER = "[A-Za-z_][A-Za-z0-9_]*"
_PERCENT = "[0-9]+%"
_MAX_ID = 2**31 - 1  # what libcontainer takes
_HTTP_PATH = r"[A-Za-z0-9/\-._~%!$&'()*+,;=:]+"
_REASON = "[A-Za-z]([A-Za-z0-9_,:]*[A-Za-z0-9_])?"

_is_label = re.compile(_LABEL).fullmatch
_is_subdomain = re.compile(_SUBDOMAIN).fullmatch
_is_loose_subdomain = re.compile(_LOOSE_SUBDOMAIN).fullmatch
_is_dns1035 = re.compile(_DNS1035).fullmatch
_is_key = re.compile(_KEY).fullmatch
_is_value = re.compile(_VALUE).fullmatch
_is_config_key = re.compile(_CONFIG_KEY).fullmatch
_is_header = re.compile(_HEADER).fullmatch
_is_c_identifier = re.compile(_C_IDENTIFIER).fullmatch
_is_percent = re.compile(_PERCENT).fullmatch
_is_http_path = re.compile(_HTTP_PATH).fullmatch
_is_reason = re.compile(_REASON).fullmatch
_has_letter = re.compile("[a-z]").search
_is_port_name = re.compile("[-a-z0-9]+").fullmatch

EMPTY = "must be non-empty"
NEGATIVE = "must be greater than or equal to 0"
IMMUTABLE = "field is immutable"
_CACHED = 320  # longer keys are wrong anyway, and not worth the memory
_ALPHANUMERIC_ENDS = "and must start and end with an alphanumeric character"
_KEY_RULE = f"must consist of alphanumeric characters, '-', '_' or '.', {_ALPHANUMERIC_ENDS}"
_KEY_EXAMPLES = ("MyName", "my.name", "123-abc")


def max_length(length: int) -> str:
    return f"must be no more than {length} bytes"


def in_range(low: int, high: int) -> str:
    return f"must be between {low} and {high}, inclusive"


def shape(rule: str, pattern: str, *examples: str) -> str:
    """A rule, what follows it, and the expression that tests for it."""
    shown = "".join(f"{' or ' if position else ''}'{example}', " for position, example in enumerate(examples))
    tested = f"regex used for validation is '{pattern}')"
    return f"{rule} (e.g. {shown}{tested}" if examples else f"{rule} ({tested}"


def bytes_of(value: str) -> int:
    return len(value) if value.isascii() else len(value.encode("utf-8", "surrogatepass"))


def _checked(value: str, longest: int, fits: object, complaint: str) -> list[str]:
    complaints = [max_length(longest)] if bytes_of(value) > longest else []
    return complaints if fits else [*complaints, complaint]


_RFC1123 = "a lowercase RFC 1123"
_LABEL_RULE = f"{_RFC1123} label must consist of lower case alphanumeric characters or '-', {_ALPHANUMERIC_ENDS}"
_SUBDOMAIN_RULE = f"{_RFC1123} subdomain must consist of lower case alphanumeric characters, '-' or '.', "
_LOOSE_RULE = f"{_RFC1123} subdomain must consist of lower case alphanumeric characters, '_', '-' or '.', "
_WILDCARD_RULE = (
    "a wildcard DNS-1123 subdomain must start with '*.', followed by a valid DNS subdomain, which must consist of "
    "lower case alphanumeric characters, '-' or '.' and end with an alphanumeric character"
)
_DNS1035_RULE = (
    "a DNS-1035 label must consist of lower case alphanumeric characters or '-', "
    "start with an alphabetic character, and end with an alphanumeric character"
)
_NO_LABEL = shape(_LABEL_RULE, _LABEL, "my-name", "123-abc")
_NO_SUBDOMAIN = shape(_SUBDOMAIN_RULE + _ALPHANUMERIC_ENDS, _SUBDOMAIN, "example.com")
_NO_LOOSE_SUBDOMAIN = shape(_LOOSE_RULE + _ALPHANUMERIC_ENDS, _LOOSE_SUBDOMAIN, "example.com")
_NO_WILDCARD = shape(_WILDCARD_RULE, rf"\*\.{_SUBDOMAIN}", "*.example.com")
_NO_DNS1035 = shape(_DNS1035_RULE, _DNS1035, "my-name", "abc-123")


# What fits is ASCII: it has as many bytes as letters.


def dns1123_label(value: str) -> list[str]:
    if len(value) <= 63 and _is_label(value):
        return []
    complaint = "must not contain dots" if "." in value and _is_subdomain(value) else _NO_LABEL
    return _checked(value, 63, _is_label(value), complaint)


label_again = lru_cache(maxsize=1024)(dns1123_label)
"""Of names that come again and again. Not to be changed."""


def dns1123_subdomain(value: str) -> list[str]:
    if len(value) <= 253 and _is_subdomain(value):
        return []
    return _checked(value, 253, _is_subdomain(value), _NO_SUBDOMAIN)


def dns1123_subdomain_with_underscore(value: str) -> list[str]:
    return _checked(value, 253, _is_loose_subdomain(value), _NO_LOOSE_SUBDOMAIN)


def wildcard_dns1123_subdomain(value: str) -> list[str]:
    """``*.example.com``."""
    return _checked(value, 253, value.startswith("*.") and _is_subdomain(value[2:]), _NO_WILDCARD)


def dns1035_label(value: str) -> list[str]:
    return _checked(value, 63, _is_dns1035(value), _NO_DNS1035)


def path_segment(value: str) -> list[str]:
    """A name that can stand in a URL (k8s.io/apimachinery pkg/api/validation/path)."""
    if value in (".", ".."):
        return [f"may not be '{value}'"]
    return [f"may not contain '{illegal}'" for illegal in ("/", "%") if illegal in value]


@lru_cache(maxsize=4096)
def _qualified(value: str) -> tuple[str, ...]:
    parts = value.split("/")
    if len(parts) > 2:
        rule = shape(f"a valid label key {_KEY_RULE}", _KEY, *_KEY_EXAMPLES)
        return (f"{rule} with an optional DNS subdomain prefix and '/' (e.g. 'example.com/MyName')",)
    complaints: list[str] = []
    if len(parts) == 2:
        prefix = parts[0]
        complaints += [f"prefix part {each}" for each in (dns1123_subdomain(prefix) if prefix else [EMPTY])]
    name = parts[-1]
    if not name:
        complaints.append(f"name part {EMPTY}")
    elif bytes_of(name) > 63:
        complaints.append(f"name part {max_length(63)}")
    if _is_key(name) is None:
        complaints.append("name part " + shape(_KEY_RULE, _KEY, *_KEY_EXAMPLES))
    return tuple(complaints)


def qualified_name(value: str) -> Sequence[str]:
    """The key of a label or an annotation: ``app``, ``example.com/app``."""
    return _qualified(value) if len(value) <= _CACHED else _qualified.__wrapped__(value)


_VALUE_RULE = "a valid label must be an empty string or consist of alphanumeric characters, '-', '_' or '.', "
_NO_VALUE = shape(_VALUE_RULE + _ALPHANUMERIC_ENDS, _VALUE, "MyValue", "my_value", "12345")


def label_value(value: str) -> list[str]:
    if len(value) <= 63 and _is_value(value):
        return []
    return _checked(value, 63, _is_value(value), _NO_VALUE)


def port_number(value: int) -> list[str]:
    return [] if 1 <= value <= 65535 else [in_range(1, 65535)]


def port_name(value: str) -> list[str]:
    complaints = [max_length(15)] if bytes_of(value) > 15 else []
    if _is_port_name(value) is None:
        complaints.append("must contain only alpha-numeric characters (a-z, 0-9), and hyphens (-)")
    if _has_letter(value) is None:
        complaints.append("must contain at least one letter (a-z)")
    if "--" in value:
        complaints.append("must not contain consecutive hyphens")
    if value.startswith("-") or value.endswith("-"):
        complaints.append("must not begin or end with a hyphen")
    return complaints


def user_id(value: int) -> list[str]:
    """Of a user or a group."""
    return [] if 0 <= value <= _MAX_ID else [in_range(0, _MAX_ID)]


def percent(value: str) -> list[str]:
    if _is_percent(value):
        return []
    rule = "a valid percent string must be a numeric string followed by an ending '%'"
    return [shape(rule, _PERCENT, "1%", "93%")]


def http_header(value: str) -> list[str]:
    if _is_header(value):
        return []
    return [shape("a valid HTTP header must consist of alphanumeric characters or '-'", _HEADER, "X-Header-Name")]


def environment_variable(value: str) -> list[str]:
    """Printable ASCII, except ``=`` (relaxed, as upstream since 1.32)."""
    complaints = [] if value else [f"environment variable name {EMPTY}"]
    if not value.isascii() or not value.isprintable() or "=" in value:
        complaints.append(
            "a valid environment variable name must consist only of printable ASCII characters other than '='"
        )
    return complaints


def config_key(value: str) -> list[str]:
    """A key of a ConfigMap or Secret, which can be a file's name."""
    complaints = [max_length(253)] if bytes_of(value) > 253 else []
    if _is_config_key(value) is None:
        rule = "a valid config key must consist of alphanumeric characters, '-', '_' or '.'"
        complaints.append(shape(rule, _CONFIG_KEY, "key.name", "KEY_NAME", "key-name"))
    if value in (".", ".."):
        complaints.append(f"must not be '{value}'")
    elif value.startswith(".."):
        complaints.append("must not start with '..'")
    return complaints


def c_identifier(value: str) -> list[str]:
    if _is_c_identifier(value):
        return []
    rule = (
        "a valid C identifier must start with alphabetic character or '_', "
        "followed by a string of alphanumeric characters or '_'"
    )
    return [shape(rule, _C_IDENTIFIER, "my_name", "MY_NAME", "MyName")]


def condition_reason(value: str) -> list[str]:
    if _is_reason(value):
        return []
    rule = (
        "a condition reason must start with alphabetic character, optionally followed by a string of alphanumeric "
        "characters or '_,:', and must end with an alphanumeric character or '_'"
    )
    return [shape(rule, _REASON, "my_name", "MY_NAME", "MyName", "ReasonA,ReasonB", "ReasonA:ReasonB")]


def http_path(value: str) -> list[str]:
    """The part behind the slash of ``acme.io/foo``."""
    return [] if _is_http_path(value) else [shape("Invalid path", _HTTP_PATH)]


def complain(path: Path, value: object, complaints: Sequence[str]) -> list[FieldError]:
    """Complaints as errors of one field."""
    if not complaints:
        return []
    return [invalid(path, value, each) for each in complaints]


# Parts of metadata (k8s.io/apimachinery pkg/api/validation/objectmeta.go); the whole: :mod:`.objectmeta`

ANNOTATIONS_BYTES = 256 * 1024
"""What all annotations of an object may take together, keys and values."""
_ENOUGH = 1000
_STANDARD_FINALIZERS = ("kubernetes", "orphan", "foregroundDeletion")
NOT_A_FINALIZER = "name is neither a standard finalizer name nor is it fully qualified"


def validate_labels(labels: Mapping[str, str], path: Path) -> list[FieldError]:
    errors: list[FieldError] = []
    for key, value in labels.items():
        if complaints := qualified_name(key):
            errors += complain(path, key, complaints)
        if complaints := label_value(value):
            errors += complain(path, value, complaints)
    return errors


def validate_annotations(annotations: Mapping[str, str], path: Path) -> list[FieldError]:
    """Keys may have upper case where labels may not; all together have a limit."""
    errors, size = list[FieldError](), 0
    for key, value in annotations.items():
        if complaints := qualified_name(key.lower()):
            errors += complain(path, key, complaints)
        size += bytes_of(key) + bytes_of(value)
    if size > ANNOTATIONS_BYTES:
        errors.append(too_long(path, "", ANNOTATIONS_BYTES))
    return errors


def validate_finalizer_names(finalizers: Sequence[str], path: Path) -> list[FieldError]:
    """Finalizers without a domain are upstream's own. Of many that are not, not all are told."""
    strangers = (
        invalid(path.index(position), each, NOT_A_FINALIZER)
        for position, each in enumerate(finalizers)
        if "/" not in each and each not in _STANDARD_FINALIZERS
    )
    return list(islice(strangers, _ENOUGH))
