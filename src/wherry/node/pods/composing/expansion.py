"""``$(NAME)`` in commands, arguments and variables (k8s.io/kubernetes third_party/forked/golang/expansion)."""

from collections.abc import Mapping


def expand(text: str, *variables: Mapping[str, str]) -> str:
    """Replace references to what is known, the first mapping first; what is not known stays as it is written.
    ``$$`` is one dollar sign: ``$$(NAME)`` becomes ``$(NAME)``."""
    if "$" not in text:
        return text
    parts: list[str] = []
    at = 0
    while at < len(text):
        dollar = text.find("$", at)
        if dollar < 0 or dollar + 1 >= len(text):
            break
        parts.append(text[at:dollar])
        part, at = _read(text, dollar, variables)
        parts.append(part)
    parts.append(text[at:])
    return "".join(parts)


def _read(text: str, dollar: int, variables: tuple[Mapping[str, str], ...]) -> tuple[str, int]:
    """What stands for what begins at ``dollar``, and where to go on."""
    following = text[dollar + 1]
    if following == "$":
        return "$", dollar + 2
    if following != "(":
        return text[dollar : dollar + 2], dollar + 2
    end = text.find(")", dollar + 2)
    if end < 0:
        return "$(", dollar + 2
    name = text[dollar + 2 : end]
    for known in variables:
        if name in known:
            return known[name], end + 1
    return text[dollar : end + 1], end + 1
