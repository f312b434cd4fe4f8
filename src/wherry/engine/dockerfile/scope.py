"""Who sees which variable: global arguments, stages' arguments, environment. Pure.

As BuildKit has it (frontend/dockerfile/dockerfile2llb/convert.go): a stage has one environment in which ARG and ENV
both put their values, the later one winning; an ARG without a value of its own takes the build argument's, else the
global one's; a stage that begins from another inherits all of it. Build arguments that no ARG declares reach nothing
but the automatic arguments and the proxies.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field, replace

from wherry.engine.dockerfile.errors import located
from wherry.engine.dockerfile.expand import Lookup, expand
from wherry.engine.dockerfile.model import BACKSLASH, Arg, Argument, Dockerfile, Env
from wherry.kit.errors import Invalid
from wherry.oci.platform import Platform

DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"
"""What a stage has for PATH whose base has none (BuildKit util/system/path.go)."""

PROXY_NAMES = ("HTTP_PROXY", "HTTPS_PROXY", "FTP_PROXY", "NO_PROXY", "ALL_PROXY")
"""Build arguments that RUN steps see undeclared, in both cases, and that are neither history nor cache key."""


def platform_arguments(build: Platform, target: Platform, target_stage: str) -> dict[str, str]:
    """The automatic arguments of the global scope. ``target_stage``: the name of the stage to build, or "default"."""
    found: dict[str, str] = {}
    for prefix, platform in (("BUILD", build), ("TARGET", target)):
        found |= {
            f"{prefix}PLATFORM": str(platform),
            f"{prefix}OS": platform.os,
            f"{prefix}OSVERSION": "",
            f"{prefix}ARCH": platform.architecture,
            f"{prefix}VARIANT": platform.variant,
        }
    return found | {"TARGETSTAGE": target_stage or "default"}


def proxy_environment(build_args: Mapping[str, str]) -> dict[str, str]:
    """What RUN steps get of :data:`PROXY_NAMES`: each in both cases."""
    given = {name.upper(): value for name, value in build_args.items() if name.upper() in PROXY_NAMES}
    return {cased: value for name, value in sorted(given.items()) for cased in (name, name.lower())}


def unused(dockerfile: Dockerfile, build_args: Iterable[str]) -> list[str]:
    """Build arguments that no ARG declares and nothing predefines, sorted: Docker's "were not consumed"."""
    instructions = [*dockerfile.arguments, *(one for stage in dockerfile.stages for one in stage.instructions)]
    declared = {argument.name for one in instructions if isinstance(one, Arg) for argument in one.arguments}
    return sorted(name for name in build_args if name not in declared and not _is_predefined(name))


def _is_predefined(name: str) -> bool:
    known = name.upper() in PROXY_NAMES or name == "SOURCE_DATE_EPOCH" or name.startswith("BUILDKIT_")
    return known or name in _AUTOMATIC


_AUTOMATIC = frozenset(platform_arguments(Platform("", ""), Platform("", ""), ""))


@dataclass(frozen=True, slots=True)
class Globals:
    """What FROM sees, and stages' ARGs without a value. ``build_args`` are those of the request."""

    values: Mapping[str, str] = field(default_factory=dict)
    build_args: Mapping[str, str] = field(default_factory=dict)
    escape: str = BACKSLASH

    def lookup(self, name: str) -> str | None:
        """For :func:`resolve.resolved` of a From."""
        return self.values.get(name)


def global_scope(dockerfile: Dockerfile, build_args: Mapping[str, str], automatic: Mapping[str, str]) -> Globals:
    """The ARGs before the first FROM, given their values in order. ``automatic`` is :func:`platform_arguments`.

    A build argument overrides an automatic one as it does a default. Raises InvalidDockerfile.
    """
    _check(build_args)
    values = {name: build_args.get(name, value) for name, value in automatic.items()}
    for one in dockerfile.arguments:
        with located(one.location):
            for argument in one.arguments:
                value = _value(argument, build_args, values.get, dockerfile.escape)
                if value is not None:
                    values[argument.name] = value
    return Globals(values, dict(build_args), dockerfile.escape)


def _check(values: Mapping[str, str]) -> None:
    for name, value in values.items():
        if "\0" in name + value:
            raise Invalid(f"the value of {name!a} contains a null character")


def _value(argument: Argument, given: Mapping[str, str], lookup: Lookup, escape: str) -> str | None:
    """A default is not even read when it is not needed: ``${X:?}`` in it fails only without a build argument."""
    if argument.name in given:
        return given[argument.name]
    return None if argument.default is None else expand(argument.default, lookup, escape)


@dataclass(frozen=True, slots=True)
class Scope:
    """The variables of a stage at one point of it. ``values`` in the order in which RUN's environment has them.

    ``arguments``: the names that ARG declared so far, each once, with their values if they have one; children inherit
    them, and they are part of RUN's history and cache key.
    """

    values: Mapping[str, str] = field(default_factory=dict)
    arguments: Mapping[str, str | None] = field(default_factory=dict)

    def lookup(self, name: str) -> str | None:
        """For :func:`resolve.resolved` of this stage's instructions."""
        return self.values.get(name)

    def beginning(self, environment: Sequence[str]) -> "Scope":
        """At a stage's beginning: ``environment`` is its base's ``Env``, over what a parent stage's scope holds."""
        parts = (entry.partition("=") for entry in environment)
        scope = self.putting((name, value) for name, _, value in parts)
        return scope if "PATH" in scope.values else scope.putting([("PATH", DEFAULT_PATH)])

    def putting(self, variables: Iterable[tuple[str, str]]) -> "Scope":
        """With the variables set, one after the other; each moves to the end."""
        values = dict(self.values)
        for name, value in variables:
            _check({name: value})
            values.pop(name, None)
            values[name] = value
        return replace(self, values=values)

    def defining(self, instruction: Env) -> "Scope":
        """After an ENV, which is resolved already."""
        return self.putting((pair.key, pair.value) for pair in instruction.pairs)

    def declaring(self, instruction: Arg, globals_: Globals) -> "tuple[Scope, Arg]":
        """After an ARG, and the ARG with the values that its names got. Raises InvalidDockerfile."""
        scope = self
        declared: list[Argument] = []
        with located(instruction.location):
            for argument in instruction.arguments:
                value = scope._given(argument, globals_)
                declared.append(Argument(argument.name, value))
                if value is not None:
                    scope = scope.putting([(argument.name, value)])
                scope = replace(scope, arguments={**scope.arguments, argument.name: value})
        return scope, replace(instruction, arguments=tuple(declared))

    def _given(self, argument: Argument, globals_: Globals) -> str | None:
        value = _value(argument, globals_.build_args, self.lookup, globals_.escape)
        return globals_.lookup(argument.name) if value is None else value
