"""``up``, ``down``, ``env``, ``status``: the instance itself."""

import os
import shlex
import signal
import sys
import time
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path
from typing import Any

import click

from wherry.app import lock, status
from wherry.app.cli.command import Command, instance_root
from wherry.app.cli.output import short_id, table
from wherry.app.cli.printing import say
from wherry.app.client import Client, Unreachable
from wherry.app.config import Settings, load
from wherry.engine.instance import Instance
from wherry.kit.errors import Unavailable

# A daemon that has not answered after this long will not: it takes a second or two, but for what others have to do.
READY_SECONDS = 90.0
_LOOK_SECONDS = 0.005
_SMALL = {
    "MALLOC_ARENA_MAX": "1",
    "MALLOC_TRIM_THRESHOLD_": str(2 << 20),
    "MALLOC_MMAP_THRESHOLD_": str(1 << 20),
    "FROZENLIST_NO_EXTENSIONS": "1",
}
# How node and control begin the line that says why they do not go on.
_REASON = "wherry: "
_Function = Callable[..., Any]


def _settings(config: str | None, **flags: object) -> Settings:
    return load({"root": instance_root(), "config": config, **flags})


_config = click.option(
    "--config", metavar="FILE", help="Settings in TOML (default ROOT/wherry.toml or /etc/wherry/wherry.toml)."
)


@click.command("up", cls=Command)
@_config
@click.option("--engine-only", is_flag=True, help="The container engine without the cluster.")
@click.option("--detach", "-d", is_flag=True, help="Return when the daemon answers and its node is Ready.")
@click.option("--log-level", metavar="LEVEL", help="debug, info, warning or error.")
@click.option(
    "--registry-mirror",
    "mirrors",
    multiple=True,
    metavar="[REGISTRY=]URL",
    help="Server to pull from first, of docker.io or another registry. May be repeated.",
)
@click.option(
    "--insecure-registry",
    "insecure",
    multiple=True,
    metavar="HOST[:PORT]",
    help="Registry without a certificate to verify. May be repeated.",
)
@click.option("--registry", metavar="HOST:PORT", help="Serve a registry there, over the engine's images.")
@click.option("--plain-http", is_flag=True, help="Let other machines reach the registry without TLS.")
@click.option("--api", metavar="HOST:PORT", help="Serve the Kubernetes API there.")
@click.option(
    "--ip-family",
    type=click.Choice(["ipv4", "dual"]),
    help="Addresses of pods, containers and services (settings: node.pod_cidr, api.service_cidr).",
)
@click.option("--static-pods", metavar="DIR", help="Run the pods of the manifests there (default ROOT/manifests).")
@click.option("--store", metavar="etcd://…", help="Keep the cluster's state in etcd (settings: store.address).")
def up_command(
    config: str | None,
    engine_only: bool,
    detach: bool,
    log_level: str | None,
    mirrors: tuple[str, ...],
    insecure: tuple[str, ...],
    registry: str | None,
    plain_http: bool,
    api: str | None,
    ip_family: str | None,
    static_pods: str | None,
    store: str | None,
) -> None:
    """Start an instance: the daemon and everything it keeps, in one directory."""
    if os.geteuid() != 0:
        raise Unavailable("wherry up needs root: it makes namespaces, mounts and cgroups")
    settings = _settings(
        config,
        log_level=log_level,
        registry_mirror=mirrors,
        insecure_registry=insecure,
        registry=registry,
        plain_http=plain_http or None,
        api=api,
        ip_family=ip_family,
        static_pods=static_pods,
        store=store,
    )
    instance = settings.instance
    _make_directories(instance)
    held = lock.take(instance)
    log = str(instance.root / "wherry.log") if detach else "-"
    flags = [f"--root={instance.root}"]
    flags += [f"--config={Path(config).absolute()}"] if config else []
    flags += [f"--log-level={log_level}"] if log_level else []
    flags += [f"--registry-mirror={each}" for each in mirrors] + [f"--insecure-registry={each}" for each in insecure]
    flags += [f"--static-pods={Path(static_pods).absolute()}"] if static_pods else []
    flags += [f"--ip-family={ip_family}"] if ip_family else []
    flags += ([f"--registry={registry}"] if registry else []) + (["--plain-http"] if plain_http else [])
    cluster = None if engine_only else [f"--root={instance.root}", *_cluster_flags(config, log_level, api, store)]
    if cluster and ip_family:
        cluster.append(f"--ip-family={ip_family}")
    for path in (instance.api_address, instance.node_standing):
        path.unlink(missing_ok=True)
    told = Told(log)
    command = _supervisor(held, log, flags, cluster)
    os.set_inheritable(held, True)
    if not detach:
        os.execve(command[0], command, daemon_environment(os.environ))
    pid = os.posix_spawn(
        command[0],
        command,
        daemon_environment(os.environ),
        setsid=True,
        file_actions=[
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
        ],
    )
    os.close(held)
    _wait_ready(instance, pid, told, with_cluster=not engine_only)
    if not engine_only:
        _wait_standing(instance, pid, told)
    who = "docker and wherry find" if engine_only else "docker, kubectl and wherry find"
    say(f"Wherry is up in {instance.root} (pid {pid}); {who} it with:\n  eval $(wherry env{instance.flag})")


