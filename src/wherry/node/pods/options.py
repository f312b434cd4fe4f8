"""What an agent is told when it is made."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

VERSION = "v1.37.0"
"""The kubelet whose ways these are."""


@dataclass(frozen=True, slots=True)
class Reserved:
    """Of the machine, for what is no pod. CPU in thousandths."""

    millicpu: int = 0
    memory_bytes: int = 0
    storage_bytes: int = 0


@dataclass(frozen=True, slots=True)
class Intervals:
    """Seconds. The kubelet's own defaults: nodeStatusUpdateFrequency, nodeStatusReportFrequency, a lease of 40 s that
    is renewed after a quarter of it, housekeeping of what pods use."""

    status: float = 10.0
    report: float = 300.0
    lease: float = 40.0
    usage: float = 10.0


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Below these the node is under pressure. Shares are of the whole. Memory and processes as the kubelet's
    evictionHard; disk as k3s's, because a laptop's disk is fuller than a server's."""

    memory_bytes: int = 100 << 20
    storage_share: float = 0.05
    inodes_share: float = 0.05
    pids_share: float = 0.05
    minimum_seconds: float = 300.0
    """How long a pressure is shown at least (evictionPressureTransitionPeriod)."""


@dataclass(frozen=True, slots=True)
class Options:
    """``directory`` is the agent's own, below it one a pod. ``addresses``: the node's, the main one first."""

    node: str
    directory: Path
    addresses: tuple[str, ...] = ()
    hostname: str = ""
    """What pods with the host's network are called; empty: as the node."""
    cluster_dns: tuple[str, ...] = ()
    cluster_domain: str = "cluster.local"
    max_pods: int = 110
    labels: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Mapping[str, str], ...] = ()
    """With which the node registers."""
    reserved: Reserved = Reserved()
    port: int = 10250
    """Of the kubelet's API."""
    version: str = VERSION
    static_pods: Path | None = None
    """A directory of manifests of pods that run here whatever the API says."""
    unsafe_sysctls: tuple[str, ...] = ()
    """Allowed besides the safe ones; a name, or its beginning with ``*``."""
    user_namespaces: bool = True
    """Pods that do not say ``hostUsers`` have ids of their own, where nothing in them speaks against it."""
    seccomp_directory: Path = Path("/var/lib/kubelet/seccomp")
    intervals: Intervals = Intervals()
    thresholds: Thresholds = Thresholds()
