"""``top``, ``stats``, ``update``, ``port``: looking closer at containers, and changing their limits."""

import sys
import time
from collections.abc import Mapping, Sequence
from typing import Any

import click

from wherry.app.cli.command import Command, client
from wherry.app.cli.output import short_id, show, table
from wherry.app.cli.parse import limits
from wherry.app.cli.parse.units import binary_size, bytes_of, decimal_size
from wherry.app.cli.printing import say
from wherry.app.client import ApiError, Client

STATS_COLUMNS = {
    "ID": "CONTAINER ID",
    "Container": "CONTAINER",
    "Name": "NAME",
    "CPUPerc": "CPU %",
    "MemUsage": "MEM USAGE / LIMIT",
    "MemPerc": "MEM %",
    "NetIO": "NET I/O",
    "BlockIO": "BLOCK I/O",
    "PIDs": "PIDS",
}
STATS_TABLE = ("ID", "Name", "CPUPerc", "MemUsage", "MemPerc", "NetIO", "BlockIO", "PIDs")
_CLEAR = "\033[2J\033[H"


@click.command("top", cls=Command, context_settings={"ignore_unknown_options": True, "allow_interspersed_args": False})
@click.argument("container")
@click.argument("ps_options", nargs=-1, type=click.UNPROCESSED)
def top_command(container: str, ps_options: tuple[str, ...]) -> None:
    """Show the processes of a container."""
    found = client().get(f"/containers/{container}/top", {"ps_args": " ".join(ps_options) or None})
    say(table([found["Titles"], *found["Processes"]]), nl=False)


@click.command("port", cls=Command)
@click.argument("container")
@click.argument("port", required=False)
def port_command(container: str, port: str | None) -> None:
    """Show where a container's ports are published."""
    details = client().get(f"/containers/{container}/json")
    ports = details["NetworkSettings"]["Ports"] or {}
    wanted = None if port is None else port if "/" in port else f"{port}/tcp"
    if wanted is not None and not ports.get(wanted):
        raise click.UsageError(f"no public port '{wanted}' published for {container}")
    for name in sorted(ports):
        for binding in ports[name] or []:
            address = binding["HostIp"]
            where = f"{f'[{address}]' if ':' in address else address}:{binding['HostPort']}"
            if wanted is None:
                say(f"{name} -> {where}")
            elif name == wanted:
                say(where)


@click.command("update", cls=Command)
@click.option("--memory", "-m", metavar="BYTES", help="Memory limit.")
@click.option("--memory-reservation", metavar="BYTES", help="Memory soft limit.")
@click.option("--memory-swap", metavar="BYTES", help="Memory and swap together.")
@click.option("--cpus", metavar="DECIMAL", help="Number of processors.")
@click.option("--cpu-shares", "-c", type=int, metavar="N", help="Weight against other containers.")
@click.option("--cpu-period", type=int, metavar="N", help="Length of a scheduler's period in microseconds.")
@click.option("--cpu-quota", type=int, metavar="N", help="Microseconds of processor time a period.")
@click.option("--cpuset-cpus", metavar="LIST", help="Processors that may be used.")
@click.option("--cpuset-mems", metavar="LIST", help="Memory nodes that may be used.")
@click.option("--pids-limit", type=int, metavar="N", help="Number of processes.")
@click.option("--blkio-weight", type=int, metavar="N", help="Weight of block I/O.")
@click.option("--restart", metavar="POLICY", help="no, on-failure[:N], always or unless-stopped.")
@click.argument("containers", nargs=-1, required=True)
def update_command(containers: tuple[str, ...], **flags: Any) -> None:
    """Change the limits of containers while they run."""
    from wherry.app.cli.lifecycle import each

    try:
        body = _update_body(flags)
    except ValueError as error:
        raise click.UsageError(str(error)) from error
    if not body:
        raise click.UsageError("you must provide one or more flags when using this command")

    def update(name: str) -> None:
        for warning in client().post(f"/containers/{name}/update", None, body).get("Warnings") or []:
            say(f"WARNING: {warning}", err=True)

    each(containers, update)


def _update_body(flags: Mapping[str, Any]) -> dict[str, object]:
    def size(name: str) -> int | None:
        return None if flags[name] is None else bytes_of(flags[name])

    values = {
        "Memory": size("memory"),
        "MemoryReservation": size("memory_reservation"),
        "MemorySwap": size("memory_swap"),
        "NanoCpus": limits.nano_cpus(flags["cpus"]) if flags["cpus"] else None,
        "CpuShares": flags["cpu_shares"],
        "CpuPeriod": flags["cpu_period"],
        "CpuQuota": flags["cpu_quota"],
        "CpusetCpus": flags["cpuset_cpus"],
        "CpusetMems": flags["cpuset_mems"],
        "PidsLimit": flags["pids_limit"],
        "BlkioWeight": flags["blkio_weight"],
        "RestartPolicy": limits.restart_policy(flags["restart"]) if flags["restart"] else None,
    }
    return {name: value for name, value in values.items() if value is not None}


