"""Findings that show when variables are followed through the stages. Pure."""

import posixpath
import re
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import suppress
from dataclasses import dataclass, field, replace
from typing import Protocol

from wherry.engine.dockerfile import rules
from wherry.engine.dockerfile.expand import expand
from wherry.engine.dockerfile.graph import SCRATCH
from wherry.engine.dockerfile.lint_text import Written, written
from wherry.engine.dockerfile.model import (
    Add,
    Arg,
    Cmd,
    Copy,
    Dockerfile,
    Entrypoint,
    Env,
    Expose,
    From,
    Instruction,
    Location,
    Shell,
    ShellForm,
    Workdir,
)
from wherry.engine.dockerfile.ports import Specification
from wherry.engine.dockerfile.resolve import resolved
from wherry.engine.dockerfile.rules import Finding
from wherry.engine.dockerfile.scope import Globals, Scope, global_scope
from wherry.engine.dockerfile.suggest import nearest
from wherry.engine.dockerfile.words import quoted
from wherry.kit.errors import Invalid
from wherry.oci.model import ContainerConfig
from wherry.oci.platform import Platform
from wherry.oci.reference import Reference

_SECRET = re.compile(
    r"(?:_|^)(?:apikey|auth|credentials?|key|password|pword|passwd|secret|token)(?:_|$)", re.IGNORECASE
)
_NO_SECRET = re.compile(r"(?:_|^)(?:public|file|version)(?:_|$)", re.IGNORECASE)
_REMOTE = re.compile(r"(?:https?|git|ssh)://|git@", re.IGNORECASE)


class Known(Protocol):
    """What is known besides the file: :class:`lint.Circumstances`."""

    @property
    def build_args(self) -> Mapping[str, str]: ...
    @property
    def automatic(self) -> Mapping[str, str]: ...
    @property
    def bases(self) -> Mapping[int, ContainerConfig]: ...
    @property
    def ignores(self) -> Callable[[str], bool] | None: ...


@dataclass(slots=True)
class _Recorder:
    """A lookup that remembers which names it was asked for."""

    values: Mapping[str, str]
    found: set[str] = field(default_factory=set)
    missing: set[str] = field(default_factory=set)

    def __call__(self, name: str) -> str | None:
        value = self.values.get(name)
        (self.missing if value is None else self.found).add(name)
        return value


@dataclass(frozen=True, slots=True)
class _State:
    """A stage at one point of it. ``is_open``: its base is unknown, and so is what variables it has."""

    scope: Scope = field(default_factory=Scope)
    is_open: bool = False
    has_shell: bool = False
    has_workdir: bool = False


def variable_findings(dockerfile: Dockerfile, known: Known) -> Iterator[Finding]:
    """Of all rules that need variables. What cannot be expanded has no finding: the build will refuse it."""
    try:
        globals_ = global_scope(dockerfile, known.build_args, known.automatic)
        defaults = global_scope(dockerfile, {}, known.automatic)
    except Invalid:
        return
    states: dict[str, _State] = {}
    lines = iter(written(dockerfile)[len(dockerfile.arguments) :])
    for stage in dockerfile.stages:
        next(lines)  # FROM
        yield from _origin(stage.origin, dockerfile, globals_, defaults)
        walk = _Walk(_beginning(stage.origin, stage.index, states, globals_, known), globals_, known)
        for _ in stage.instructions:
            yield from walk.findings(next(lines))
        if stage.name:
            states[stage.name] = walk.state


def _beginning(origin: From, index: int, states: Mapping[str, _State], globals_: Globals, known: Known) -> _State:
    with suppress(Invalid):
        base = expand(origin.base, globals_.lookup, globals_.escape)
        if base in states:
            return states[base]
        config = ContainerConfig() if base == SCRATCH else known.bases.get(index)
        if config is not None:
            return _State(Scope().beginning(config.env or ()), has_shell=bool(config.shell))
    return _State(is_open=True)


def _origin(origin: From, dockerfile: Dockerfile, globals_: Globals, defaults: Globals) -> Iterator[Finding]:
    declared = {argument.name for one in dockerfile.arguments for argument in one.arguments}
    names = declared | set(globals_.values)
    for text in (origin.base, origin.platform):
        recorder = _Recorder(globals_.values)
        with suppress(Invalid):
            expand(text, recorder, globals_.escape)
        for name in sorted(recorder.missing - names):
            meant = nearest(name, names)
            message = f"FROM argument '{name}' is not declared" + (f" (did you mean {meant}?)" if meant else "")
            yield Finding(rules.UNDEFINED_ARG_IN_FROM, message, origin.location)
    yield from _default_base(origin, defaults)
    if origin.platform:
        yield from _platform(origin, globals_)


def _default_base(origin: From, defaults: Globals) -> Iterator[Finding]:
    try:
        Reference.parse(expand(origin.base, defaults.lookup, defaults.escape))
    except Invalid:
        message = f"Default value for ARG {origin.base} results in empty or invalid base image name"
        yield Finding(rules.INVALID_DEFAULT_ARG_IN_FROM, message, origin.location)


