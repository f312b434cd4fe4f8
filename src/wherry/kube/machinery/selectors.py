"""Selectors by labels and by fields: texts of a query, and the LabelSelector of an object.

Parsing refuses with 400 in upstream's words (k8s.io/apimachinery pkg/labels, pkg/fields). What has been made is not
changed any more, and can be shared.
"""

import re
from collections.abc import Iterable, Mapping, Sequence

import msgspec

from wherry.kube.machinery import names
from wherry.kube.machinery.fielderrors import FieldError, Path, invalid
from wherry.kube.machinery.fielderrors import forbidden as field_forbidden
from wherry.kube.machinery.fielderrors import required as field_required
from wherry.kube.machinery.model import Object
from wherry.kube.machinery.status import StatusError, bad_request

_BINARY = ("in", "notin", "=", "==", "!=", "gt", "lt")
_SYMBOLS = {"=": "=", "==": "==", "!=": "!=", ">": "gt", "<": "lt", "in": "in", "notin": "notin"}
_EQUALITY = ("in", "=", "==")
_INEQUALITY = ("notin", "!=")
_INT64 = re.compile(r"[+-]?[0-9]+", re.ASCII)


class Requirement(msgspec.Struct, frozen=True):
    """``operator``: ``=``, ``==``, ``!=``, ``in``, ``notin``, ``exists``, ``!``, ``gt``, ``lt``."""

    key: str
    operator: str
    values: tuple[str, ...] = ()

    def matches(self, labels: Mapping[str, str]) -> bool:
        value = labels.get(self.key)
        if self.operator in _EQUALITY:
            return value is not None and value in self.values
        if self.operator in _INEQUALITY:
            return value is None or value not in self.values
        if self.operator == "exists":
            return value is not None
        if self.operator == "!":
            return value is None
        if value is None or _INT64.fullmatch(value) is None:
            return False
        return int(value) > int(self.values[0]) if self.operator == "gt" else int(value) < int(self.values[0])

    def __str__(self) -> str:
        if self.operator == "exists":
            return self.key
        if self.operator == "!":
            return f"!{self.key}"
        if self.operator in ("in", "notin"):
            return f"{self.key} {self.operator} ({','.join(self.values)})"
        sign = {"gt": ">", "lt": "<"}.get(self.operator, self.operator)
        return f"{self.key}{sign}{self.values[0]}"


class LabelSelector(msgspec.Struct, frozen=True):
    """All requirements hold. ``nothing``: it matches no object at all (there is no selector)."""

    requirements: tuple[Requirement, ...] = ()
    nothing: bool = False

    def matches(self, labels: Mapping[str, str] | None) -> bool:
        if self.nothing:
            return False
        found = labels or {}
        return all(each.matches(found) for each in self.requirements)

    @property
    def is_everything(self) -> bool:
        return not self.requirements and not self.nothing

    def requires(self, key: str) -> str | None:
        """The one value that the label must have; None when there is none such."""
        first = next((each for each in self.requirements if each.key == key), None)
        if first is None or first.operator not in _EQUALITY or len(first.values) != 1:
            return None
        return first.values[0]

    def __str__(self) -> str:
        """A text that :func:`parse_labels` reads again."""
        return ",".join(map(str, self.requirements))


EVERYTHING = LabelSelector()
NOTHING = LabelSelector(nothing=True)


def of_labels(labels: Mapping[str, str] | None) -> LabelSelector:
    """All of these labels (``spec.selector`` of a Service or ReplicationController); empty: everything."""
    return LabelSelector(tuple(Requirement(key, "=", (value,)) for key, value in sorted((labels or {}).items())))


_OPERATORS = {"In": "in", "NotIn": "notin", "Exists": "exists", "DoesNotExist": "!"}


def of_object(selector: Object | None) -> LabelSelector:
    """Of a metav1.LabelSelector: None matches nothing, an empty one everything."""
    if selector is None:
        return NOTHING
    found = list(of_labels(selector.get("matchLabels")).requirements)
    for each in selector.get("matchExpressions") or ():
        operator = _OPERATORS.get(each.get("operator", ""))
        if operator is None:
            raise bad_request(f'"{each.get("operator", "")}" is not a valid label selector operator')
        values = tuple(sorted(set(each.get("values") or ())))
        found.append(requirement(each.get("key", ""), operator, values))
    return LabelSelector(tuple(sorted(found, key=lambda each: each.key)))


def parse_labels(text: str) -> LabelSelector:
    """Of ``app=web,tier!=db,env in (a,b),!old,x>3``. Raises StatusError 400."""
    return _LabelParser(text).parse() if text else EVERYTHING