def _cluster_flags(config: str | None, log_level: str | None, api: str | None, store: str | None) -> list[str]:
    flags = [f"--config={Path(config).absolute()}"] if config else []
    flags += [f"--log-level={log_level}"] if log_level else []
    return flags + ([f"--api={api}"] if api else []) + ([f"--store={store}"] if store else [])


@click.command("down", cls=Command)
@_config
@click.option("--keep-containers", is_flag=True, help="Stop the daemon only; containers, their ports and logs go on.")
def down_command(config: str | None, keep_containers: bool) -> None:
    """Stop an instance: its containers (each with its own signal and time-out), its network, its processes.

    What it keeps stays: images, volumes, stopped containers. The next `up` starts those again whose restart policy
    says so. Pods end with their hooks, in their order and within their grace periods (at most
    containers.stop_timeout), and run again with the next `up`; with node.shutdown_grace it is the end of them.
    """
    settings = _settings(config)
    pid = lock.holder(settings.instance)
    if pid:
        with suppress(ProcessLookupError):  # it has ended by itself
            os.kill(pid, signal.SIGTERM if keep_containers else signal.SIGUSR2)
    if pid is not None:
        lock.wait_free(settings.instance, None if pid else lock.ORPHAN_SECONDS)
    elif not settings.instance.root.exists():
        say(f"No instance in {settings.instance.root}.")
        return
    elif not keep_containers:
        _tear_down_without_daemon(settings.instance, config)
    say(f"Wherry in {settings.instance.root} is down{'; containers go on' if keep_containers else ''}.")


@click.command("env", cls=Command)
@_config
def env_command(config: str | None) -> None:
    """Print what a shell needs to talk to an instance: eval $(wherry env).

    On standard error it says what would keep clients from reaching it: that it is not up, or whose it is.
    """
    instance = _settings(config).instance
    say(f"export DOCKER_HOST={shlex.quote(f'unix://{instance.socket}')}")
    try:
        if instance.kubeconfig.exists():
            say(f"export KUBECONFIG={shlex.quote(str(instance.kubeconfig))}")
        if lock.holder(instance) is None:
            say(f"wherry: nothing runs in {instance.root}: start it with `wherry up{instance.flag}`", err=True)
    except PermissionError:
        say(f"wherry: {instance.root} is another user's: kubectl needs a kubeconfig that you may read", err=True)


@click.command("status", cls=Command)
@_config
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def status_command(config: str | None, as_json: bool) -> None:
    """Show each process of an instance: role, pid, memory, since when. Exit status 3 when it is not up."""
    instance = _settings(config).instance
    report = status.report(instance)
    say(status.to_json(report) if as_json else _shown(report))
    if not report.up:
        sys.exit(3)


def _shown(found: status.Report) -> str:
    state = "up" if found.up else "not up"
    if not found.processes:
        return f"Wherry in {found.root} is {state}."
    lines = [["ROLE", "PID", "MEMORY", "SINCE", "CONTAINER"]]
    lines += [
        [each.role, str(each.pid), f"{each.pss_bytes / 1e6:.1f} MB", each.since, short_id(each.container)]
        for each in found.processes
    ]
    total = sum(each.pss_bytes for each in found.processes) / 1e6
    return f"Wherry in {found.root} is {state}; socket {found.socket}\n\n{table(lines)}\nMemory in all: {total:.1f} MB"


