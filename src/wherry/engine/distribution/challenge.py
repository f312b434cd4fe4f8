"""``WWW-Authenticate``: what a server wants to see before it answers (RFC 9110 11.6.1). Pure."""

import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass

_TOKEN = r"[A-Za-z0-9!#$%&'*+.^_`|~-]+"
_ITEM = re.compile(
    rf"""\s*(?:
        (?P<name>{_TOKEN})\s*=\s*(?:"(?P<quoted>(?:[^"\\]|\\.)*)"|(?P<plain>{_TOKEN}))  # a parameter
        | (?P<scheme>{_TOKEN})(?=[\s,]|$)(?:\s+(?P<token68>[A-Za-z0-9._~+/-]+=*)(?=\s*(?:,|$)))?
    )\s*(?:,\s*)*""",
    re.VERBOSE,
)
_ESCAPED = re.compile(r"\\(.)")
_LENGTH_LIMIT = 8192


@dataclass(frozen=True, slots=True)
class Challenge:
    """``scheme`` and the parameters' names are in lower case."""

    scheme: str
    parameters: Mapping[str, str]


def parse(fields: Iterable[str]) -> list[Challenge]:
    """The challenges of all header fields, in order; what cannot be read ends the field it stands in."""
    return [challenge for field in fields if len(field) <= _LENGTH_LIMIT for challenge in _challenges(field)]


def _challenges(field: str) -> list[Challenge]:
    found: list[tuple[str, dict[str, str]]] = []
    at = 0
    while at < len(field) and (match := _ITEM.match(field, at)):
        if match["scheme"]:
            found.append((match["scheme"].lower(), {}))
        elif found:
            value = match["plain"] if match["quoted"] is None else _ESCAPED.sub(r"\1", match["quoted"])
            found[-1][1].setdefault(match["name"].lower(), value)
        else:
            break  # a parameter of nothing
        at = match.end()
    return [Challenge(scheme, parameters) for scheme, parameters in found]
