"""Changes to an image's configuration, written as Dockerfile instructions (``docker import --change``, ``commit``).

Rules and wording are those of moby's ``dockerfile.BuildFromConfig`` (28.x) and of the instruction parsers it takes from
BuildKit (frontend/dockerfile/instructions/parse.go), so that clients find the words they know.
"""

import posixpath
import re
from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

import msgspec

from wherry.engine.images.instructions import Instruction, parse
from wherry.engine.images.words import expand
from wherry.kit.durations import parse_duration
from wherry.kit.errors import Invalid
from wherry.oci.model import ContainerConfig, Healthcheck

_SHELL = ("/bin/sh", "-c")
_MINIMUM_NANOSECONDS = 1_000_000  # moby container.MinimumDuration: 1 ms
_PORT = re.compile(r"^(\d{1,5})(?:-(\d{1,5}))?(?:/([A-Za-z]*))?$")
_SIGNAL = re.compile(
    r"ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IO|IOT|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|STKFLT|STOP|SYS|TERM|TRAP"
    r"|TSTP|TTIN|TTOU|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ|RTMIN(\+([1-9]|1[0-5]))?|RTMAX(-([1-9]|1[0-4]))?"
)
_HEALTH_DURATIONS = MappingProxyType(
    {"interval": "interval", "timeout": "timeout", "start-period": "start_period", "start-interval": "start_interval"}
)


class _State:
    """The configuration so far. ``cmd_set``: a CMD among these very changes survives a later ENTRYPOINT."""

    def __init__(self, config: ContainerConfig) -> None:
        self.config = config
        self.cmd_set = False

    def variables(self) -> dict[str, str]:
        return dict(entry.partition("=")[::2] for entry in self.config.env or ())

    def words(self, instruction: Instruction) -> list[str]:
        variables = self.variables()
        return [expand(argument, variables) for argument in instruction.arguments]

    def put(self, **fields: object) -> None:
        self.config = msgspec.structs.replace(self.config, **fields)


def apply_changes(config: ContainerConfig, changes: Sequence[str]) -> ContainerConfig:
    """``config`` after ``changes``, in order; all are checked before any is applied. Raises Invalid."""
    if not changes:
        return config
    instructions = parse("\n".join(changes))
    for instruction in instructions:
        if instruction.keyword not in _APPLY:
            raise Invalid(f"{instruction.name} is not a valid change command")
    for instruction in instructions:
        _check_flags(instruction)
        _check_count(instruction)
    state = _State(config)
    for instruction in instructions:
        _APPLY[instruction.keyword](state, instruction)
    return state.config


def _check_flags(instruction: Instruction) -> None:
    known = {*_HEALTH_DURATIONS, "retries"} if instruction.keyword == "healthcheck" else set()
    for flag in instruction.flags:
        name, equals, _ = flag.partition("=")
        if name not in known:
            raise Invalid(f"unknown flag: --{name}")
        if not equals:
            raise Invalid(f"missing a value on flag: --{name}")


def _check_count(instruction: Instruction) -> None:
    name = instruction.keyword.upper()
    arguments = instruction.arguments
    if name in ("USER", "WORKDIR", "STOPSIGNAL") and len(arguments) != 1:
        raise Invalid(f"{name} requires exactly one argument")
    if name in ("ENV", "LABEL", "EXPOSE", "VOLUME", "ONBUILD", "HEALTHCHECK") and not arguments:
        raise Invalid(f"{name} requires at least one argument")


def _command(state: _State, instruction: Instruction) -> list[str]:
    """The exec form as it is; the shell form behind the image's shell."""
    arguments = list(instruction.arguments)
    return arguments if instruction.is_json or not arguments else [*(state.config.shell or _SHELL), *arguments]


def _cmd(state: _State, instruction: Instruction) -> None:
    state.put(cmd=_command(state, instruction))
    state.cmd_set = True


def _entrypoint(state: _State, instruction: Instruction) -> None:
    state.put(entrypoint=_command(state, instruction) or None)
    if not state.cmd_set:
        state.put(cmd=None)  # the old default arguments were for the old entrypoint


def _pairs(state: _State, instruction: Instruction) -> list[tuple[str, str]]:
    words = state.words(instruction)
    pairs = list(zip(words[::2], words[1::2], strict=True))
    if any(not name for name, _ in pairs):
        raise Invalid(f"{instruction.keyword.upper()} names can not be blank")
    return pairs


def _env(state: _State, instruction: Instruction) -> None:
    env = list(state.config.env or ())
    for name, value in _pairs(state, instruction):
        entry = f"{name}={value}"
        for position, existing in enumerate(env):
            if existing.partition("=")[0] == name:
                env[position] = entry
                break
        else:
            env.append(entry)
    state.put(env=env)


def _label(state: _State, instruction: Instruction) -> None:
    state.put(labels={**(state.config.labels or {}), **dict(_pairs(state, instruction))})


