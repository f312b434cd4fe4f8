"""``ps``: the containers."""

import json
import time
from collections.abc import Mapping, Sequence
from typing import Any

import click

from wherry.app.cli.command import Command, client
from wherry.app.cli.output import filters, short_id, shortened, show
from wherry.app.cli.parse.units import decimal_size, duration
from wherry.app.cli.printing import say

COLUMNS = {
    "ID": "CONTAINER ID",
    "Image": "IMAGE",
    "Command": "COMMAND",
    "CreatedAt": "CREATED AT",
    "RunningFor": "CREATED",
    "Status": "STATUS",
    "State": "STATE",
    "Ports": "PORTS",
    "Names": "NAMES",
    "Size": "SIZE",
    "Labels": "LABELS",
    "Mounts": "MOUNTS",
    "LocalVolumes": "LOCAL VOLUMES",
    "Networks": "NETWORKS",
    "Platform": "PLATFORM",
}
TABLE = ("ID", "Image", "Command", "RunningFor", "Status", "Ports", "Names")


@click.command("ps", cls=Command)
@click.option("--all", "-a", "everything", is_flag=True, help="Show all containers, not only running ones.")
@click.option("--filter", "-f", "given", multiple=True, metavar="KEY=VALUE", help="Show only what fits.")
@click.option("--format", "template", metavar="TEMPLATE", help="table, json, 'table TEMPLATE' or a Go template.")
@click.option("--last", "-n", type=int, default=-1, metavar="N", help="Show the last N created, whatever their state.")
@click.option("--latest", "-l", is_flag=True, help="Show the last created.")
@click.option("--no-trunc", is_flag=True, help="Show ids and commands whole.")
@click.option("--quiet", "-q", is_flag=True, help="Show ids only.")
@click.option("--size", "-s", is_flag=True, help="Show sizes.")
def ps_command(
    everything: bool, given: tuple[str, ...], template: str | None, last: int, latest: bool,
    no_trunc: bool, quiet: bool, size: bool,
) -> None:  # fmt: skip
    """List containers."""
    limit = 1 if latest else last
    query = {
        "all": everything or None,
        "limit": limit if limit > 0 else None,
        "size": size or (template is not None and ".Size" in template) or None,
        "filters": filters(given),
    }
    containers = client().get("/containers/json", query)
    rows = [row(container, time.time(), no_trunc) for container in containers]
    if quiet and not template:
        say("".join(f"{each['ID']}\n" for each in rows), nl=False)
        return
    show(rows, COLUMNS, template, (*TABLE, "Size") if size else TABLE)


def row(container: Mapping[str, Any], now: float, whole: bool) -> dict[str, Any]:
    """One container of the API's list as templates see it (cli/command/formatter/container.go)."""
    labels = container.get("Labels") or {}
    mounts = [str(mount.get("Name") or mount.get("Source") or "") for mount in container.get("Mounts") or []]
    command = container["Command"]
    return {
        "ID": container["Id"] if whole else short_id(container["Id"]),
        "Image": _image(container, whole),
        "Command": json.dumps(command if whole else shortened(command, 20), ensure_ascii=False),
        "CreatedAt": time.strftime("%Y-%m-%d %H:%M:%S %z %Z", time.localtime(container["Created"])),
        "RunningFor": f"{duration(now - container['Created'])} ago",
        "Status": container["Status"],
        "State": container["State"],
        "Ports": shown_ports(container.get("Ports") or []),
        "Names": ",".join(name.removeprefix("/") for name in container["Names"] or []),
        "Size": _size(container),
        "Labels": ",".join(f"{key}={value}" for key, value in labels.items()),
        "Label": lambda name: labels.get(name, ""),
        "Mounts": ",".join(mounts if whole else [shortened(mount, 15) for mount in mounts]),
        "LocalVolumes": str(sum(mount.get("Driver") == "local" for mount in container.get("Mounts") or [])),
        "Networks": ",".join((container.get("NetworkSettings") or {}).get("Networks") or {}),
        "Platform": "",
    }


def _image(container: Mapping[str, Any], whole: bool) -> str:
    image = str(container["Image"]) or "<no image>"
    return short_id(image) if image.startswith("sha256:") and not whole else image


def _size(container: Mapping[str, Any]) -> str:
    written = decimal_size(container.get("SizeRw") or 0, 3)
    virtual = container.get("SizeRootFs") or 0
    return f"{written} (virtual {decimal_size(virtual, 3)})" if virtual else written


def shown_ports(ports: Sequence[Mapping[str, Any]]) -> str:
    """``0.0.0.0:8080->80/tcp, 443/tcp``; neighbours become a range (formatter.DisplayablePorts)."""
    groups: list[list[Any]] = []  # address, protocol, private first and last, public first (0: not published)
    for port in sorted(ports, key=lambda port: (port["PrivatePort"], port["Type"], str(port.get("IP") or ""))):
        address, public, private = str(port.get("IP") or ""), int(port.get("PublicPort") or 0), int(port["PrivatePort"])
        for group in groups:
            continues = group[:2] == [address, port["Type"]] and group[3] + 1 == private
            offset = private - group[2]
            if continues and public == (group[4] + offset if group[4] else 0):
                group[3] = private
                break
        else:
            groups.append([address, port["Type"], private, private, public])
    published = [group for group in groups if group[4]]
    return ", ".join(_ports(*group) for group in [*published, *(group for group in groups if not group[4])])


def _ports(address: str, protocol: str, first: int, last: int, public: int) -> str:
    private = f"{first}" if first == last else f"{first}-{last}"
    if not public:
        return f"{private}/{protocol}"
    outside = f"{public}" if first == last else f"{public}-{public + last - first}"
    where = f"[{address}]" if ":" in address else address
    return f"{where}:{outside}->{private}/{protocol}"
