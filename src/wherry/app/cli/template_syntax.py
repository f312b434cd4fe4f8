"""Go templates, the part that people use with ``--format``: text to syntax tree.

Known: fields and chains (``.A.B``), variables, ``{{range}} {{if}} {{with}} {{else}} {{end}}``, pipelines, function
calls, parentheses, literals, comments, trimming ``{{- -}}``. Not known, and refused by name: ``define``,
``template``, ``block``, ``break``, ``continue``. Source: https://pkg.go.dev/text/template
"""

import re
from dataclasses import dataclass

REFUSED = frozenset({"define", "template", "block", "break", "continue"})
_TOKEN = re.compile(
    r"""\s*(?:(?P<string>"(?:[^"\\]|\\.)*"|`[^`]*`)|(?P<number>-?\d+(?:\.\d+)?)"""
    r"""|(?P<field>(?:\.[A-Za-z_]\w*)+|\.)|(?P<variable>\$\w*(?:\.[A-Za-z_]\w*)*)"""
    r"""|(?P<name>[A-Za-z_]\w*)|(?P<mark>:=|=|\||\(|\)|,))"""
)


class TemplateError(ValueError):
    """The template cannot be read or applied; the message names the place."""


@dataclass(frozen=True, slots=True)
class Literal:
    value: object


@dataclass(frozen=True, slots=True)
class Field:
    """``.A.B`` of the current thing (``variable`` None), or of a variable; no path is the thing itself."""

    path: tuple[str, ...]
    variable: str | None = None


@dataclass(frozen=True, slots=True)
class Call:
    """``function`` applied to arguments, or a first term that may be callable (``.Label "x"``)."""

    function: "str | Term"
    arguments: tuple["Term", ...]


@dataclass(frozen=True, slots=True)
class Pipeline:
    """Each command's value is the last argument of the next. ``names`` are the variables assigned."""

    commands: tuple["Term", ...]
    names: tuple[str, ...] = ()


Term = Literal | Field | Call | Pipeline


@dataclass(frozen=True, slots=True)
class Text:
    text: str


@dataclass(frozen=True, slots=True)
class Show:
    value: Pipeline


@dataclass(frozen=True, slots=True)
class Block:
    """``if``, ``with`` or ``range``."""

    kind: str
    value: Pipeline
    body: tuple["Node", ...]
    otherwise: tuple["Node", ...]


Node = Text | Show | Block


def parse(source: str) -> tuple[Node, ...]:
    """The nodes of a template; raises TemplateError."""
    parser = _Parser(_split(source))
    nodes, ended_by = parser.nodes()
    if ended_by:
        raise TemplateError(f"template: unexpected {{{{{ended_by}}}}}")
    return nodes


def _split(source: str) -> list[tuple[bool, str]]:
    """(is an action, text) pieces, trimmed and without comments."""
    pieces: list[tuple[bool, str]] = []
    position = 0
    trim_next = False
    while (begin := source.find("{{", position)) >= 0:
        end = source.find("}}", begin)
        if end < 0:
            raise TemplateError(f"template: unclosed action: {source[begin:]}")
        text, action = source[position:begin], source[begin + 2 : end]
        text = text.lstrip() if trim_next else text
        if action.startswith("- "):
            text, action = text.rstrip(), action[1:]
        trim_next = action.endswith(" -")
        action = action[:-1] if trim_next else action
        pieces.append((False, text))
        if not action.strip().startswith("/*"):
            pieces.append((True, action.strip()))
        position = end + 2
    rest = source[position:]
    pieces.append((False, rest.lstrip() if trim_next else rest))
    return [piece for piece in pieces if piece[0] or piece[1]]


