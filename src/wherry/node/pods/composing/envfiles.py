"""Files of variables, as containers before it have written them (KEP-3721; pkg/kubelet/util/env, ParseEnv). Pure."""

from collections.abc import Iterator

from wherry.kit.errors import Invalid

LONGEST_VALUE_BYTES = 32 * 1024
LONGEST_KEY = 128


def value(text: str, key: str) -> str | None:
    """What the file says of ``key``; None: nothing. Raises Invalid for a file that cannot be read up to there.

    A line is ``NAME='VALUE'``: the value is taken as it is, and may have line breaks. After it there may be a comment.
    Nothing after the equals sign, or a space, is the empty value.
    """
    for name, found in _pairs(text):
        if name == key:
            return found
    return None


def _pairs(text: str) -> Iterator[tuple[str, str]]:
    position, number = 0, 1
    while position < len(text):
        end = _line_end(text, position)
        line = text[position:end].lstrip()
        if not line.strip() or line.startswith("#"):
            position, number = end + 1, number + 1
            continue
        name, equals, rest = line.partition("=")
        if not equals:
            raise Invalid(f"invalid environment variable format at line {number}")
        if not name or name != name.rstrip():
            raise Invalid(f"invalid environment variable format at line {number}: a name has to be before '='")
        if not rest or rest[0].isspace():
            yield name, ""
        elif rest[0] != "'":
            raise Invalid(f"environment variable value must be enclosed in single quotes at line {number}")
        else:
            begin = end - len(rest) + 1
            close = text.find("'", begin)
            if close < 0:
                raise Invalid(f"unclosed single quote, which begins at line {number}")
            number += text.count("\n", begin, close)
            end = _line_end(text, close)
            after = text[close + 1 : end]
            if after.strip() and not (after[0].isspace() and after.lstrip().startswith("#")):
                raise Invalid(f"unexpected content after the closing quote at line {number}")
            yield name, text[begin:close]
        position, number = end + 1, number + 1


def _line_end(text: str, position: int) -> int:
    found = text.find("\n", position)
    return len(text) if found < 0 else found
