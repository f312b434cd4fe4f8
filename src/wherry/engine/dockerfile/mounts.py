"""``RUN --mount=…``: comma-separated options. Pure.

Keys, defaults, checks and error texts are BuildKit's (frontend/dockerfile/instructions/commands_runmount.go). Options
are read twice: when the file is parsed only ``from`` is, because the graph of stages needs it; the others may have
variables and are read by :func:`mount` when the step is about to run.
"""

import csv
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from types import MappingProxyType

from wherry.engine.dockerfile.expand import Lookup, expand
from wherry.engine.dockerfile.model import Mount, MountFlag, MountType, Sharing
from wherry.engine.dockerfile.suggest import suggestion
from wherry.engine.dockerfile.words import quoted
from wherry.kit.errors import Invalid

_TYPES = {kind.value: kind for kind in MountType}
_SHARINGS = {kind.value: kind for kind in Sharing}
_BOOLEANS = {
    **dict.fromkeys(("1", "t", "T", "TRUE", "true", "True"), True),
    **dict.fromkeys(("0", "f", "F", "FALSE", "false", "False"), False),
}
_OWNED = (MountType.CACHE, MountType.SECRET, MountType.SSH)
_WRITABLE = (MountType.CACHE, MountType.TMPFS)
_SIZE = re.compile(r"(\d{1,15}(?:\.\d{1,9})?) ?([kmgtpKMGTP]?)(?:[iI]?[bB])?", re.ASCII)
_UNITS = {"": 1, "k": 1 << 10, "m": 1 << 20, "g": 1 << 30, "t": 1 << 40, "p": 1 << 50}
_ID_LIMIT = 1 << 32


def mount_flag(text: str) -> MountFlag:
    """The flag as written, with its ``from`` read. Raises Invalid for a ``from`` with variables."""
    from_ = ""
    for key, value in _fields(text):
        if key == "from" and value is not None:
            if "$" in value[:-1]:
                raise Invalid("'from' doesn't support variable expansion, define alias stage instead")
            from_ = value
    return MountFlag(text, from_)


def mount(flag: MountFlag, lookup: Lookup, escape: str) -> Mount:
    """The flag with its values expanded and checked. Raises Invalid."""
    options = _Options()
    for key, value in _fields(flag.text):
        if value is None:
            _bare(options, key)
        elif key in _SETTERS:
            _SETTERS[key](options, key, expand(value, lookup, escape))
        else:
            raise Invalid(f"unexpected key '{key}' in '{key}={value}'{suggestion(key, _SETTERS)}")
    return options.mount()


def _fields(text: str) -> list[tuple[str, str | None]]:
    """Keys in lower case with their values; None where there is no ``=``."""
    try:
        fields = next(csv.reader([text], strict=True), [])
    except csv.Error as error:
        raise Invalid(f"failed to parse csv mounts: {error}") from error
    parts = [one.partition("=") for one in fields]
    return [(key.lower(), value if equals else None) for key, equals, value in parts]


@dataclass(slots=True)
class _Options:
    """What was said so far; None is not said."""

    type: MountType = MountType.BIND
    texts: dict[str, str] = field(default_factory=dict)
    numbers: dict[str, int] = field(default_factory=dict)
    read_only: bool | None = None
    required: bool = False
    sharing: Sharing | None = None
    size_bytes: int = 0

    def mount(self) -> Mount:
        """The whole, checked."""
        self._check()
        texts = self.texts
        return Mount(
            type=self.type,
            id=texts.get("id", ""),
            target=texts.get("target", ""),
            source=texts.get("source", ""),
            from_=texts.get("from", ""),
            read_only=self.type not in _WRITABLE if self.read_only is None else self.read_only,
            sharing=self.sharing or Sharing.SHARED,
            mode=self.numbers.get("mode"),
            uid=self.numbers.get("uid"),
            gid=self.numbers.get("gid"),
            size_bytes=self.size_bytes,
            required=self.required,
            env=texts.get("env"),
        )

    def _check(self) -> None:
        for name in ("mode", "uid", "gid"):
            if name in self.numbers and self.type not in _OWNED:
                raise Invalid(f"{name} not allowed for {quoted(self.type.value)} type mounts")
        if self.type is MountType.SECRET:
            self._check_secret()
        if self.sharing is not None and self.type is not MountType.CACHE:
            raise Invalid(f"invalid cache sharing set for {self.type.value} mount")

    def _check_secret(self) -> None:
        if self.texts.get("from"):
            raise Invalid("secret mount should not have a from")
        if self.sharing is not None:
            raise Invalid("secret mount should not define sharing")
        if not any(self.texts.get(name) for name in ("source", "target", "id")):
            raise Invalid("invalid secret mount. one of source, target required")
        if self.texts.get("source") and self.texts.get("id"):
            raise Invalid("both source and id can't be set")