def _expose(state: _State, instruction: Instruction) -> None:
    ports = dict(state.config.exposed_ports or {})
    for word in state.words(instruction):
        for specification in word.split():
            ports.update({port: {} for port in expand_ports(specification)})
    state.put(exposed_ports=ports)


def expand_ports(specification: str) -> list[str]:
    """``80``, ``53/udp``, ``8000-8002/tcp`` as ``port/protocol`` each; the errors of go-connections' nat package."""
    specification = specification.rpartition(":")[2]
    match = _PORT.match(specification)
    if match is None:
        raise Invalid(f"invalid containerPort: {specification.partition('/')[0]}")
    first, last, protocol = int(match[1]), int(match[2] or match[1]), (match[3] or "tcp").lower()
    if protocol not in ("tcp", "udp", "sctp"):
        raise Invalid(f"invalid proto: {protocol}")
    if last < first or last > 65535:
        raise Invalid(f"invalid containerPort: {specification.partition('/')[0]}")
    return [f"{port}/{protocol}" for port in range(first, last + 1)]


def _user(state: _State, instruction: Instruction) -> None:
    state.put(user=state.words(instruction)[0])


def _volume(state: _State, instruction: Instruction) -> None:
    volumes = dict(state.config.volumes or {})
    for volume in state.words(instruction):
        if not volume.strip():
            raise Invalid("VOLUME specified can not be an empty string")
        volumes[volume.strip()] = {}
    state.put(volumes=volumes)


def _workdir(state: _State, instruction: Instruction) -> None:
    requested = state.words(instruction)[0]
    if not requested:
        raise Invalid("cannot normalize nothing")
    if not requested.startswith("/"):
        requested = posixpath.normpath(posixpath.join("/", state.config.working_dir or "", requested))
    state.put(working_dir=requested)


def _stopsignal(state: _State, instruction: Instruction) -> None:
    signal = state.words(instruction)[0]
    if not _is_signal(signal):
        raise Invalid(f"invalid signal: {signal}")
    state.put(stop_signal=signal)


def _is_signal(name: str) -> bool:
    """A number other than 0, or a name with or without SIG, RTMIN+n and RTMAX-n included (moby/sys/signal)."""
    if name.isdecimal():
        return int(name) != 0
    return _SIGNAL.fullmatch(name.upper().removeprefix("SIG")) is not None


def _onbuild(state: _State, instruction: Instruction) -> None:
    trigger = instruction.rest.split(None, 1)[0].upper()
    if trigger == "ONBUILD":
        raise Invalid("Chaining ONBUILD via `ONBUILD ONBUILD` isn't allowed")
    if trigger in ("MAINTAINER", "FROM"):
        raise Invalid(f"{trigger} isn't allowed as an ONBUILD trigger")
    state.put(on_build=[*(state.config.on_build or ()), instruction.rest])


def _healthcheck(state: _State, instruction: Instruction) -> None:
    kind, *command = instruction.arguments
    match kind.upper():
        case "NONE":
            if any(command):
                raise Invalid("HEALTHCHECK NONE takes no arguments")
            state.put(healthcheck=Healthcheck(test=["NONE"]))
        case "CMD":
            if not any(command):
                raise Invalid("Missing command after HEALTHCHECK CMD")
            test = ["CMD" if instruction.is_json else "CMD-SHELL", *command]
            state.put(healthcheck=Healthcheck(test=test, **_health_options(instruction.flags)))
        case _:
            raise Invalid(f'Unknown type "{kind.upper()}" in HEALTHCHECK (try CMD)')


def _health_options(flags: Sequence[str]) -> dict[str, int]:
    options: dict[str, int] = {}
    for flag in flags:
        name, _, value = flag.partition("=")
        if name == "retries":
            options["retries"] = _retries(value)
            continue
        nanoseconds = parse_duration(value)
        if 0 != nanoseconds < _MINIMUM_NANOSECONDS:
            raise Invalid(f'Interval "{name}" cannot be less than 1ms')
        options[_HEALTH_DURATIONS[name]] = nanoseconds
    return options


def _retries(value: str) -> int:
    if not re.fullmatch(r"[+-]?\d{1,10}", value):
        raise Invalid(f'strconv.ParseInt: parsing "{value}": invalid syntax')
    if int(value) < 0:
        raise Invalid(f"--retries cannot be negative ({int(value)})")
    return int(value)


_APPLY: Mapping[str, Callable[[_State, Instruction], None]] = MappingProxyType(
    {
        "cmd": _cmd,
        "entrypoint": _entrypoint,
        "env": _env,
        "expose": _expose,
        "healthcheck": _healthcheck,
        "label": _label,
        "onbuild": _onbuild,
        "stopsignal": _stopsignal,
        "user": _user,
        "volume": _volume,
        "workdir": _workdir,
    }
)
