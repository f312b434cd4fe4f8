"""Dockerfile instructions out of text: lines, words, JSON arrays and flags. Pure.

Follows BuildKit's parser (frontend/dockerfile/parser) for the instructions that change a configuration; error texts are
its own.
"""

import json
import re
from dataclasses import dataclass

from wherry.kit.errors import Invalid

_CONTINUED = re.compile(r"^(.*[^\\])?\\[ \t]*$", re.DOTALL)
_NAME_VALUE = frozenset({"env", "label"})
_JSON_OR_TEXT = frozenset({"cmd", "entrypoint"})
_JSON_OR_WORDS = frozenset({"volume"})
_WORDS = frozenset({"expose"})


@dataclass(frozen=True, slots=True)
class Instruction:
    """One instruction. ``name`` is as it was typed, ``keyword`` in lower case; ``rest`` the text after name and flags.

    ``arguments`` are unexpanded. ENV and LABEL have names and values in turn. ``is_json`` says that they came as a
    JSON array (the exec form). ``flags`` are the leading ``--name[=value]``, without the dashes.
    """

    name: str
    keyword: str
    rest: str
    arguments: tuple[str, ...] = ()
    is_json: bool = False
    flags: tuple[str, ...] = ()


def parse(text: str) -> list[Instruction]:
    """All instructions of ``text``; raises Invalid with BuildKit's words."""
    instructions = [_instruction(line) for line in _logical_lines(text)]
    if not instructions:
        raise Invalid("file with no instructions")
    return instructions


def _logical_lines(text: str) -> list[str]:
    """Lines with comments and blank lines dropped and continuations joined."""
    lines: list[str] = []
    pending: str | None = None
    for raw in text.splitlines():
        if not raw.strip() or raw.lstrip().startswith("#"):
            continue
        line = raw.lstrip() if pending is None else pending + raw
        if match := _CONTINUED.match(line):
            pending = match.group(1) or ""
        else:
            lines.append(line)
            pending = None
    return [*lines, pending] if pending and pending.strip() else lines


def _instruction(line: str) -> Instruction:
    name, _, rest = line.strip().partition(" ") if "\t" not in line else _partition_space(line.strip())
    flags, rest = _flags(rest.strip())
    keyword = name.lower()
    if keyword == "healthcheck":
        return _healthcheck(name, flags, rest)
    arguments, is_json = _arguments(keyword, name, rest)
    return Instruction(name, keyword, rest, tuple(arguments), is_json, tuple(flags))


def _partition_space(line: str) -> tuple[str, str, str]:
    parts = line.split(None, 1)
    return parts[0], " ", parts[1] if len(parts) > 1 else ""


def _flags(rest: str) -> tuple[list[str], str]:
    """The leading ``--flags``; ``--`` ends them."""
    flags: list[str] = []
    while rest.startswith("--"):
        word, _, after = _partition_space(rest)
        rest = after.lstrip()
        if word == "--":
            break
        flags.append(word[2:])
    return flags, rest


def _arguments(keyword: str, name: str, rest: str) -> tuple[list[str], bool]:
    if not rest:
        return [], False
    if keyword in _NAME_VALUE:
        return name_values(rest, name.upper()), False
    if keyword in _WORDS:
        return rest.split(), False
    if keyword in _JSON_OR_TEXT or keyword in _JSON_OR_WORDS:
        array = json_array(rest)
        if array is not None:
            return array, True
        return (rest.split() if keyword in _JSON_OR_WORDS else [rest]), False
    return [rest], False


def _healthcheck(name: str, flags: list[str], rest: str) -> Instruction:
    """``HEALTHCHECK TYPE command``: the command in either form, the type first among the arguments."""
    if not rest:
        return Instruction(name, "healthcheck", rest, flags=tuple(flags))
    kind, _, command = _partition_space(rest)
    array = json_array(command) if command else []
    is_json = bool(command) and array is not None
    words = array if array is not None else [command]
    return Instruction(name, "healthcheck", rest, (kind, *words), is_json, tuple(flags))


def json_array(rest: str) -> list[str] | None:
    """The strings of a JSON array; None when ``rest`` is anything else, which makes it a shell command."""
    if not rest.lstrip().startswith("["):
        return None
    try:
        array = json.loads(rest)
    except ValueError:
        return None
    if not isinstance(array, list) or not all(isinstance(item, str) for item in array):
        return None
    return array


def name_values(rest: str, instruction: str) -> list[str]:
    """``a=b c="d e"`` or the old ``name all the rest`` as names and values in turn, quotes left in."""
    words = split_words(rest)
    if words and "=" not in words[0]:
        parts = rest.split(None, 1)
        if len(parts) < 2:
            raise Invalid(f"{instruction} must have two arguments")
        return parts
    pairs: list[str] = []
    for word in words:
        name, equals, value = word.partition("=")
        if not equals:
            raise Invalid(f'Syntax error - can\'t find = in "{word}". Must be of the form: name=value')
        pairs += [name, value]
    return pairs


def split_words(rest: str) -> list[str]:
    """Words at unquoted, unescaped white space; quotes and escapes stay in the words for expansion to take away."""
    words: list[str] = []
    word: list[str] = []
    quote = ""
    characters = iter(rest)
    for character in characters:
        if character.isspace() and not quote:
            if word:
                words.append("".join(word))
                word = []
            continue
        if character == "\\" and quote != "'":
            following = next(characters, "")
            if following:
                word += [character, following]
            continue
        if character in "'\"" and quote in ("", character):
            quote = "" if quote else character
        word.append(character)
    return [*words, "".join(word)] if word else words
