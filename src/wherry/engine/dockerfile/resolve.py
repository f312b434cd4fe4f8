"""Instructions with their variables filled in. Pure.

Which fields are expanded, and how, is BuildKit's (the Expand methods of frontend/dockerfile/instructions/commands.go):
never the commands of RUN, CMD, ENTRYPOINT, SHELL, HEALTHCHECK, and never ONBUILD; those have a shell, or another time.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import replace
from types import MappingProxyType
from typing import TypeVar, cast

from wherry.engine.dockerfile.errors import located
from wherry.engine.dockerfile.expand import GROWTH_LIMIT, TOO_LONG, Lookup, expand, expand_document, expand_words
from wherry.engine.dockerfile.model import (
    Add,
    Copy,
    Env,
    Expose,
    From,
    HereDocument,
    Instruction,
    KeyValue,
    Label,
    Run,
    Stopsignal,
    User,
    Volume,
    Workdir,
)
from wherry.engine.dockerfile.mounts import mount
from wherry.engine.dockerfile.words import SPACES
from wherry.kit.errors import Invalid

AnyInstruction = TypeVar("AnyInstruction", bound=Instruction)


def resolved(instruction: AnyInstruction, lookup: Lookup, escape: str) -> AnyInstruction:
    """The instruction as it is to be done; all its values see ``lookup`` as it is before the instruction.

    An instruction without variables comes back as it is. ARG too: its values depend on what was asked for
    (:meth:`scope.Scope.declare`). Raises InvalidDockerfile.
    """
    with located(instruction.location):
        resolve = _RESOLVERS.get(type(instruction))
        if resolve is None:
            return instruction
        return cast(AnyInstruction, resolve(instruction, _Expander(lookup, escape)))


class _Expander:
    """One instruction's environment."""

    def __init__(self, lookup: Lookup, escape: str) -> None:
        self._lookup = lookup
        self._filled = 0
        self.escape = escape

    def lookup(self, name: str) -> str | None:
        """A variable's value. Invalid when all values together are too long."""
        value = self._lookup(name)
        self._filled += len(value or "")
        if self._filled > GROWTH_LIMIT:
            raise Invalid(TOO_LONG)
        return value

    def __call__(self, text: str) -> str:
        return expand(text, self.lookup, self.escape)

    def all(self, texts: Iterable[str]) -> tuple[str, ...]:
        """Each for itself."""
        return tuple(map(self, texts))

    def pairs(self, found: Iterable[KeyValue]) -> tuple[KeyValue, ...]:
        """Keys and values."""
        return tuple(KeyValue(self(pair.key), self(pair.value)) for pair in found)

    def documents(self, found: Iterable[HereDocument]) -> tuple[HereDocument, ...]:
        """Of COPY and ADD, whose names are quoted or not."""
        return tuple(
            replace(one, content=expand_document(one.content, self.lookup)) if one.expands else one for one in found
        )


def _from(one: From, expander: _Expander) -> From:
    base = expander(one.base)
    if not base:
        raise Invalid(f"base name ({one.base}) should not be blank")
    platform = expander(one.platform)
    if one.platform and not platform:
        raise Invalid(f"empty platform value from expression {one.platform}")
    return replace(one, base=base, platform=platform)


def _env(one: Env, expander: _Expander) -> Env:
    return replace(one, pairs=expander.pairs(one.pairs))


def _label(one: Label, expander: _Expander) -> Label:
    return replace(one, pairs=expander.pairs(one.pairs))


def _run(one: Run, expander: _Expander) -> Run:
    return replace(one, mounts=tuple(mount(flag, expander.lookup, expander.escape) for flag in one.mount_flags))


def _copy(one: Copy, expander: _Expander) -> Copy:
    return replace(
        one,
        sources=expander.all(one.sources),
        destination=expander(one.destination),
        heredocs=expander.documents(one.heredocs),
        chown=expander(one.chown),
        chmod=expander(one.chmod),
    )


def _add(one: Add, expander: _Expander) -> Add:
    return replace(
        one,
        sources=expander.all(one.sources),
        destination=expander(one.destination),
        heredocs=expander.documents(one.heredocs),
        chown=expander(one.chown),
        chmod=expander(one.chmod),
        checksum=expander(one.checksum),
    )


def _expose(one: Expose, expander: _Expander) -> Expose:
    words = (expand_words(port, expander.lookup, expander.escape) for port in one.ports)
    return replace(one, ports=tuple(port for ports in words for port in ports))


def _volume(one: Volume, expander: _Expander) -> Volume:
    paths = expander.all(one.paths)
    if not all(path.strip(SPACES) for path in paths):
        raise Invalid("VOLUME specified can not be an empty string")
    return replace(one, paths=paths)


def _workdir(one: Workdir, expander: _Expander) -> Workdir:
    return replace(one, path=expander(one.path))


def _user(one: User, expander: _Expander) -> User:
    return replace(one, user=expander(one.user))


def _stopsignal(one: Stopsignal, expander: _Expander) -> Stopsignal:
    return replace(one, signal=expander(one.signal))


# Each takes its own class: what the keys say, which no type can.
_Resolver = Callable[..., Instruction]
_RESOLVERS: Mapping[type[Instruction], _Resolver] = MappingProxyType(
    {
        Add: _add,
        Copy: _copy,
        Env: _env,
        Expose: _expose,
        From: _from,
        Label: _label,
        Run: _run,
        Stopsignal: _stopsignal,
        User: _user,
        Volume: _volume,
        Workdir: _workdir,
    }
)
