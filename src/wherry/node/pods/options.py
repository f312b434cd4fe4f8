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


NOTHING = Reserved()


@dataclass(frozen=True, slots=True)
class Intervals:
    """Seconds. The kubelet's own defaults: nodeStatusUpdateFrequency, nodeStatusReportFrequency, a lease of 40 s that
    is renewed after a quarter of it, housekeeping of what pods use. ``first``: after which part of its time something
    is said again for the first time, that thousands of nodes which came together do not all speak together."""

    status: float = 10.0
    report: float = 300.0
    lease: float = 40.0
    usage: float = 10.0
    first: float = 1.0


@dataclass(frozen=True, slots=True)
class Least:
    """Of something there is to be left as many bytes or pieces, or this share of the whole."""

    count: int = 0
    share: float = 0.0

    def of(self, whole: int) -> int:
        return int(whole * self.share) if self.share else self.count


HARD = {
    "memory.available": Least(100 << 20),
    "nodefs.available": Least(share=0.05),
    "nodefs.inodesFree": Least(share=0.05),
    "pid.available": Least(share=0.05),
}
"""Memory and processes as the kubelet's evictionHard; disk as k3s's, because a laptop's disk is fuller than a
server's."""


@dataclass(frozen=True, slots=True)
class Soft:
    """As much there is to be left, or pods go after so many seconds of less (evictionSoft, evictionSoftGracePeriod)."""

    least: Least
    grace_seconds: float


@dataclass(frozen=True, slots=True)
class Thresholds:
    """Below these the node is under pressure; by signal (see :mod:`wherry.node.pods.machine.signals`). Pods go at once
    for ``least``, and then end within a second."""

    least: Mapping[str, Least] = field(default_factory=lambda: dict(HARD))
    minimum_seconds: float = 300.0
    """How long a pressure is shown at least (evictionPressureTransitionPeriod)."""
    soft: Mapping[str, Soft] = field(default_factory=dict)
    reclaim: Mapping[str, Least] = field(default_factory=dict)
    """How much more than that there is to be, once pods went for it (evictionMinimumReclaim)."""
    most_grace_seconds: float = 0.0
    """That a pod has to end when it goes for a soft one (evictionMaxPodGracePeriod), if it does not want less."""

    def of(self, signal: str, whole: int) -> int:
        """What is to be left of ``whole`` in any case; 0 where nothing is said."""
        return self.least.get(signal, Least()).of(whole)


@dataclass(frozen=True, slots=True)
class ImageCare:
    """When images that pods brought here go again (imageGCHighThresholdPercent, imageGCLowThresholdPercent,
    imageMinimumGCAge): from ``high`` per cent of the disk on, until it is ``low``; 100: never."""

    high: int = 85
    low: int = 80
    minimum_age_seconds: float = 120.0


@dataclass(frozen=True, slots=True)
class Options:
    """``directory`` is the agent's own, below it one a pod. ``addresses``: the node's, the main one first;
    ``pod_ranges``: those that its pods have theirs of, in the same order."""

    node: str
    directory: Path
    addresses: tuple[str, ...] = ()
    pod_ranges: tuple[str, ...] = ()
    hostname: str = ""
    """What pods with the host's network are called; empty: as the node."""
    cluster_dns: tuple[str, ...] = ()
    cluster_domain: str = "cluster.local"
    max_pods: int = 110
    labels: Mapping[str, str] = field(default_factory=dict)
    annotations: Mapping[str, str] = field(default_factory=dict)
    taints: tuple[Mapping[str, str], ...] = ()
    """With which, as with the annotations, the node registers."""
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
    handlers: tuple[str, ...] | None = None
    """Of runtime classes, that this node has; None: any, all the same."""
    seccomp_directory: Path = Path("/var/lib/kubelet/seccomp")
    intervals: Intervals = Intervals()
    thresholds: Thresholds = Thresholds()
    image_care: ImageCare = ImageCare()
