"""What all commands share: lazy loading, docker's way of writing flags, and the daemon to talk to."""

import os
from collections.abc import Mapping
from importlib import import_module
from pathlib import Path
from typing import Any

import click

from wherry.app.client import Client


class LazyGroup(click.Group):
    """A group that imports a command's module when the command is called.

    ``modules`` maps a command's name to ``module:attribute`` below ``wherry.app.cli``.
    """

    def __init__(self, *args: Any, modules: Mapping[str, str], **kwargs: Any) -> None:  # click's own
        super().__init__(*args, **kwargs)
        self.modules = modules

    def list_commands(self, ctx: click.Context) -> list[str]:
        return sorted(self.modules)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        module, _, attribute = self.modules.get(cmd_name, "").partition(":")
        if not module:
            return None
        command = getattr(import_module(f"wherry.app.cli.{module}"), attribute)
        assert isinstance(command, click.Command)
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        if args and args[0] not in self.modules and not args[0].startswith("-"):
            import difflib  # 10 ms, only to explain

            nearest = difflib.get_close_matches(args[0], list(self.modules), n=1)
            hint = f" Did you mean '{nearest[0]}'?" if nearest else ""
            raise click.UsageError(f"'{args[0]}' is not a {ctx.command_path} command.{hint}", ctx)
        return super().resolve_command(ctx, args)


class Command(click.Command):
    """A command that also takes docker's ``--flag=true`` and ``--flag=false``, and ``--root`` after the verb."""

    def __init__(self, *args: Any, **kwargs: Any) -> None:  # click's own
        super().__init__(*args, **kwargs)
        if not any("--root" in option.opts for option in self.params):
            self.params.append(
                click.Option(
                    ["--root"],
                    metavar="DIR",
                    help="Instance to talk to.",
                    expose_value=False,
                    callback=_remember_root,
                    is_eager=True,
                )
            )

    def parse_args(self, ctx: click.Context, args: list[str]) -> list[str]:
        return super().parse_args(ctx, self._without_values(args))

    def _without_values(self, args: list[str]) -> list[str]:
        """Rewrite ``--rm=true`` to ``--rm`` and drop ``--rm=false``; stops where the options end."""
        flags = {
            name: option
            for option in self.params
            if isinstance(option, click.Option) and option.is_flag
            for name in option.opts
            if name.startswith("--")
        }
        result: list[str] = []
        for position, argument in enumerate(args):
            name, equals, value = argument.partition("=")
            if argument == "--" or (
                not argument.startswith("-")
                and not self._takes_value(args, position)
                and not self.allow_interspersed_args
            ):
                return result + args[position:]
            if not equals or name not in flags:
                result.append(argument)
            elif truth(name, value) != bool(flags[name].default):
                result.append(name if truth(name, value) else _negation(flags[name]))
        return result

    @property
    def allow_interspersed_args(self) -> bool:  # type: ignore[override]
        return bool(self.context_settings.get("allow_interspersed_args", True))

    def _takes_value(self, args: list[str], position: int) -> bool:
        """Whether the argument is the value of the option before it."""
        if position == 0:
            return False
        before = args[position - 1]
        if before.startswith("--"):
            options = [option for option in self.params if before in option.opts]
        elif before.startswith("-") and len(before) > 1:
            options = [option for option in self.params if f"-{before[-1]}" in option.opts]
        else:
            return False
        return any(isinstance(option, click.Option) and not option.is_flag for option in options)


def truth(name: str, value: str) -> bool:
    """Go's strconv.ParseBool, which docker's flags go through."""
    if value in ("1", "t", "T", "true", "TRUE", "True"):
        return True
    if value in ("0", "f", "F", "false", "FALSE", "False"):
        return False
    raise click.UsageError(f'invalid argument "{value}" for "{name}" flag: expected true or false')


def _negation(option: click.Option) -> str:
    if option.secondary_opts:
        return option.secondary_opts[0]
    raise click.UsageError(f"{option.opts[0]} cannot be switched off")


def _remember_root(context: click.Context, option: click.Parameter, value: str | None) -> None:
    if value is not None:
        context.ensure_object(dict)["root"] = value


def instance_root() -> str | None:
    """The directory given by ``--root`` before or after the verb, if any."""
    chosen = (click.get_current_context().obj or {}).get("root")
    return str(chosen) if chosen else None


def client() -> Client:
    """The daemon that the command line or the environment names."""
    return Client(socket_path((click.get_current_context().obj or {}), os.environ))


def socket_path(flags: Mapping[str, str | None], environment: Mapping[str, str]) -> str:
    """Path of the socket: from ``--host``, ``--root``, ``WHERRY_ROOT``, ``DOCKER_HOST``, or the default instance's."""
    host = flags.get("host")
    if host:
        return _unix(host, "--host")
    root = flags.get("root") or environment.get("WHERRY_ROOT")
    if root:
        # The same rule as wherry.engine.instance.Instance, whose import takes longer than a whole request.
        path = Path(root).absolute().resolve()
        return "/run/wherry/docker.sock" if path == Path("/var/lib/wherry") else f"{path}/run/docker.sock"
    host = environment.get("DOCKER_HOST")
    return _unix(host, "DOCKER_HOST") if host else "/run/wherry/docker.sock"


def _unix(host: str, source: str) -> str:
    scheme, _, path = host.partition("://")
    if scheme == "unix" and path.startswith("/"):
        return path
    raise click.UsageError(f"{source}: {host} is not unix:///PATH, the only kind of address wherry talks to")