def _platform(origin: From, globals_: Globals) -> Iterator[Finding]:
    recorder = _Recorder(globals_.values)
    with suppress(Invalid):
        value = expand(origin.platform, recorder, globals_.escape)
        if recorder.found == {"TARGETPLATFORM"} and not recorder.missing:
            if value == globals_.values["TARGETPLATFORM"]:
                what = f"Setting platform to predefined {origin.platform} in FROM is redundant"
                message = f"{what} as this is the default behavior"
                yield Finding(rules.REDUNDANT_TARGET_PLATFORM, message, origin.location)
        elif not recorder.found and not recorder.missing and not _is_in_name(value, origin.name):
            message = f"FROM --platform flag should not use constant value {quoted(value)}"
            yield Finding(rules.FROM_PLATFORM_FLAG_CONST_DISALLOWED, message, origin.location)


def _is_in_name(platform: str, name: str) -> bool:
    """A stage that is called by its platform is meant to have it."""
    said = Platform.parse(platform)
    return bool(name) and (said.os in name or said.architecture in name)


class _Walk:
    """Goes through a stage, instruction by instruction."""

    def __init__(self, state: _State, globals_: Globals, known: Known) -> None:
        self.state = state
        self._globals = globals_
        self._known = known

    def findings(self, one: Written) -> Iterator[Finding]:
        """Of the next instruction."""
        recorder = _Recorder(self.state.scope.values)
        with suppress(Invalid):
            done = self._resolved(one.instruction, recorder)
            yield from self._undefined(recorder, one.location)
            yield from self._of(done, one)
            self._after(done)

    def _resolved(self, instruction: Instruction, recorder: _Recorder) -> Instruction:
        if not isinstance(instruction, Arg):
            return resolved(instruction, recorder, self._globals.escape)
        for argument in instruction.arguments:
            if argument.default is not None and argument.name not in self._globals.build_args:
                expand(argument.default, recorder, self._globals.escape)
            recorder.missing.discard(argument.name)
        return instruction

    def _undefined(self, recorder: _Recorder, location: Location) -> Iterator[Finding]:
        if self.state.is_open:
            return
        for name in sorted(recorder.missing - set(self.state.scope.arguments)):
            meant = nearest(name, self.state.scope.values)
            message = f"Usage of undefined variable '${name}'" + (f" (did you mean ${meant}?)" if meant else "")
            yield Finding(rules.UNDEFINED_VAR, message, location)

    def _of(self, done: Instruction, one: Written) -> Iterator[Finding]:
        match done:
            case Arg():
                yield from _secrets("ARG", [argument.name for argument in done.arguments], done.location)
            case Env():
                yield from _secrets("ENV", [pair.key for pair in done.pairs], done.location)
            case Workdir() if not self.state.has_workdir and not done.path.startswith("/"):
                what = f"Relative workdir {quoted(done.path)}"
                message = f"{what} can have unexpected results if the base image changes"
                yield Finding(rules.WORKDIR_RELATIVE_PATH, message, done.location)
            case Cmd() | Entrypoint() if isinstance(done.command, ShellForm) and not self.state.has_shell:
                what = f"JSON arguments recommended for {one.name}"
                message = f"{what} to prevent unintended behavior related to OS signals"
                yield Finding(rules.JSON_ARGS_RECOMMENDED, message, done.location)
            case Expose():
                yield from _ports(done)
            case Copy() | Add():
                yield from self._ignored(done)

    def _ignored(self, done: Copy | Add) -> Iterator[Finding]:
        ignores = self._known.ignores
        if ignores is None or (isinstance(done, Copy) and done.from_):
            return
        for source in done.sources:
            path = posixpath.normpath(source).strip("/")
            if path != "." and not _REMOTE.match(source) and ignores(path):
                verb = "Copy" if isinstance(done, Copy) else "Add"
                message = f"Attempting to {verb} file {quoted(path)} that is excluded by .dockerignore"
                yield Finding(rules.COPY_IGNORED_FILE, message, done.location)

    def _after(self, done: Instruction) -> None:
        match done:
            case Arg():
                scope, _ = self.state.scope.declaring(done, self._globals)
                self.state = replace(self.state, scope=scope)
            case Env():
                self.state = replace(self.state, scope=self.state.scope.defining(done))
            case Shell():
                self.state = replace(self.state, has_shell=True)
            case Workdir():
                self.state = replace(self.state, has_workdir=True)


def _secrets(instruction: str, names: Sequence[str], location: Location) -> Iterator[Finding]:
    for name in names:
        if _SECRET.search(name) and not _NO_SECRET.search(name):
            message = f"Do not use ARG or ENV instructions for sensitive data ({instruction} {quoted(name)})"
            yield Finding(rules.SECRETS_USED_IN_ARG_OR_ENV, message, location)


def _ports(done: Expose) -> Iterator[Finding]:
    for port in done.ports:
        said = Specification.of(port)
        if said.protocol != said.protocol.lower():
            message = f"Defined protocol '{port}' in EXPOSE instruction should be lowercase"
            yield Finding(rules.EXPOSE_PROTO_CASING, message, done.location)
        if said.address or said.host:
            what = "EXPOSE instruction should not define an IP address or host-port mapping"
            yield Finding(rules.EXPOSE_INVALID_FORMAT, f"{what}, found '{port}'", done.location)