@click.command("stats", cls=Command)
@click.option("--all", "-a", "everything", is_flag=True, help="Show all containers, not only running ones.")
@click.option("--format", "template", metavar="TEMPLATE", help="table, json, 'table TEMPLATE' or a Go template.")
@click.option("--no-stream", is_flag=True, help="Show one figure of each, and end.")
@click.option("--no-trunc", is_flag=True, help="Show ids whole.")
@click.argument("containers", nargs=-1)
def stats_command(
    containers: tuple[str, ...], everything: bool, template: str | None, no_stream: bool, no_trunc: bool
) -> None:
    """Show what containers use, again and again."""
    daemon = client()
    while True:
        names = containers or [each["Id"] for each in daemon.get("/containers/json", {"all": everything or None})]
        begun = time.monotonic()
        rows = [stats_row(name, figures, no_trunc) for name, figures in _figures(daemon, names)]
        if not no_stream and sys.stdout.isatty():
            sys.stdout.write(_CLEAR)
        show(rows, STATS_COLUMNS, template, STATS_TABLE)
        if no_stream:
            return
        time.sleep(max(0.0, 1.0 - (time.monotonic() - begun)))


def _figures(daemon: Client, names: Sequence[str]) -> list[tuple[str, Mapping[str, Any]]]:
    """All at once: the daemon takes a second for each, to see how fast the processor time grows."""
    from concurrent.futures import ThreadPoolExecutor

    def ask(name: str) -> tuple[str, Mapping[str, Any]] | None:
        try:
            return name, daemon.get(f"/containers/{name}/stats", {"stream": False})
        except ApiError as error:
            if error.status == 404 and len(names) > 1:  # it has gone since we asked for the list
                return None
            raise

    with ThreadPoolExecutor(max_workers=max(1, min(32, len(names)))) as pool:
        return [answer for answer in pool.map(ask, names) if answer is not None]


def stats_row(name: str, figures: Mapping[str, Any], whole: bool) -> dict[str, str]:
    """One container's figures as templates see them (cli/command/container/stats_helpers.go)."""
    memory = figures.get("memory_stats") or {}
    detail = memory.get("stats") or {}
    cache = detail.get("total_inactive_file", detail.get("inactive_file", 0))
    used, limit = max(0, (memory.get("usage") or 0) - cache), memory.get("limit") or 0
    received, sent = _network(figures)
    read, written = _block(figures)
    identity = str(figures.get("id") or name)
    return {
        "ID": identity if whole else short_id(identity),
        "Container": name,
        "Name": str(figures.get("name") or "--").removeprefix("/"),
        "CPUPerc": f"{_cpu_percent(figures):.2f}%",
        "MemUsage": f"{binary_size(used)} / {binary_size(limit)}",
        "MemPerc": f"{used / limit * 100 if limit else 0:.2f}%",
        "NetIO": f"{decimal_size(received, 3)} / {decimal_size(sent, 3)}",
        "BlockIO": f"{decimal_size(read, 3)} / {decimal_size(written, 3)}",
        "PIDs": str((figures.get("pids_stats") or {}).get("current") or 0),
    }


def _cpu_percent(figures: Mapping[str, Any]) -> float:
    now, before = figures.get("cpu_stats") or {}, figures.get("precpu_stats") or {}
    used = _total(now) - _total(before)
    elapsed = (now.get("system_cpu_usage") or 0) - (before.get("system_cpu_usage") or 0)
    return used / elapsed * (now.get("online_cpus") or 1) * 100 if used > 0 and elapsed > 0 else 0.0


def _total(cpu: Mapping[str, Any]) -> int:
    return int((cpu.get("cpu_usage") or {}).get("total_usage") or 0)


def _network(figures: Mapping[str, Any]) -> tuple[int, int]:
    interfaces = (figures.get("networks") or {}).values()
    return sum(each["rx_bytes"] for each in interfaces), sum(each["tx_bytes"] for each in interfaces)


def _block(figures: Mapping[str, Any]) -> tuple[int, int]:
    entries = (figures.get("blkio_stats") or {}).get("io_service_bytes_recursive") or []
    by_kind = {"read": 0, "write": 0}
    for entry in entries:
        kind = entry["op"].lower()
        if kind in by_kind:
            by_kind[kind] += entry["value"]
    return by_kind["read"], by_kind["write"]