class _Parser:
    def __init__(self, pieces: list[tuple[bool, str]]) -> None:
        self._pieces = pieces
        self._next = 0

    def nodes(self) -> tuple[tuple[Node, ...], str]:
        """Nodes up to ``end`` or ``else …`` or the end of the text; and which it was."""
        result: list[Node] = []
        while self._next < len(self._pieces):
            is_action, text = self._pieces[self._next]
            self._next += 1
            if not is_action:
                result.append(Text(text))
                continue
            word, _, rest = text.partition(" ")
            if word in ("end", "else"):
                return tuple(result), text
            if word in REFUSED:
                raise TemplateError(f"template: {{{{{word}}}}} is not supported (range, if, with, else, end are)")
            result.append(self._block(word, rest) if word in ("if", "with", "range") else Show(_pipeline(text)))
        return tuple(result), ""

    def _block(self, kind: str, condition: str) -> Block:
        value = _pipeline(condition)
        body, ended_by = self.nodes()
        otherwise: tuple[Node, ...] = ()
        if ended_by.startswith("else"):
            word, _, rest = ended_by.removeprefix("else").strip().partition(" ")
            if word:  # else if …: a block of its own that shares our end
                return Block(kind, value, body, (self._block(word, rest),))
            otherwise, ended_by = self.nodes()
        if ended_by != "end":
            raise TemplateError(f"template: {{{{{kind}}}}} without {{{{end}}}}")
        return Block(kind, value, body, otherwise)


def _pipeline(text: str) -> Pipeline:
    tokens = _tokens(text)
    pipeline, rest = _read_pipeline(tokens, 0)
    if rest != len(tokens):
        raise TemplateError(f"template: unexpected {tokens[rest][1]!r} in {{{{{text}}}}}")
    return pipeline


def _tokens(text: str) -> list[tuple[str, str]]:
    tokens: list[tuple[str, str]] = []
    position = 0
    while position < len(text.rstrip()):
        match = _TOKEN.match(text, position)
        if match is None or match.lastgroup is None:
            raise TemplateError(f"template: unexpected {text[position:]!r} in {{{{{text}}}}}")
        tokens.append((match.lastgroup, match[match.lastgroup]))
        position = match.end()
    return tokens


def _read_pipeline(tokens: list[tuple[str, str]], position: int) -> tuple[Pipeline, int]:
    names, position = _declared(tokens, position)
    commands: list[Term] = []
    while True:
        terms: list[Term] = []
        name = ""
        if position < len(tokens) and tokens[position][0] == "name" and tokens[position][1] not in _CONSTANTS:
            name = tokens[position][1]
            position += 1
        while position < len(tokens) and tokens[position][1] not in ("|", ")"):
            term, position = _read_term(tokens, position)
            terms.append(term)
        if not name and not terms:
            raise TemplateError("template: missing value for command")
        commands.append(Call(name or terms.pop(0), tuple(terms)))
        if position >= len(tokens) or tokens[position][1] == ")":
            return Pipeline(tuple(commands), names), position
        position += 1


def _declared(tokens: list[tuple[str, str]], position: int) -> tuple[tuple[str, ...], int]:
    marks = [mark for kind, mark in tokens[position : position + 4] if kind == "mark"]
    if not marks or marks[0] not in (":=", "=", ","):
        return (), position
    names: list[str] = []
    while tokens[position][1] not in (":=", "="):
        if tokens[position][0] == "variable":
            names.append(tokens[position][1])
        position += 1
        if position >= len(tokens):
            raise TemplateError("template: unexpected ','")
    return tuple(names), position + 1


_CONSTANTS: dict[str, object] = {"true": True, "false": False, "nil": None}
_ESCAPES = {"n": "\n", "t": "\t", "r": "\r", '"': '"', "\\": "\\"}


def _read_term(tokens: list[tuple[str, str]], position: int) -> tuple[Term, int]:
    kind, text = tokens[position]
    if kind == "string":
        raw = text[1:-1]
        return Literal(raw if text[0] == "`" else re.sub(r"\\(.)", _unescape, raw)), position + 1
    if kind == "number":
        return Literal(float(text) if "." in text else int(text)), position + 1
    if kind == "field":
        return Field(tuple(part for part in text.split(".") if part)), position + 1
    if kind == "variable":
        name, *path = text.split(".")
        return Field(tuple(path), name), position + 1
    if kind == "name":
        return (Literal(_CONSTANTS[text]) if text in _CONSTANTS else Call(text, ())), position + 1
    if text == "(":
        pipeline, end = _read_pipeline(tokens, position + 1)
        if end >= len(tokens):
            raise TemplateError("template: unclosed left paren")
        return pipeline, end + 1
    raise TemplateError(f"template: unexpected {text!r}")


def _unescape(match: re.Match[str]) -> str:
    return _ESCAPES.get(match[1], match[1])
