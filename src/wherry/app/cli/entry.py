"""The table of commands, and what a command's failure looks like to a shell."""

import os
import signal
import sys
from typing import NoReturn

import click

from wherry.app.cli.command import LazyGroup
from wherry.app.cli.printing import say
from wherry.app.client import ApiError, Unreachable
from wherry.kit.errors import WherryError

# Docker's status for a command line it could not make sense of.
REFUSED = 125


def _verbs(module: str, *names: str) -> dict[str, str]:
    return {name: f"{module}:{name}_command" for name in names}


INSTANCE = {
    **_verbs("instance", "up", "down", "env", "status"),
    **_verbs("cluster", "kubeconfig", "backup", "restore"),
    **_verbs("why", "why"),
    **_verbs("simulate", "simulate"),
    "install-docker-plugin": "plugin:install_docker_plugin_command",
}
CONTAINERS = {
    **_verbs("run", "run", "create"),
    **_verbs("lifecycle", "start", "stop", "restart", "kill", "pause", "unpause", "rm", "rename", "wait"),
    **_verbs("streams", "attach", "exec", "logs"),
    **_verbs("details", "top", "stats", "update", "port"),
    **_verbs("files", "commit", "cp", "diff", "export"),
    **_verbs("ps", "ps"),
}
REGISTRIES = {**_verbs("distribution", "pull", "push", "search"), **_verbs("login", "login", "logout")}
IMAGES = {**_verbs("images", "images", "history", "import", "load", "rmi", "save", "tag"), **_verbs("build", "build")}
SYSTEM = {**_verbs("system", "events", "info", "version"), **_verbs("inspect", "inspect")}
GROUPS = {
    **_verbs("groups", "container", "image"),
    **_verbs("networks", "network"),
    **_verbs("volumes", "volume"),
    **_verbs("build", "builder"),
    **_verbs("registry", "registry"),
    **_verbs("diskusage", "system"),
}
COMMANDS = {**INSTANCE, **CONTAINERS, **IMAGES, **REGISTRIES, **SYSTEM, **GROUPS}


class Root(LazyGroup):
    """The command itself; its help lists commands by subject."""

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        sections = {
            "Instance": INSTANCE,
            "Containers": CONTAINERS,
            "Images": IMAGES,
            "Registries": REGISTRIES,
            "System": SYSTEM,
            "Groups": GROUPS,
        }
        for title, names in sections.items():
            with formatter.section(title):
                commands = ((name, self.get_command(ctx, name)) for name in sorted(names))
                formatter.write_dl([(name, command.get_short_help_str(90)) for name, command in commands if command])


@click.group(cls=Root, modules=COMMANDS, context_settings={"help_option_names": ["--help"]})
@click.option(
    "--root", metavar="DIR", help="Instance to talk to (default: $WHERRY_ROOT, $DOCKER_HOST, /var/lib/wherry)."
)
@click.option("--host", "-H", metavar="unix://PATH", help="Socket to talk to, instead of an instance's own.")
@click.version_option(package_name="wherry", prog_name="wherry", message="%(prog)s %(version)s")
@click.pass_context
def root(context: click.Context, root: str | None, host: str | None) -> None:
    """A Docker and a Kubernetes in one Python package."""
    context.obj = {"root": root, "host": host}


def run(command: click.Command = root, arguments: list[str] | None = None, name: str = "wherry") -> NoReturn:
    """Run a command line, this process's own unless one is given, and exit as docker's CLI would."""
    try:
        status = command.main(arguments, standalone_mode=False, prog_name=name)
    except click.exceptions.Exit as wish:
        status = wish.exit_code
    except click.UsageError as error:
        where = error.ctx.command_path if error.ctx else "wherry"
        status = _say(f"{error.format_message()}\nSee '{where} --help'.", REFUSED)
    except click.ClickException as error:
        status = _say(error.format_message(), error.exit_code)
    except ApiError as error:
        status = _say(f"Error response from daemon: {error.message}", 1)
    except Unreachable as error:
        status = _say(str(error), 1)
    except WherryError as error:
        status = _say(error.message, 1)
    except (KeyboardInterrupt, click.Abort):
        status = 128 + signal.SIGINT
    except BrokenPipeError:
        # The reader of our output left (`wherry logs | head`): a shell reports a program that SIGPIPE ended so.
        os.dup2(os.open(os.devnull, os.O_WRONLY), 1)
        status = 128 + signal.SIGPIPE
    except ConnectionError as error:
        status = _say(f"the connection to the daemon broke: {error}", 1)
    except OSError as error:
        # A file of the command line's: --output, --iidfile, --root. Its place and the kernel's word say it all.
        words = (error.strerror or str(error)).lower()
        status = _say(f"{error.filename}: {words}" if error.filename else words, 1)
    sys.exit(status if isinstance(status, int) else 0)


def _say(text: str, status: int) -> int:
    say(f"wherry: {text}", err=True)
    return status