def daemon_environment(environment: Any) -> dict[str, str]:
    """The environment of supervisor and node: the caller's, and what keeps the memory of a Python process small.

    One malloc arena instead of eight a core (mallopt(3)); freed memory beyond 2 MB goes back to the kernel. asyncio
    reads into buffers of 256 kB: they must stay below the threshold from which each is mapped and unmapped, with a page
    fault for every 4 kB.
    frozenlist, of which aiohttp makes a handful, has an extension that is all that loads libstdc++, 1 MB.
    """
    return {**environment, **_SMALL, "PYTHONNOUSERSITE": "1"}


def _make_directories(instance: Instance) -> None:
    instance.root.mkdir(parents=True, exist_ok=True)
    instance.root.chmod(0o710)  # containers' users may pass to what is theirs, and list nothing
    instance.run.mkdir(parents=True, exist_ok=True)


def _supervisor(held: int, log: str, flags: list[str], cluster: list[str] | None) -> list[str]:
    script = Path(lock.__file__).with_name("supervisor.py")
    node = [sys.executable, "-m", "wherry.app.node", *flags]
    if cluster is not None:
        node += ["--cluster", "--", sys.executable, "-m", "wherry.app.control", *cluster]
    # -I -S: no site-packages, no environment; it needs nothing but the standard library.
    return [sys.executable, "-I", "-S", str(script), str(held), log, *node]


class Told:
    """What a daemon writes into its log from now on: others began there before."""

    def __init__(self, log: str) -> None:
        self.log = Path(log)
        self._begin = self.log.stat().st_size if self.log.is_file() else 0

    @property
    def last(self) -> str:
        """The reason it gives itself (``wherry: …``), or its last lines where it gives none."""
        try:
            with self.log.open("rb") as file:
                file.seek(self._begin)
                lines = file.read().decode(errors="replace").splitlines()
        except OSError:
            return ""
        reasons = [line.removeprefix(_REASON) for line in lines if line.startswith(_REASON)]
        return "\n".join(reasons or lines[-8:])


def _wait_ready(instance: Instance, supervisor: int, told: Told, with_cluster: bool) -> None:
    deadline = time.monotonic() + READY_SECONDS
    client = Client(str(instance.socket))
    while time.monotonic() < deadline:
        _check_lives(supervisor, told)
        try:
            client.request("GET", "/_ping").read()
            if not with_cluster or instance.api_address.exists():
                return
        except (Unreachable, ConnectionError):
            pass
        time.sleep(_LOOK_SECONDS)
    os.kill(supervisor, signal.SIGTERM)  # it lets containers go on
    os.waitpid(supervisor, 0)
    raise Unavailable(f"the daemon does not answer after {READY_SECONDS:.0f} s; see {told.log}:\n{told.last}")


def _wait_standing(instance: Instance, supervisor: int, told: Told) -> None:
    """Until the API shows the node as Ready: what is asked of the cluster next may be about it."""
    deadline = time.monotonic() + READY_SECONDS
    while not instance.node_standing.exists():
        _check_lives(supervisor, told)
        if time.monotonic() > deadline:
            raise Unavailable(
                f"the cluster in {instance.root} is up and answers, but its node is not Ready after {READY_SECONDS:.0f}"
                f" s. It goes on trying (`wherry down{instance.flag}` ends it); see {told.log}:\n{told.last}"
            )
        time.sleep(_LOOK_SECONDS)


def _check_lives(supervisor: int, told: Told) -> None:
    ended, status = os.waitpid(supervisor, os.WNOHANG)
    if ended:
        code = os.waitstatus_to_exitcode(status)
        raise Unavailable(f"the daemon ended with status {code}; see {told.log}:\n{told.last}")


def _tear_down_without_daemon(instance: Instance, config: str | None) -> None:
    """Containers of an instance whose daemon was killed: a node that does nothing else ends them."""
    _make_directories(instance)
    held = lock.take(instance)
    os.set_inheritable(held, True)
    flags = [f"--root={instance.root}", *([f"--config={Path(config).absolute()}"] if config else [])]
    command = [sys.executable, "-m", "wherry.app.node", *flags, f"--lock-fd={held}", "--tear-down"]
    pid = os.posix_spawn(command[0], command, daemon_environment(os.environ))
    code = os.waitstatus_to_exitcode(os.waitpid(pid, 0)[1])
    os.close(held)
    if code:
        raise Unavailable(f"what was left of the instance could not be stopped (status {code})")