def requirement(key: str, operator: str, values: Sequence[str]) -> Requirement:
    """Checked as upstream's NewRequirement does. Raises StatusError 400."""
    path = Path("values")
    errors = [invalid("key", key, "; ".join(found))] if (found := names.qualified_name(key)) else []
    if operator in ("in", "notin") and not values:
        errors.append(invalid(path, list(values), "for 'in', 'notin' operators, values set can't be empty"))
    elif operator in ("exists", "!") and values:
        errors.append(invalid(path, list(values), "values set must be empty for exists and does not exist"))
    elif operator in ("gt", "lt") and len(values) != 1:
        errors.append(invalid(path, list(values), "for 'Gt', 'Lt' operators, exactly one value is required"))
    elif operator in ("gt", "lt") and _INT64.fullmatch(values[0]) is None:
        complaint = "for 'Gt', 'Lt' operators, the value must be an integer"
        errors.append(invalid(path.index(0), values[0], complaint))
    for position, value in enumerate(values):
        if found := names.label_value(value):
            errors.append(invalid(path.index(position).key(key), value, "; ".join(found)))
    if errors:
        texts = [str(each) for each in errors]
        raise bad_request(texts[0] if len(texts) == 1 else f"[{', '.join(texts)}]")
    return Requirement(key, operator, tuple(values))


_TOKEN = re.compile(r"[ \t\r\n]*(?:([=!(),<>]+)|([^=!(),<>\x00 \t\r\n]+))")
_SPECIAL = (")", ",", "!", "==", "=", ">", "<", "!=", "(")


class _LabelParser:
    """Reads tokens: texts, with a flag whether they are symbols. The last one is empty: the end."""

    def __init__(self, text: str) -> None:
        self._tokens = list(_tokens(text))
        self._position = 0

    def parse(self) -> LabelSelector:
        found: list[Requirement] = []
        while True:
            kind, text = self._peek()
            if kind == "end":
                break
            if kind != "identifier" and text != "!":
                raise bad_request(f"found '{text}', expected: !, identifier, or 'end of string'")
            try:
                found.append(self._read_requirement())
            except StatusError as error:
                raise bad_request(f"unable to parse requirement: {error.message}") from None
            kind, text = self._next()
            if kind == "end":
                break
            if text != "," or kind != "symbol":
                raise bad_request(f"found '{text}', expected: ',' or 'end of string'")
            kind, text = self._peek()
            if kind != "identifier" and text != "!":
                raise bad_request(f"found '{text}', expected: identifier after ','")
        return LabelSelector(tuple(sorted(found, key=lambda each: each.key)))

    def _peek(self) -> tuple[str, str]:
        return self._tokens[min(self._position, len(self._tokens) - 1)]

    def _next(self) -> tuple[str, str]:
        token = self._peek()
        self._position += 1
        return token

    def _read_requirement(self) -> Requirement:
        kind, key = self._next()
        absent = (kind, key) == ("symbol", "!")
        if absent:
            kind, key = self._next()
        if kind != "identifier":
            raise bad_request(f"found '{key}', expected: identifier")
        if found := names.qualified_name(key):
            raise bad_request(str(invalid("<nil>", key, "; ".join(found))))
        if absent or self._peek() in (("end", ""), ("symbol", ",")):
            return Requirement(key, "!" if absent else "exists")
        _, text = self._next()
        operator = _SYMBOLS.get(text)
        if operator is None:
            raise bad_request(f"found '{text}', expected: {', '.join(_BINARY)}")
        values = self._read_values() if operator in ("in", "notin") else {self._read_value()}
        return requirement(key, operator, sorted(values))

    def _read_value(self) -> str:
        if self._peek() in (("end", ""), ("symbol", ",")):
            return ""
        kind, text = self._next()
        if kind != "identifier":
            raise bad_request(f"found '{text}', expected: identifier")
        return text

    def _read_values(self) -> set[str]:
        kind, text = self._next()
        if text != "(" or kind != "symbol":
            raise bad_request(f"found '{text}' expected: '('")
        kind, text = self._peek()
        if kind != "identifier" and text not in (",", ")"):
            raise bad_request(f"found '{text}', expected: ',', ')' or identifier")
        values: set[str] = set()
        wanted = True  # a value may stand here; where none does it is the empty one
        while True:
            kind, text = self._next()
            if kind == "identifier":
                values.add(text)
                wanted = False
                follows = self._peek()
                if follows not in (("symbol", ","), ("symbol", ")")):
                    raise bad_request(f"found '{follows[1]}', expected: ',' or ')'")
            elif text in (",", ")"):
                if wanted:
                    values.add("")
                if text == ")":
                    return values
                wanted = True
            else:
                raise bad_request(f"found '{text}', expected: ',', or identifier")