def _bare(options: _Options, key: str) -> None:
    """A key without a value."""
    match key:
        case "readonly" | "ro" | "readwrite" | "rw":
            options.read_only = key in ("readonly", "ro")
        case "required":
            _required(options, key, "true")
        case _:
            raise Invalid(f"invalid field '{key}' must be a key=value pair")


def _type(options: _Options, key: str, value: str) -> None:
    if value.lower() not in _TYPES:
        raise Invalid(f"unsupported mount type {quoted(value)}{suggestion(value, _TYPES)}")
    options.type = _TYPES[value.lower()]


def _text(name: str) -> Callable[[_Options, str, str], None]:
    def put(options: _Options, key: str, value: str) -> None:
        options.texts[name] = value

    return put


def _read_only(options: _Options, key: str, value: str) -> None:
    options.read_only = _boolean(key, value) is (key in ("readonly", "ro"))


def _required(options: _Options, key: str, value: str) -> None:
    if options.type not in (MountType.SECRET, MountType.SSH):
        raise Invalid(f"unexpected key '{key}' for mount type '{options.type.value}'")
    options.required = _boolean(key, value)


def _boolean(key: str, value: str) -> bool:
    if value not in _BOOLEANS:
        raise Invalid(f"invalid value for {key}: {value}")
    return _BOOLEANS[value]


def _size(options: _Options, key: str, value: str) -> None:
    if options.type is not MountType.TMPFS:
        raise Invalid(f"unexpected key '{key}' for mount type '{options.type.value}'")
    match = _SIZE.fullmatch(value)
    if match is None:
        raise Invalid(f"invalid value for {key}: {value}")
    options.size_bytes = int(float(match[1]) * _UNITS[match[2].lower()])


def _sharing(options: _Options, key: str, value: str) -> None:
    if value.lower() not in _SHARINGS:
        raise Invalid(f"unsupported sharing value {quoted(value)}{suggestion(value, _SHARINGS)}")
    options.sharing = _SHARINGS[value.lower()]


def _number(base: int, digits: str) -> Callable[[_Options, str, str], None]:
    def put(options: _Options, key: str, value: str) -> None:
        if not re.fullmatch(rf"[{digits}]{{1,12}}", value) or int(value, base) >= _ID_LIMIT:
            raise Invalid(f"invalid value {value} for {key}")
        options.numbers[key] = int(value, base)

    return put


_SETTERS: Mapping[str, Callable[[_Options, str, str], None]] = MappingProxyType(
    {
        "type": _type,
        "from": _text("from"),
        **dict.fromkeys(("source", "src"), _text("source")),
        **dict.fromkeys(("target", "dst", "destination"), _text("target")),
        **dict.fromkeys(("readonly", "ro", "readwrite", "rw"), _read_only),
        "required": _required,
        "size": _size,
        "id": _text("id"),
        "sharing": _sharing,
        "mode": _number(8, "0-7"),
        "uid": _number(10, "0-9"),
        "gid": _number(10, "0-9"),
        "env": _text("env"),
    }
)
