"""What a sandbox is asked to be, and what is remembered of it."""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

import msgspec

from wherry.engine.networks.model import PortBinding

SHM_BYTES = 64 << 20
Texts = Callable[[Sequence[str]], Mapping[str, str]]
"""The texts of hosts, hostname and resolv.conf, from the sandbox's addresses (none: it has the host's network)."""


class PodSandbox(msgspec.Struct, kw_only=True, frozen=True):
    """A row. ``created`` in nanoseconds since 1970.

    ``cgroup`` is a path below the instance's, of the pod. ``ids`` is the first host id of its range; None: it has the
    host's user namespace. ``resources`` are the limits of its cgroup (OCI ``linux.resources``). ``note`` is a document
    that whoever made the sandbox wants to have back.
    """

    id: str
    name: str
    created: int
    hostname: str
    cgroup: str
    ids: int | None = None
    host_network: bool = False
    host_pid: bool = False
    host_ipc: bool = False
    shares_processes: bool = False
    resources: dict[str, Any] = {}
    note: dict[str, Any] = {}

    @property
    def is_mapped(self) -> bool:
        """Whether it has a user namespace of its own."""
        return self.ids is not None

    @property
    def kinds(self) -> tuple[str, ...]:
        """The namespaces that are its own, as /proc/PID/ns calls them."""
        has = {
            "net": not self.host_network,
            "ipc": not self.host_ipc,
            "uts": not self.host_network,  # as CRI's runtimes: the host's network goes with the host's name
            "user": self.is_mapped,
            "pid": self.shares_processes and not self.host_pid,
        }
        return tuple(kind for kind, present in has.items() if present)


class Wanted(msgspec.Struct, frozen=True):
    """``mapped``: with a user namespace of its own; not together with a namespace of the host's.

    ``sysctls`` are of its network and IPC namespaces, checked by who asks. The others as in :class:`PodSandbox`.
    """

    name: str
    hostname: str
    cgroup: str
    texts: Texts
    mapped: bool = True
    host_network: bool = False
    host_pid: bool = False
    host_ipc: bool = False
    shares_processes: bool = False
    resources: Mapping[str, Any] = msgspec.field(default_factory=dict)
    ports: Sequence[PortBinding] = ()
    sysctls: Mapping[str, str] = msgspec.field(default_factory=dict)
    shm_bytes: int = SHM_BYTES
    note: Mapping[str, Any] = msgspec.field(default_factory=dict)

    @property
    def shares_with_host(self) -> bool:
        return self.host_network or self.host_pid or self.host_ipc
