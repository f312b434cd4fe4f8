"""The flags of ``run`` and ``create``: docker's names, short forms and meanings."""

from collections.abc import Callable
from typing import Any

import click

_Decorator = Callable[[Callable[..., Any]], Callable[..., Any]]


def _flag(*names: str, help: str, default: bool = False) -> _Decorator:
    return click.option(*names, is_flag=True, default=default, help=help)


def _one(*names: str, metavar: str = "TEXT", help: str) -> _Decorator:
    return click.option(*names, metavar=metavar, help=help)


def _many(*names: str, metavar: str = "TEXT", help: str) -> _Decorator:
    return click.option(*names, metavar=metavar, multiple=True, help=help)


def _number(*names: str, help: str) -> _Decorator:
    return click.option(*names, type=int, metavar="N", help=help)


PROCESS = (
    _many("--env", "-e", metavar="KEY[=VALUE]", help="Set an environment variable."),
    _many("--env-file", metavar="FILE", help="Read environment variables from a file."),
    _one("--user", "-u", metavar="USER[:GROUP]", help="Name or id of user and group."),
    _one("--workdir", "-w", metavar="DIR", help="Working directory."),
    _one("--entrypoint", help="Replace the image's entrypoint."),
    _many("--group-add", metavar="GROUP", help="Supplementary group."),
    _flag("--init", help="Run an init that forwards signals and reaps processes."),
    _flag("--interactive", "-i", help="Keep stdin open."),
    _flag("--tty", "-t", help="Allocate a terminal."),
    _many("--attach", "-a", metavar="STREAM", help="Attach to stdin, stdout or stderr."),
    _one("--stop-signal", metavar="SIGNAL", help="Signal that asks the container to stop."),
    _number("--stop-timeout", help="Seconds to wait before it is killed."),
    _one("--restart", metavar="POLICY", help="no, on-failure[:N], always or unless-stopped."),
    _flag("--rm", help="Remove the container when it ends."),
)
IDENTITY = (
    _one("--name", help="Name of the container."),
    _many("--label", "-l", metavar="KEY=VALUE", help="Set metadata."),
    _many("--label-file", metavar="FILE", help="Read labels from a file."),
    _many("--annotation", metavar="KEY=VALUE", help="Add an annotation for the OCI runtime."),
    _one("--cidfile", metavar="FILE", help="Write the container's id to a file."),
    _one("--platform", metavar="OS/ARCH", help="Platform of the image."),
    click.option(
        "--pull",
        type=click.Choice(["always", "missing", "never"]),
        default="missing",
        help="When to pull the image.",
    ),
    _flag("--quiet", "-q", help="Show no progress of a pull."),
    _one("--hostname", "-h", help="Host name in the container."),
    _one("--domainname", help="NIS domain name in the container."),
    _one("--log-driver", help="Logging driver."),
    _many("--log-opt", metavar="KEY=VALUE", help="Option of the logging driver (max-size, max-file)."),
    _one("--runtime", help="OCI runtime to use (wherry, runc)."),
)
STORAGE = (
    _many("--volume", "-v", metavar="[SOURCE:]TARGET[:OPTIONS]", help="Mount a volume or a directory."),
    _many("--mount", metavar="type=…,source=…,target=…", help="Mount, spelled out."),
    _many("--tmpfs", metavar="TARGET[:OPTIONS]", help="Mount a tmpfs."),
    _many("--volumes-from", metavar="CONTAINER[:ro]", help="Mount another container's volumes."),
    _one("--volume-driver", help="Driver of the volumes made for this container."),
    _flag("--read-only", help="Mount the root file system read-only."),
    _one("--shm-size", metavar="BYTES", help="Size of /dev/shm."),
    _many("--storage-opt", metavar="KEY=VALUE", help="Option of the storage driver (not available yet)."),
)
NETWORK = (
    _many("--network", "--net", metavar="NETWORK", help="A network's name, none, host, bridge or container:NAME."),
    _many("--publish", "-p", metavar="[[ADDRESS:]PORT:]PORT[/PROTOCOL]", help="Publish a port."),
    _flag("--publish-all", "-P", help="Publish every exposed port at a free port of the host."),
    _many("--expose", metavar="PORT[/PROTOCOL]", help="Expose a port."),
    _many("--add-host", metavar="NAME:ADDRESS", help="Add a line to /etc/hosts."),
    _many("--dns", metavar="ADDRESS", help="Name server."),
    _many("--dns-search", metavar="DOMAIN", help="DNS search domain."),
    _many("--dns-option", "--dns-opt", metavar="OPTION", help="Option of /etc/resolv.conf."),
    _many(
        "--network-alias",
        "--net-alias",
        metavar="NAME",
        help="Another name on the network (not on the default bridge).",
    ),
    _one("--ip", metavar="ADDRESS", help="IPv4 address (not on the default bridge)."),
    _one("--ip6", metavar="ADDRESS", help="IPv6 address (not on the default bridge)."),
    _one("--mac-address", metavar="ADDRESS", help="Hardware address."),
    _many("--link", metavar="CONTAINER[:ALIAS]", help="Link to another container (not available; ignored)."),
)
LIMITS = (
    _one("--memory", "-m", metavar="BYTES", help="Memory limit."),
    _one("--memory-reservation", metavar="BYTES", help="Memory soft limit."),
    _one("--memory-swap", metavar="BYTES", help="Memory and swap together; -1: as much swap as there is."),
    _number("--memory-swappiness", help="0 to 100."),
    _flag("--oom-kill-disable", help="Do not kill processes when memory runs out."),
    _number("--oom-score-adj", help="-1000 to 1000."),
    _one("--cpus", metavar="DECIMAL", help="Number of processors."),
    _number("--cpu-shares", "-c", help="Weight against other containers."),
    _number("--cpu-period", help="Length of a scheduler's period in microseconds."),
    _number("--cpu-quota", help="Microseconds of processor time a period."),
    _number("--cpu-rt-period", help="Real-time period in microseconds (not available yet)."),
    _number("--cpu-rt-runtime", help="Real-time microseconds a period (not available yet)."),
    _one("--cpuset-cpus", metavar="LIST", help="Processors that may be used (0-3, 0,1)."),
    _one("--cpuset-mems", metavar="LIST", help="Memory nodes that may be used."),
    _number("--pids-limit", help="Number of processes; -1: no limit."),
    _many("--ulimit", metavar="NAME=SOFT[:HARD]", help="Resource limit of a process."),
    _number("--blkio-weight", help="Weight of block I/O, 10 to 1000."),
    _many("--blkio-weight-device", metavar="DEVICE:WEIGHT", help="Weight on one device."),
    _many("--device-read-bps", metavar="DEVICE:BYTES", help="Limit reading from a device."),
    _many("--device-write-bps", metavar="DEVICE:BYTES", help="Limit writing to a device."),
    _many("--device-read-iops", metavar="DEVICE:N", help="Limit read operations on a device."),
    _many("--device-write-iops", metavar="DEVICE:N", help="Limit write operations on a device."),
    _one("--cgroup-parent", metavar="CGROUP", help="Parent cgroup of the container."),
)
SECURITY = (
    _flag("--privileged", help="All capabilities and devices, no confinement."),
    _many("--cap-add", metavar="CAPABILITY", help="Add a capability."),
    _many("--cap-drop", metavar="CAPABILITY", help="Drop a capability."),
    _many("--security-opt", metavar="OPTION", help="no-new-privileges, seccomp=FILE or seccomp=unconfined, …"),
    _many("--device", metavar="DEVICE[:TARGET][:rwm]", help="Add a device of the host."),
    _many("--device-cgroup-rule", metavar="RULE", help="Allow devices by number (c 1:3 mr)."),
    _many("--sysctl", metavar="KEY=VALUE", help="Kernel setting of the container's namespaces."),
    _one("--userns", metavar="MODE", help="host: share the host's user namespace."),
    _one("--pid", metavar="MODE", help="host or container:NAME."),
    _one("--ipc", metavar="MODE", help="private, shareable, none, host or container:NAME."),
    _one("--uts", metavar="MODE", help="host: share the host's name."),
    _one("--cgroupns", metavar="MODE", help="private or host."),
)
HEALTH = (
    _one("--health-cmd", metavar="COMMAND", help="Command that checks health."),
    _one("--health-interval", metavar="DURATION", help="Time between checks."),
    _one("--health-timeout", metavar="DURATION", help="Time a check may take."),
    _one("--health-start-period", metavar="DURATION", help="Time in which failures do not count."),
    _one("--health-start-interval", metavar="DURATION", help="Time between checks while starting."),
    _number("--health-retries", help="Failures in a row that make it unhealthy."),
    _flag("--no-healthcheck", help="Switch the image's check off."),
)
ALL = PROCESS + IDENTITY + STORAGE + NETWORK + LIMITS + SECURITY + HEALTH


def create_options(function: Callable[..., Any]) -> Callable[..., Any]:
    """All of them, in the order of their groups."""
    for option in reversed(ALL):
        function = option(function)
    return function
