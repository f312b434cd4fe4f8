"""Statements as typed instructions: which arguments and flags each takes. Pure.

Rules and wording are those of BuildKit's frontend/dockerfile/instructions/parse.go, so that clients find the words they
know.
"""

import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from wherry.engine.dockerfile.copying import add, copy
from wherry.engine.dockerfile.flags import Flags, Kind
from wherry.engine.dockerfile.health import healthcheck
from wherry.engine.dockerfile.lines import Line
from wherry.engine.dockerfile.model import (
    Arg,
    Argument,
    Cmd,
    Command,
    Entrypoint,
    Env,
    ExecForm,
    Expose,
    From,
    Instruction,
    Label,
    Maintainer,
    Onbuild,
    Run,
    Shell,
    ShellForm,
    Stopsignal,
    User,
    Volume,
    Workdir,
)
from wherry.engine.dockerfile.mounts import mount_flag
from wherry.engine.dockerfile.statement import Statement
from wherry.engine.dockerfile.suggest import nearest, suggestion
from wherry.engine.dockerfile.words import SPACES, pairs, quoted, split_blanks, split_quoted
from wherry.kit.errors import Invalid

_STAGE_NAME = re.compile(r"[a-z][a-z0-9-_.]*", re.ASCII)
_NO_TRIGGERS = frozenset({"MAINTAINER", "FROM"})
_NETWORKS = ("default", "none", "host")
_SECURITIES = ("sandbox", "insecure")


def instruction(line: Line, escape: str) -> Instruction:
    """The instruction that a line is. Raises Invalid, without saying where."""
    said = line.statement
    parse = _PARSERS.get(said.keyword)
    if parse is None:
        raise Invalid(f"unknown instruction: {said.name}{_meant(said.name)}")
    return parse(line, escape)


def _meant(name: str) -> str:
    """A suggestion in the case that was typed."""
    found = nearest(name.lower(), _PARSERS)
    return f" (did you mean {found if name.islower() else found.upper()}?)" if found else ""


def _no_flags(said: Statement) -> None:
    Flags(said.flags, {})


def _one(said: Statement) -> str:
    """The only argument: the rest of the line."""
    if not said.rest:
        raise Invalid(f"{said.keyword.upper()} requires exactly one argument")
    _no_flags(said)
    return said.rest


def _some(said: Statement, arguments: Sequence[str]) -> tuple[str, ...]:
    if not arguments:
        raise Invalid(f"{said.keyword.upper()} requires at least one argument")
    _no_flags(said)
    return tuple(arguments)


def _command(said: Statement) -> Command:
    return ShellForm(said.rest) if said.array is None else ExecForm(said.array)


def _from(line: Line, escape: str) -> From:
    said = line.statement
    words = split_blanks(said.rest)
    name = ""
    if len(words) == 3 and words[1].lower() == "as":
        name = words[2].lower()
        if not _STAGE_NAME.fullmatch(name):
            problem = "name can't start with a number or contain symbols"
            raise Invalid(f"invalid name for build stage: {quoted(words[2])}, {problem}")
    elif len(words) != 1:
        raise Invalid("FROM requires either one or three arguments")
    flags = Flags(said.flags, {"platform": Kind.TEXT})
    return From(line.location, words[0], name, flags.text("platform"))


def _arg(line: Line, escape: str) -> Arg:
    words = _some(line.statement, split_quoted(line.statement.rest, escape))
    return Arg(line.location, tuple(_argument(word) for word in words))


def _argument(word: str) -> Argument:
    name, equals, default = word.partition("=")
    if not name:
        raise Invalid("ARG names can not be blank")
    return Argument(name, default if equals else None)


def _env(line: Line, escape: str) -> Env:
    found, is_legacy = pairs(line.statement.rest, "ENV", escape)
    _no_flags(line.statement)
    return Env(line.location, found, is_legacy)


def _label(line: Line, escape: str) -> Label:
    found, is_legacy = pairs(line.statement.rest, "LABEL", escape)
    _no_flags(line.statement)
    return Label(line.location, found, is_legacy)


