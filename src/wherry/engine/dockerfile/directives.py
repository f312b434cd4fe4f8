"""Parser directives: ``# syntax=``, ``# escape=``, ``# check=`` at the very top. Pure.

BuildKit's rules (frontend/dockerfile/parser/directives.go): each at most once, in any order and case; the first line
that is not one of the three ends them, be it a comment, a blank line or an unknown directive.
"""

import re
from dataclasses import replace

from wherry.engine.dockerfile.errors import InvalidDockerfile
from wherry.engine.dockerfile.model import BACKSLASH, Check, Directives, Location
from wherry.engine.dockerfile.words import SPACES, quoted
from wherry.kit.errors import Invalid

_DIRECTIVE = re.compile(r"#[\t\n\f\r ]*([a-zA-Z][a-zA-Z0-9]*)[\t\n\f\r ]*=[\t\n\f\r ]*(.+?)[\t\n\f\r ]*", re.ASCII)
_TRUE = frozenset({"1", "t", "T", "TRUE", "true", "True"})
_FALSE = frozenset({"0", "f", "F", "FALSE", "false", "False"})


def directives(source: str) -> tuple[Directives, int]:
    """What the top of the file says, and on how many lines. Raises InvalidDockerfile."""
    found = Directives()
    seen: set[str] = set()
    lines = source.split("\n")
    # A shebang is skipped in search of a syntax, but nothing after it can choose an escape character.
    first = 1 if lines[0].startswith("#!") else 0
    for number, raw in enumerate(lines[first:], first + 1):
        line = raw.rstrip("\r").lstrip(SPACES)
        match = _DIRECTIVE.fullmatch(line)
        name = match[1].lower() if match else ""
        if match is None or name not in ("syntax", "escape", "check"):
            return found, number - 1
        location = Location(number, number, raw)
        if name in seen:
            raise InvalidDockerfile(f"only one {name} parser directive can be used", location)
        seen.add(name)
        if name != "escape" or not first:
            found = _with(found, name, match[2], location)
    return found, len(lines)


def _with(found: Directives, name: str, value: str, location: Location) -> Directives:
    if name == "syntax":
        return replace(found, syntax=value.partition(" ")[0])
    if name == "check":
        try:
            return replace(found, check=parse_check(value))
        except Invalid as error:
            raise InvalidDockerfile(error.message, location) from error
    if value not in (BACKSLASH, "`"):
        raise InvalidDockerfile(f"invalid escape token '{value}' does not match ` or \\", location)
    return replace(found, escape=value)


def parse_check(text: str) -> Check:
    """``skip=Rule,Rule|all;error=true;experimental=Rule|all``, also of the build argument. Raises Invalid."""
    check = Check()
    for part in text.strip(SPACES).split(";", 2) if text.strip(SPACES) else ():
        key, equals, value = part.partition("=")
        key, value = key.strip(SPACES), value.strip(SPACES)
        rules = frozenset(rule.strip(SPACES) for rule in value.split(","))
        if not equals:
            raise Invalid(f"invalid check option {quoted(part)}")
        match key:
            case "skip":
                check = replace(check, skips_all=value == "all", skip=frozenset() if value == "all" else rules)
            case "experimental":
                every = value == "all"
                check = replace(check, enables_all_experimental=every, experimental=frozenset() if every else rules)
            case "error":
                check = replace(check, is_error=_boolean(value, part))
            case _:
                raise Invalid(f"invalid check option {quoted(key)}")
    return check


def _boolean(value: str, part: str) -> bool:
    """Go's strconv.ParseBool."""
    if value not in _TRUE | _FALSE:
        reason = f"strconv.ParseBool: parsing {quoted(value)}: invalid syntax"
        raise Invalid(f"failed to parse check option {quoted(part)}: {reason}")
    return value in _TRUE