def _tokens(text: str) -> Iterable[tuple[str, str]]:
    position = 0
    text = text.partition("\x00")[0]  # where upstream's scanner ends
    while found := _TOKEN.match(text, position):
        position = found.end()
        if found.group(2) is not None:
            yield "identifier", found.group(2)
        else:
            yield from _symbols(found.group(1))
    yield "end", ""


def _symbols(run: str) -> Iterable[tuple[str, str]]:
    """The longest at each place."""
    position = 0
    while position < len(run):
        size = 2 if run[position : position + 2] in _SPECIAL else 1
        yield "symbol", run[position : position + size]
        position += size


def validate_label_selector(selector: Object | None, path: Path) -> list[FieldError]:
    """What is wrong with a metav1.LabelSelector (pkg/apis/meta/v1/validation)."""
    if selector is None:
        return []
    errors = names.validate_labels(selector.get("matchLabels") or {}, path.child("matchLabels"))
    for position, each in enumerate(selector.get("matchExpressions") or ()):
        errors += _validate_expression(each, path.child("matchExpressions").index(position))
    return errors


def _validate_expression(expression: Object, path: Path) -> list[FieldError]:
    operator, values, key = expression.get("operator", ""), expression.get("values") or [], expression.get("key", "")
    errors: list[FieldError] = []
    if operator in ("In", "NotIn"):
        if not values:
            must = "must be specified when `operator` is 'In' or 'NotIn'"
            errors.append(field_required(path.child("values"), must))
    elif operator in ("Exists", "DoesNotExist"):
        if values:
            may_not = "may not be specified when `operator` is 'Exists' or 'DoesNotExist'"
            errors.append(field_forbidden(path.child("values"), may_not))
    else:
        errors.append(invalid(path.child("operator"), operator, "not a valid selector operator"))
    errors += names.complain(path.child("key"), key, names.qualified_name(key))
    for position, value in enumerate(values):
        errors += names.complain(path.child("values").index(position), value, names.label_value(value))
    return errors


class FieldTerm(msgspec.Struct, frozen=True):
    name: str
    value: str
    equal: bool = True

    def __str__(self) -> str:
        return f"{self.name}{'=' if self.equal else '!='}{_escaped(self.value)}"


class FieldSelector(msgspec.Struct, frozen=True):
    """All terms hold; a field that is not there is empty."""

    terms: tuple[FieldTerm, ...] = ()

    def matches(self, fields: Mapping[str, str]) -> bool:
        return all((fields.get(each.name, "") == each.value) is each.equal for each in self.terms)

    def requires(self, name: str) -> str | None:
        """The value that the field must have; None when any will do."""
        return next((each.value for each in self.terms if each.name == name and each.equal), None)

    @property
    def is_everything(self) -> bool:
        return not self.terms

    @property
    def names(self) -> tuple[str, ...]:
        """The fields it asks for: a kind knows which it has."""
        return tuple(each.name for each in self.terms)

    def __str__(self) -> str:
        return ",".join(map(str, self.terms))


_UNESCAPED_COMMA = re.compile(r"(?:[^\\,]|\\.|\\$)+", re.DOTALL)
_TERM = re.compile(r"((?:\\.|[^\\=!]|!(?!=))*)(!=|==|=)(.*)", re.DOTALL)


def parse_fields(text: str) -> FieldSelector:
    """Of ``status.phase=Running,metadata.name!=x``; backslash, comma and equals sign in a value are escaped by a
    backslash. Raises StatusError 400."""
    terms = []
    for part in sorted(_UNESCAPED_COMMA.findall(text)):
        found = _TERM.fullmatch(part)
        if found is None:
            raise bad_request(f"invalid selector: '{text}'; can't understand '{part}'")
        name, operator, value = found.groups()
        terms.append(FieldTerm(name, _unescaped(value), operator != "!="))
    return FieldSelector(tuple(terms))


def _escaped(value: str) -> str:
    return re.sub(r"([\\,=])", r"\\\1", value)


def _unescaped(value: str) -> str:
    if not any(special in value for special in "\\,="):
        return value
    found: list[str] = []
    characters = iter(value)
    for character in characters:
        if character == "\\":
            escaped = next(characters, "")
            if escaped not in ("\\", ",", "=") or not escaped:
                raise bad_request(f"invalid field selector: invalid escape sequence: \\{escaped}")
            found.append(escaped)
        elif character in ",=":
            raise bad_request(f"invalid field selector: unescaped character in value: {character}")
        else:
            found.append(character)
    return "".join(found)