_RUN_FLAGS = {"mount": Kind.TEXTS, "network": Kind.TEXT, "security": Kind.TEXT, "device": Kind.TEXTS}


def _run(line: Line, escape: str) -> Run:
    flags = Flags(line.statement.flags, _RUN_FLAGS)
    return Run(
        line.location,
        _command(line.statement),
        line.documents,
        tuple(mount_flag(text) for text in flags.texts("mount")),
        network=_chosen(flags.text("network").lower() or _NETWORKS[0], "network mode", _NETWORKS),
        security=_chosen(flags.text("security").lower() or _SECURITIES[0], "security", _SECURITIES),
        devices=flags.texts("device"),
    )


def _chosen(value: str, what: str, options: Sequence[str]) -> str:
    if value not in options:
        raise Invalid(f"invalid {what}: {quoted(value)}{suggestion(value, options)}")
    return value


def _cmd(line: Line, escape: str) -> Cmd:
    _no_flags(line.statement)
    return Cmd(line.location, _command(line.statement))


def _entrypoint(line: Line, escape: str) -> Entrypoint:
    _no_flags(line.statement)
    return Entrypoint(line.location, _command(line.statement))


def _shell(line: Line, escape: str) -> Shell:
    said = line.statement
    if not (said.rest if said.array is None else said.array):
        raise Invalid("SHELL requires at least one argument")
    _no_flags(said)
    if said.array is None:
        raise Invalid(f"SHELL requires the arguments to be in JSON form{_backslashes(said.text)}")
    return Shell(line.location, said.array)


def _backslashes(text: str) -> str:
    """JSON needs them doubled, which a Windows path easily forgets."""
    if "[" in text and "\\" in text:
        return f". It looks like '{text.partition('[')[2].rpartition(']')[0]}' has unescaped backslashes"
    return ""


def _expose(line: Line, escape: str) -> Expose:
    # Sorted as text, as BuildKit does; the order shows in the image's history only.
    return Expose(line.location, tuple(sorted(_some(line.statement, split_blanks(line.statement.rest)))))


def _volume(line: Line, escape: str) -> Volume:
    said = line.statement
    words = _some(said, split_blanks(said.rest) if said.array is None else said.array)
    paths = tuple(word.strip(SPACES) for word in words)
    if not all(paths):
        raise Invalid("VOLUME specified can not be an empty string")
    return Volume(line.location, paths)


def _onbuild(line: Line, escape: str) -> Onbuild:
    said = line.statement
    trigger = said.trigger()
    if trigger is None:
        raise Invalid("ONBUILD requires at least one argument")
    _no_flags(said)
    keyword = trigger.name.upper()
    if keyword == "ONBUILD":
        raise Invalid("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
    if keyword in _NO_TRIGGERS:
        raise Invalid(f"{keyword} isn't allowed as an ONBUILD trigger")
    bodies = [f"\n{document.content}{document.name}" for document in line.documents]
    return Onbuild(line.location, said.rest + "".join(bodies))


_PARSERS: Mapping[str, Callable[[Line, str], Instruction]] = MappingProxyType(
    {
        "add": lambda line, escape: add(line),
        "arg": _arg,
        "cmd": _cmd,
        "copy": lambda line, escape: copy(line),
        "entrypoint": _entrypoint,
        "env": _env,
        "expose": _expose,
        "from": _from,
        "healthcheck": lambda line, escape: healthcheck(line),
        "label": _label,
        "maintainer": lambda line, escape: Maintainer(line.location, _one(line.statement)),
        "onbuild": _onbuild,
        "run": _run,
        "shell": _shell,
        "stopsignal": lambda line, escape: Stopsignal(line.location, _one(line.statement)),
        "user": lambda line, escape: User(line.location, _one(line.statement)),
        "volume": _volume,
        "workdir": lambda line, escape: Workdir(line.location, _one(line.statement)),
    }
)
