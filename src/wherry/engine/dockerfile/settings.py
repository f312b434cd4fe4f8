"""What instructions do to an image's configuration. Pure.

Rules and wording are BuildKit's (frontend/dockerfile/dockerfile2llb/convert.go), for builds and for the changes of
``docker commit`` and ``import`` alike. ``ArgsEscaped`` stays unset: it is deprecated, and means nothing but on Windows.
"""

import posixpath
import re
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType

import msgspec

from wherry.engine.dockerfile import model
from wherry.engine.dockerfile.errors import located
from wherry.engine.dockerfile.model import ExecForm, Instruction
from wherry.engine.dockerfile.ports import exposed_ports
from wherry.engine.dockerfile.running import command_line
from wherry.engine.dockerfile.scope import DEFAULT_PATH
from wherry.kit.errors import Invalid
from wherry.oci.model import ContainerConfig, Empty, Healthcheck

_SIGNAL = re.compile(
    r"ABRT|ALRM|BUS|CHLD|CLD|CONT|FPE|HUP|ILL|INT|IO|IOT|KILL|PIPE|POLL|PROF|PWR|QUIT|SEGV|STKFLT|STOP|SYS|TERM|TRAP"
    r"|TSTP|TTIN|TTOU|URG|USR1|USR2|VTALRM|WINCH|XCPU|XFSZ|RTMIN(\+([1-9]|1[0-5]))?|RTMAX(-([1-9]|1[0-4]))?"
)


@dataclass(frozen=True, slots=True)
class Settings:
    """A stage's configuration so far. ``has_cmd``: this stage had a CMD, which survives a later ENTRYPOINT."""

    config: ContainerConfig
    author: str = ""
    has_cmd: bool = False

    def put(self, **fields: object) -> "Settings":
        """With members of the configuration replaced."""
        return replace(self, config=msgspec.structs.replace(self.config, **fields))


def beginning(config: ContainerConfig, author: str = "") -> Settings:
    """A stage's settings after FROM. ``config`` is its base's, a parent stage's as well as an image's.

    Triggers are done in this stage and gone after it, and so are the names of the container that an image was committed
    from; a base without a PATH gets one, so that the image says what its RUN steps had.
    """
    env = list(config.env or ())
    if not any(entry.partition("=")[0] == "PATH" for entry in env):
        env.append(f"PATH={DEFAULT_PATH}")
    none = {"image": "", "hostname": "", "domainname": ""}
    return Settings(msgspec.structs.replace(config, env=env, on_build=None, **none), author)


def apply(settings: Settings, instruction: Instruction) -> Settings:
    """The settings after an instruction, which is resolved already.

    RUN, COPY, ADD, ARG and FROM change nothing. Raises InvalidDockerfile.
    """
    change = _CHANGES.get(type(instruction))
    if change is None:
        return settings
    with located(instruction.location):
        return change(settings, instruction)


def _cmd(settings: Settings, one: model.Cmd) -> Settings:
    command = list(command_line(one.command, settings.config.shell)) or None
    return replace(settings.put(cmd=command), has_cmd=True)


def _entrypoint(settings: Settings, one: model.Entrypoint) -> Settings:
    command = list(command_line(one.command, settings.config.shell)) or None
    # The old default arguments were for the old entrypoint.
    return settings.put(entrypoint=command, cmd=settings.config.cmd if settings.has_cmd else None)


def _env(settings: Settings, one: model.Env) -> Settings:
    env = list(settings.config.env or ())
    places = {entry.partition("=")[0]: place for place, entry in reversed(list(enumerate(env)))}
    for pair in one.pairs:
        _check_key(pair, "ENV")
        entry = f"{pair.key}={pair.value}"
        place = places.setdefault(pair.key, len(env))
        env[place : place + 1] = [entry]
    return settings.put(env=env)


def _label(settings: Settings, one: model.Label) -> Settings:
    for pair in one.pairs:
        _check_key(pair, "LABEL")
    return settings.put(labels={**(settings.config.labels or {}), **{pair.key: pair.value for pair in one.pairs}})


def _check_key(pair: model.KeyValue, instruction: str) -> None:
    if not pair.key:
        raise Invalid(f"{instruction} names can not be blank")


def _expose(settings: Settings, one: model.Expose) -> Settings:
    new: dict[str, Empty] = {port: {} for text in one.ports for port in exposed_ports(text)}
    return settings.put(exposed_ports={**(settings.config.exposed_ports or {}), **new})


def _volume(settings: Settings, one: model.Volume) -> Settings:
    return settings.put(volumes={**(settings.config.volumes or {}), **{path: {} for path in one.paths}})


def _user(settings: Settings, one: model.User) -> Settings:
    return settings.put(user=one.user)


def _workdir(settings: Settings, one: model.Workdir) -> Settings:
    return settings.put(working_dir=absolute(one.path, settings.config.working_dir))


def absolute(path: str, working_dir: str) -> str:
    """``path`` below the working directory; an absolute one stays as it was written."""
    if path.startswith("/"):
        return path
    joined = posixpath.normpath(posixpath.join("/", working_dir, path))
    return joined if not joined.startswith("//") else joined[1:]


def _stopsignal(settings: Settings, one: model.Stopsignal) -> Settings:
    if not _is_signal(one.signal):
        raise Invalid(f"invalid signal: {one.signal}")
    return settings.put(stop_signal=one.signal)


def _is_signal(name: str) -> bool:
    """A number other than 0, or a name with or without SIG, RTMIN+n and RTMAX-n included (moby/sys/signal)."""
    if re.fullmatch(r"[0-9]{1,9}", name):
        return int(name) != 0
    return _SIGNAL.fullmatch(name.upper().removeprefix("SIG")) is not None


def _shell(settings: Settings, one: model.Shell) -> Settings:
    return settings.put(shell=list(one.arguments))


def _onbuild(settings: Settings, one: model.Onbuild) -> Settings:
    return settings.put(on_build=[*(settings.config.on_build or ()), one.trigger])


def _maintainer(settings: Settings, one: model.Maintainer) -> Settings:
    return replace(settings, author=one.name)


def _healthcheck(settings: Settings, one: model.Healthcheck) -> Settings:
    return settings.put(healthcheck=health(one))


def health(one: model.Healthcheck) -> Healthcheck:
    """As a configuration has it."""
    return Healthcheck(
        test=_test(one),
        interval=one.interval,
        timeout=one.timeout,
        start_period=one.start_period,
        start_interval=one.start_interval,
        retries=one.retries,
    )


def _test(one: model.Healthcheck) -> list[str]:
    if one.command is None:
        return ["NONE"]
    if isinstance(one.command, ExecForm):
        return ["CMD", *one.command.arguments]
    return ["CMD-SHELL", one.command.text]


# Each takes its own class: what the keys say, which no type can.
_CHANGES: Mapping[type[Instruction], Callable[..., Settings]] = MappingProxyType(
    {
        model.Cmd: _cmd,
        model.Entrypoint: _entrypoint,
        model.Env: _env,
        model.Expose: _expose,
        model.Healthcheck: _healthcheck,
        model.Label: _label,
        model.Maintainer: _maintainer,
        model.Onbuild: _onbuild,
        model.Shell: _shell,
        model.Stopsignal: _stopsignal,
        model.User: _user,
        model.Volume: _volume,
        model.Workdir: _workdir,
    }
)
