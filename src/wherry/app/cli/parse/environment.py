"""``--env``, ``--env-file``, ``--label``, ``--label-file``: KEY=VALUE in all its spellings."""

from collections.abc import Mapping, Sequence
from pathlib import Path


def variable(text: str, environment: Mapping[str, str]) -> str:
    """``KEY`` alone takes its value from our own environment; where it has none, it unsets the image's."""
    name, equals, _ = text.partition("=")
    if not name:
        raise ValueError(f"invalid environment variable: {text}")
    if equals or name not in environment:
        return text
    return f"{name}={environment[name]}"


def lines(path: str, environment: Mapping[str, str]) -> list[str]:
    """The settings of an env or label file: a line each, ``#`` begins a comment, no quoting."""
    result: list[str] = []
    try:
        content = Path(path).read_text(encoding="utf-8-sig")
    except OSError as error:
        raise ValueError(f"open {path}: {(error.strerror or '').lower()}") from error
    except UnicodeDecodeError as error:
        raise ValueError(f"env file {path} contains invalid utf8 bytes") from error
    for line in content.splitlines():
        text = line.lstrip()
        if not text or text.startswith("#"):
            continue
        name, equals, value = text.partition("=")
        if not name:
            raise ValueError(f"no variable name on line '{text}' of {path}")
        if any(character.isspace() for character in name):
            raise ValueError(f"variable '{name}' contains whitespaces ({path})")
        if equals:
            result.append(f"{name}={value}")
        elif name in environment:
            result.append(f"{name}={environment[name]}")
    return result


def environment(variables: Sequence[str], files: Sequence[str], own: Mapping[str, str]) -> list[str]:
    """Files first, flags after: the later wins in the engine."""
    result = [line for path in files for line in lines(path, own)]
    return result + [variable(text, own) for text in variables]


def labels(given: Sequence[str], files: Sequence[str]) -> dict[str, str]:
    """A label without ``=`` has an empty value."""
    texts = [line for path in files for line in lines(path, {})] + list(given)
    return pairs(texts)


def pairs(texts: Sequence[str]) -> dict[str, str]:
    """``a=b`` texts as a dict."""
    result: dict[str, str] = {}
    for text in texts:
        name, _, value = text.partition("=")
        if not name:
            raise ValueError(f"invalid setting {text!r}: expected key=value")
        result[name] = value
    return result
