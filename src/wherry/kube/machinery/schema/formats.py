"""The formats of texts that a custom resource's schema may demand, as k8s.io/kube-openapi pkg/validation/strfmt and
github.com/asaskevich/govalidator understand them. A format that is not here is not checked."""

import ipaddress
import re
import unicodedata
from collections.abc import Callable
from datetime import date

from wherry.kube.machinery import names, quantity

Fits = Callable[[str], bool]


def fits(form: str, text: str) -> bool:
    """Whether ``text`` has the format; yes, when nobody knows the format."""
    check = _CHECKS.get(form.replace("-", ""))
    return check is None or check(text)


def is_known(form: str, kind: str) -> bool:
    """Whether a value of the type ``kind`` (empty: any) can have the format; others draw a warning."""
    if kind in ("", "string"):
        return form.replace("-", "") in _CHECKS
    return form in {"integer": ("int32", "int64"), "number": ("float", "double")}.get(kind, ())


def _matching(pattern: str, flags: int = 0) -> Fits:
    """Compiled when first asked; ``re`` remembers. No pattern here may take more than linear time: anybody's text
    comes in."""
    return lambda text: re.fullmatch(pattern, text, flags | re.ASCII) is not None


def _uuid(version: str, variant: str) -> Fits:
    return _matching(rf"[0-9a-f]{{8}}-?[0-9a-f]{{4}}-?{version}-?{variant}-?[0-9a-f]{{12}}", re.IGNORECASE)


_HEX4, _ANY_VERSION, _VARIANT = "[0-9a-f]{4}", "[0-9a-f]{4}", "[89ab][0-9a-f]{3}"


def _is_address(text: str, mark: str) -> bool:
    """Go's net.ParseIP knows no zones."""
    if mark not in text or "%" in text:
        return False
    try:
        ipaddress.ip_address(text)
    except ValueError:
        return False
    return True


def _is_cidr(text: str) -> bool:
    address, slash, length = text.partition("/")
    if not slash or not length.isascii() or not length.isdigit():
        return False
    if _is_address(address, ":"):
        return int(length) <= 128
    return _is_address(address, ".") and int(length) <= 32


_is_scheme_and_more = _matching(r"[a-zA-Z][a-zA-Z0-9+.-]*:.*", re.DOTALL)
_is_escaped = _matching(r"(?:[^%]|%[0-9a-fA-F]{2})*", re.DOTALL)


def _is_uri(text: str) -> bool:
    """net/url.ParseRequestURI: a path from the root, or anything with a scheme."""
    if not text or any(character < " " or character == "\x7f" for character in text):
        return False
    if not text.startswith("/") and not _is_scheme_and_more(text):
        return False
    place = text.partition("://")[2]
    authority, _, rest = place.partition("/")
    return _is_escaped(text if not place else rest) and not set(authority) & set(' <>"^`{|}\\')


_is_address_spec = _matching(r"""[\w!#$%&'*+/=?^`{|}~-]+(?:\.[\w!#$%&'*+/=?^`{|}~-]+)*@[\w.!#$%&'*+/=?^`{|}~-]+""")
_is_quoted_spec = _matching(r'"(?:[^"\\\r\n]|\\[ -~])+"@[\w.-]+')


def _is_email(text: str) -> bool:
    """net/mail.ParseAddress: an address, or one in angle brackets after a name."""
    bare = text.strip()
    if bare.endswith(">") and "<" in bare:
        bare = bare[bare.rindex("<") + 1 : -1]
    if "@" not in bare:
        return False
    host = bare.rpartition("@")[2]
    dots = ".." in host or host.startswith(".") or host.endswith(".")
    return not dots and (_is_address_spec(bare) or _is_quoted_spec(bare))


def _is_hostname(text: str) -> bool:
    """Labels of letters, digits, symbols and inner dashes; the last of several is at least two long."""
    labels = text.split(".")
    if len(text.encode()) > 255 or any(not 0 < len(label.encode()) <= 63 for label in labels):
        return False
    if any(label[0] == "-" or label[-1] == "-" for label in labels):
        return False
    if not all(_is_host_character(character) for label in labels for character in label):
        return False
    if len(labels) == 1:
        return labels[0].count("-") <= 1 and "-" not in labels[0][2:]
    return len(labels[-1]) >= 2 and "--" not in labels[-1]


def _is_host_character(character: str) -> bool:
    return character == "-" or (character.isascii() and character.isalnum()) or _letter_or_symbol(character)


def _letter_or_symbol(character: str) -> bool:
    return not character.isascii() and unicodedata.category(character)[0] in "LS"


_is_mac = _matching(
    r"[0-9a-f]{2}(?:(:[0-9a-f]{2}){5}|(:[0-9a-f]{2}){7}|(:[0-9a-f]{2}){19}"
    r"|(-[0-9a-f]{2}){5}|(-[0-9a-f]{2}){7}|(-[0-9a-f]{2}){19})"
    r"|[0-9a-f]{4}(?:(\.[0-9a-f]{4}){2}|(\.[0-9a-f]{4}){3}|(\.[0-9a-f]{4}){9})",
    re.IGNORECASE,
)
_isbn10_shape = _matching(r"[0-9]{9}[0-9X]")
_isbn13_shape = _matching(r"[0-9]{13}")
_card_shape = _matching(
    r"4[0-9]{12}(?:[0-9]{3})?|5[1-5][0-9]{14}|6(?:011|5[0-9][0-9])[0-9]{12}|3[47][0-9]{13}"
    r"|3(?:0[0-5]|[68][0-9])[0-9]{11}|(?:2131|1800|35\d{3})\d{11}"
)


