"""An image's history, as BuildKit writes it: one entry an instruction. Pure.

The texts are those of frontend/dockerfile/dockerfile2llb/convert.go; people read them in ``docker history``, and tools
reconstruct Dockerfiles from them.
"""

from collections.abc import Callable, Mapping, Sequence
from types import MappingProxyType

from wherry.engine.dockerfile import model
from wherry.engine.dockerfile.model import Instruction
from wherry.engine.dockerfile.ports import exposed_ports
from wherry.engine.dockerfile.running import command_line, script
from wherry.engine.dockerfile.scope import Scope
from wherry.engine.dockerfile.settings import health
from wherry.engine.dockerfile.words import quoted
from wherry.kit.durations import format_duration
from wherry.oci.model import ContainerConfig

COMMENT = "buildkit.dockerfile.v0"
"""What tools tell from that ``created_by`` is a Dockerfile's text, not a command line behind ``#(nop)``."""

_LAYER_MARK = " # buildkit"


def created_by(instruction: Instruction, after: ContainerConfig, scope: Scope) -> str:
    """The entry's text; empty for instructions that get none (FROM, ONBUILD).

    ``instruction`` is resolved (an ARG declared), ``after`` the configuration after it, ``scope`` the variables at it.
    """
    if isinstance(instruction, model.Run):
        return _run(instruction, after, scope)
    text = _TEXTS.get(type(instruction))
    return "" if text is None else text(instruction, after)


def makes_layer(instruction: Instruction, after: ContainerConfig) -> bool:
    """Whether the entry stands for a layer. WORKDIR makes its directory; the root is there already."""
    if isinstance(instruction, model.Workdir):
        return after.working_dir != "/"
    return isinstance(instruction, model.Run | model.Copy | model.Add)


def _run(one: model.Run, after: ContainerConfig, scope: Scope) -> str:
    given = [f"{name}={scope.values.get(name, value or '')}" for name, value in scope.arguments.items()]
    counted = [f"|{len(given)}", *given] if given else []
    return " ".join(["RUN", *counted, *script(one, after.shell).arguments]) + _LAYER_MARK


def _copy(one: model.Copy, after: ContainerConfig) -> str:
    flags = ["--parents"] if one.parents else []
    return _copied("COPY", flags, one)


def _add(one: model.Add, after: ContainerConfig) -> str:
    return _copied("ADD", [], one)


def _copied(name: str, flags: Sequence[str], one: model.Copy | model.Add) -> str:
    owners = [f"--chown={one.chown}"] if one.chown else []
    modes = [f"--chmod={one.chmod}"] if one.chmod else []
    documents = [f"<<{document.name}" for document in one.heredocs]
    return " ".join([name, *flags, *owners, *modes, *one.sources, *documents, one.destination]) + _LAYER_MARK


def _arg(one: model.Arg, after: ContainerConfig) -> str:
    words = [name.name if name.default is None else f"{name.name}={name.default}" for name in one.arguments]
    return " ".join(["ARG", *words])


def _env(one: model.Env, after: ContainerConfig) -> str:
    return " ".join(["ENV", *(f"{pair.key}={pair.value}" for pair in one.pairs)])


def _label(one: model.Label, after: ContainerConfig) -> str:
    return " ".join(["LABEL", *(f"{pair.key}={pair.value}" for pair in one.pairs)])


def _cmd(one: model.Cmd, after: ContainerConfig) -> str:
    return f"CMD {_strings(command_line(one.command, after.shell))}"


def _entrypoint(one: model.Entrypoint, after: ContainerConfig) -> str:
    return f"ENTRYPOINT {_strings(command_line(one.command, after.shell))}"


def _strings(words: Sequence[str]) -> str:
    """Go's ``%q`` of a slice."""
    return f"[{' '.join(map(quoted, words))}]"


def _expose(one: model.Expose, after: ContainerConfig) -> str:
    return f"EXPOSE [{' '.join(port for text in one.ports for port in exposed_ports(text))}]"


def _volume(one: model.Volume, after: ContainerConfig) -> str:
    return f"VOLUME [{' '.join(one.paths)}]"


def _shell(one: model.Shell, after: ContainerConfig) -> str:
    return f"SHELL [{' '.join(one.arguments)}]"


def _healthcheck(one: model.Healthcheck, after: ContainerConfig) -> str:
    """Go's ``%+v`` of the structure."""
    check = health(one)
    times = {
        "Interval": check.interval,
        "Timeout": check.timeout,
        "StartPeriod": check.start_period,
        "StartInterval": check.start_interval,
    }
    shown = " ".join(f"{name}:{format_duration(nanoseconds)}" for name, nanoseconds in times.items())
    return f"HEALTHCHECK {{Test:[{' '.join(check.test or ())}] {shown} Retries:{check.retries}}}"


# Each takes its own class: what the keys say, which no type can.
_TEXTS: Mapping[type[Instruction], Callable[..., str]] = MappingProxyType(
    {
        model.Add: _add,
        model.Arg: _arg,
        model.Cmd: _cmd,
        model.Copy: _copy,
        model.Entrypoint: _entrypoint,
        model.Env: _env,
        model.Expose: _expose,
        model.Healthcheck: _healthcheck,
        model.Label: _label,
        model.Maintainer: lambda one, after: f"MAINTAINER {one.name}",
        model.Shell: _shell,
        model.Stopsignal: lambda one, after: f"STOPSIGNAL {one.signal}",
        model.User: lambda one, after: f"USER {one.user}",
        model.Volume: _volume,
        model.Workdir: lambda one, after: f"WORKDIR {after.working_dir}",
    }
)
