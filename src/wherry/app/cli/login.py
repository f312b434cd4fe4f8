"""``login`` and ``logout``: the user's credentials for registries, kept where docker keeps them."""

import sys

import click

from wherry.app.cli.command import Command, client
from wherry.app.cli.printing import say
from wherry.app.client import ApiError
from wherry.app.dockerconfig import HUB, NOBODY, Auth, DockerConfig, server_of


@click.command("login", cls=Command)
@click.option("--username", "-u", metavar="NAME", help="User's name.")
@click.option("--password", "-p", metavar="TEXT", help="Password or token; others on this machine may see it.")
@click.option("--password-stdin", is_flag=True, help="Read the password from stdin.")
@click.argument("server", default="")
def login_command(server: str, username: str | None, password: str | None, password_stdin: bool) -> None:
    """Log in to a registry (default docker.io), and keep the credentials for pull, push and build."""
    if password and password_stdin:
        raise click.UsageError("--password and --password-stdin are mutually exclusive")
    if password_stdin and not username:
        raise click.UsageError("Must provide --username with --password-stdin")
    if password:
        say("WARNING! Using --password via the CLI is insecure. Use --password-stdin.", err=True)
    if password_stdin:
        password = sys.stdin.read().rstrip("\r\n")
    config, name = DockerConfig.of_user(), server_of(server)
    if not username and not password and _with_kept(config, name):
        return
    username, password = _asked(config.auth(name), username, password)
    _log_in(config, name, Auth(username, password))


def _with_kept(config: DockerConfig, server: str) -> bool:
    """Whether what is kept still serves."""
    kept = config.auth(server)
    if kept == NOBODY:
        return False
    say("Authenticating with existing credentials...")
    try:
        _log_in(config, server, kept)
    except ApiError as error:
        say(f"Login did not succeed, error: {error.message}", err=True)
        return False
    return True


def _asked(kept: Auth, username: str | None, password: str | None) -> tuple[str, str]:
    if (not username or not password) and not sys.stdin.isatty():
        raise click.UsageError("Cannot perform an interactive login from a non TTY device")
    if not username:
        username = click.prompt("Username", default=kept.username or None, err=True)
    if not password:
        password = click.prompt("Password", hide_input=True, err=True)
    return str(username), str(password)


def _log_in(config: DockerConfig, server: str, auth: Auth) -> None:
    body = {
        "username": auth.username,
        "password": auth.password,
        "identitytoken": auth.identity_token,
        "serveraddress": server,
    }
    answer = client().post("/auth", None, body)
    token = answer.get("IdentityToken") or auth.identity_token
    config.store(server, Auth(auth.username, "" if token else auth.password, token))
    if not config.helper(server):
        say(f"WARNING! Your credentials are stored unencrypted in '{config.path}'.", err=True)
    say(answer.get("Status") or "Login Succeeded")


@click.command("logout", cls=Command)
@click.argument("server", default="")
def logout_command(server: str) -> None:
    """Forget the credentials for a registry (default docker.io)."""
    name = server_of(server)
    if DockerConfig.of_user().erase(name):
        say(f"Removing login credentials for {name}")
    else:
        say(f"Not logged in to {'docker.io' if name == HUB else name}")
