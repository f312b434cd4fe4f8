"""The blkio controller, called io in version 2 (cgroup-v1/blkio-controller.rst; cgroup-v2.rst, "IO")."""

from collections.abc import Iterator, Mapping
from errno import ENOENT
from typing import Any

from wherry.linux.cgroup.files import read_or, write, write_lines
from wherry.linux.cgroup.stats import BlockEntry, BlockStats
from wherry.linux.errors import KernelError

BlockIO = Mapping[str, Any]  # the OCI document's linux.resources.blockIO

# OCI key, version 1 file, key in version 2's io.max
_THROTTLES = (
    ("throttleReadBpsDevice", "blkio.throttle.read_bps_device", "rbps"),
    ("throttleWriteBpsDevice", "blkio.throttle.write_bps_device", "wbps"),
    ("throttleReadIOPSDevice", "blkio.throttle.read_iops_device", "riops"),
    ("throttleWriteIOPSDevice", "blkio.throttle.write_iops_device", "wiops"),
)
_V2_OPERATIONS = (("r", "read"), ("w", "write"), ("d", "discard"))


def limit_v1(directory: str, block: BlockIO) -> None:
    """Weights are written where the scheduler in use has them: blkio.weight (CFQ, to Linux 4.20), else BFQ's file."""
    if block.get("weight"):
        _first(directory, ("blkio.weight", "blkio.bfq.weight"), str(block["weight"]))
    if block.get("leafWeight"):
        write(directory, "blkio.leaf_weight", block["leafWeight"])
    for device in block.get("weightDevice") or ():
        if device.get("weight"):
            names = ("blkio.weight_device", "blkio.bfq.weight_device")
            _first(directory, names, f"{device['major']}:{device['minor']} {device['weight']}")
    for key, name, _ in _THROTTLES:
        if devices := block.get(key):
            write_lines(directory, name, [f"{d['major']}:{d['minor']} {d['rate']}" for d in devices])


def limit_v2(directory: str, block: BlockIO) -> None:
    """BFQ's weight has the range of version 1 and is preferred; io.weight (1 to 10000) is converted to."""
    if block.get("weight"):
        _weigh(directory, "", block["weight"])
    for device in block.get("weightDevice") or ():
        if device.get("weight"):
            _weigh(directory, f"{device['major']}:{device['minor']} ", device["weight"])
    lines = [
        f"{d['major']}:{d['minor']} {name}={d['rate'] or 'max'}"
        for key, _, name in _THROTTLES
        for d in block.get(key) or ()
    ]
    if lines:
        write_lines(directory, "io.max", lines)


def weight(value: int) -> int:
    """io.weight (1 to 10000) from blkio.weight (10 to 1000): the straight line that runc and crun use
    (opencontainers/cgroups, ``ConvertBlkIOToIOWeightValue``)."""
    return 1 + (value - 10) * 9999 // 990


def stats_v1(directory: str) -> BlockStats:
    """From BFQ where it counts, else from the throttling layer, which sees every request."""

    def entries(name: str) -> tuple[BlockEntry, ...]:
        found = tuple(_parse_v1(read_or(directory, f"blkio.bfq.{name}_recursive")))
        return found or tuple(_parse_v1(read_or(directory, f"blkio.throttle.{name}_recursive")))

    return BlockStats(entries("io_service_bytes"), entries("io_serviced"))


def stats_v2(directory: str) -> BlockStats:
    service: list[BlockEntry] = []
    serviced: list[BlockEntry] = []
    for line in read_or(directory, "io.stat").splitlines():
        device, _, rest = line.partition(" ")
        major, _, minor = device.partition(":")
        counts = dict(pair.split("=", 1) for pair in rest.split() if "=" in pair)
        for letter, operation in _V2_OPERATIONS:
            for suffix, entries in (("bytes", service), ("ios", serviced)):
                if (value := counts.get(letter + suffix)) is not None:
                    entries.append(BlockEntry(int(major), int(minor), operation, int(value)))
    return BlockStats(tuple(service), tuple(serviced))


def _parse_v1(text: str) -> Iterator[BlockEntry]:
    """Lines of ``8:0 Read 4096``; the last line (``Total 4096``) has no device."""
    for line in text.splitlines():
        fields = line.split()
        if len(fields) == 3:
            major, _, minor = fields[0].partition(":")
            yield BlockEntry(int(major), int(minor), fields[1], int(fields[2]))


def _weigh(directory: str, device: str, value: int) -> None:
    try:
        write(directory, "io.bfq.weight", f"{device}{value}")
    except KernelError as error:
        if error.errno != ENOENT:
            raise
        write(directory, "io.weight", f"{device or 'default '}{weight(value)}")


def _first(directory: str, names: tuple[str, str], value: str) -> None:
    """Write to the first of two files that this kernel has."""
    try:
        write(directory, names[0], value)
    except KernelError as error:
        if error.errno != ENOENT:
            raise
        write(directory, names[1], value)
