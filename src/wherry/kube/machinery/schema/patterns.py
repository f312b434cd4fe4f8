"""Regular expressions of schemas. They are Go's (RE2): matched in linear time, whatever a pattern or a text holds.

Python's ``re`` backtracks, and a pattern such as ``(a+)+$`` would stop the server for ages; so it is RE2 itself, which
takes 10 ms to import and 2 µs a match.
"""

import functools
from typing import Any

# Words of Go's regexp/syntax for those of the C++ library.
_WORDS = {
    "missing ]": "missing closing ]",
    "missing )": "missing closing )",
    "trailing \\": "trailing backslash at end of expression",
    "no argument for repetition operator": "missing argument to repetition operator",
    "invalid repetition size": "invalid repeat count",
    "bad repetition operator": "invalid nested repetition operator",
    "invalid perl operator": "invalid or unsupported Perl syntax",
    "invalid named capture group": "invalid named capture",
}


@functools.lru_cache(maxsize=512)
def _compiled(pattern: str) -> Any:  # of the library's own type, which has no stubs
    """Raises ValueError."""
    import re2  # type: ignore[import-untyped,unused-ignore]

    options = re2.Options()
    options.log_errors = False
    options.never_capture = True
    try:
        return re2.compile(pattern, options)
    except re2.error as error:
        said = error.args[0] if error.args else ""
        raise ValueError(_go_words(said.decode(errors="replace") if isinstance(said, bytes) else str(said))) from error


def _go_words(said: str) -> str:
    what, _, where = said.partition(": ")
    return f"error parsing regexp: {_WORDS.get(what, what)}: `{where}`"


def complaint(pattern: str) -> str:
    """Why it is no regular expression, in Go's words; empty when it is one."""
    try:
        _compiled(pattern)
    except ValueError as error:
        return str(error)
    return ""


def found(pattern: str, text: str) -> bool:
    """Whether the pattern is somewhere in the text. A pattern that is none is nowhere."""
    try:
        return _compiled(pattern).search(text.encode()) is not None
    except ValueError:
        return False