def _without_separators(text: str) -> str:
    return re.sub(r"[\s-]+", "", text, flags=re.ASCII)


def _is_isbn10(text: str) -> bool:
    digits = _without_separators(text)
    if not _isbn10_shape(digits):
        return False
    values = [10 if digit == "X" else int(digit) for digit in digits]
    return sum((place + 1) * value for place, value in enumerate(values)) % 11 == 0


def _is_isbn13(text: str) -> bool:
    digits = _without_separators(text)
    return _isbn13_shape(digits) and sum(int(digit) * (1, 3)[place % 2] for place, digit in enumerate(digits)) % 10 == 0


def _is_credit_card(text: str) -> bool:
    """Luhn's sum."""
    digits = re.sub(r"[^0-9]+", "", text)
    if not _card_shape(digits):
        return False
    doubled = [int(digit) * (1, 2)[place % 2] for place, digit in enumerate(reversed(digits))]
    return sum(value - 9 if value > 9 else value for value in doubled) % 10 == 0


_date_shape = _matching(r"[0-9]{4}-[0-9]{2}-[0-9]{2}")
_CLOCK = r"([0-9]{2}):([0-9]{2}):([0-9]{2})(?:.[0-9]+)?(?:z|[+-][0-9]{2}:[0-9]{2})"


def _is_date(text: str) -> bool:
    try:
        return _date_shape(text) and date.fromisoformat(text) is not None
    except ValueError:
        return False


def _is_date_time(text: str) -> bool:
    day, _, rest = text.lower().partition("t")
    found = re.fullmatch(_CLOCK, rest, re.ASCII)
    return _is_date(day) and found is not None and found[1] <= "23" and found[2] <= "59" and found[3] <= "59"


_go_duration = _matching(r"[+-]?(?:0|(?:(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:ns|us|µs|μs|ms|s|m|h))+)")
_long_duration = _matching(r"\s*(?:\d+\s*[A-Za-zµ]+\s*)+")
_UNITS = frozenset(["ns", "us", "µs", "ms", "s", "sec", "m", "min", "h", "hr", "d", "w", "wk"])
_LONG_UNITS = ("nano", "micro", "milli", "sec", "min", "hour", "day", "week")


def _is_duration(text: str) -> bool:
    """Go's (``1h30m``), or numbers with units in words (``2 days``)."""
    if _go_duration(text):
        return True
    if not _long_duration(text):
        return False
    words = (found[1].lower() for found in re.finditer(r"\d+\s*([A-Za-zµ]+)", text, re.ASCII))
    return any(word in _UNITS or word.startswith(_LONG_UNITS) for word in words)


def _is_quantity(text: str) -> bool:
    try:
        quantity.parse(text)
    except ValueError:
        return False
    return True


_BYTE = r"(?:0|[1-9]\d?|1\d\d?|2[0-4]\d|25[0-5])"

_CHECKS: dict[str, Fits] = {
    "bsonobjectid": _matching(r"[0-9a-f]{24}", re.IGNORECASE),
    "uri": _is_uri,
    "email": _is_email,
    "hostname": _is_hostname,
    "ipv4": lambda text: _is_address(text, "."),
    "ipv6": lambda text: _is_address(text, ":"),
    "cidr": _is_cidr,
    "mac": _is_mac,
    "uuid": _uuid(_ANY_VERSION, _HEX4),
    "uuid3": _uuid("3[0-9a-f]{3}", _HEX4),
    "uuid4": _uuid("4[0-9a-f]{3}", _VARIANT),
    "uuid5": _uuid("5[0-9a-f]{3}", _VARIANT),
    "isbn": lambda text: _is_isbn10(text) or _is_isbn13(text),
    "isbn10": _is_isbn10,
    "isbn13": _is_isbn13,
    "creditcard": _is_credit_card,
    "ssn": _matching(r"\d{3}[- ]\d{2}[- ]\d{4}"),
    "hexcolor": _matching(r"#?(?:[0-9a-f]{3}|[0-9a-f]{6})", re.IGNORECASE),
    "rgbcolor": _matching(rf"rgb\(\s*{_BYTE}\s*,\s*{_BYTE}\s*,\s*{_BYTE}\s*\)"),
    "byte": _matching(r"(?:[A-Za-z0-9+/]{4})*(?:[A-Za-z0-9+/]{2}==|[A-Za-z0-9+/]{3}=|[A-Za-z0-9+/]{4})"),
    "password": lambda text: True,
    "date": _is_date,
    "datetime": _is_date_time,
    "duration": _is_duration,
    "quantity": _is_quantity,
    "k8sshortname": lambda text: not names.dns1123_label(text),
    "k8slongname": lambda text: not names.dns1123_subdomain(text),
}
