"""Settings of the node: what its agent is told."""

from collections.abc import Callable, Mapping
from typing import TYPE_CHECKING, Any

from wherry.app.setting import Setting, file_name, text, texts, whole
from wherry.kit.errors import Invalid

if TYPE_CHECKING:
    from wherry.node.pods.options import Least, Reserved, Soft

_LONGEST_SECONDS = 24 * 3600


def reserved(words: tuple[str, ...]) -> "Reserved":
    """``cpu=100m``, ``memory=256Mi``, ``ephemeral-storage=1Gi``. Raises Invalid."""
    from wherry.node.pods.machine.amounts import reserved

    return reserved(words)


def least(words: tuple[str, ...]) -> "Mapping[str, Least]":
    """``memory.available<100Mi``, ``nodefs.available<10%``, … Raises Invalid."""
    from wherry.node.pods.machine.amounts import least

    return least(words)


def reclaim(words: tuple[str, ...]) -> "Mapping[str, Least]":
    """``memory.available=200Mi``, ``nodefs.available=5%``, … Raises Invalid."""
    from wherry.node.pods.machine.amounts import reclaim

    return reclaim(words)


def soft(words: tuple[str, ...], graces: tuple[str, ...]) -> "Mapping[str, Soft]":
    """``memory.available<500Mi`` with ``memory.available=1m30s``. Raises Invalid."""
    from wherry.node.pods.machine.amounts import soft

    return soft(words, graces)


def _graces(words: tuple[str, ...]) -> None:
    soft((), words)


def _making_sense(meaning: Callable[[tuple[str, ...]], object]) -> Callable[[object], tuple[str, ...]]:
    def parse(value: object) -> tuple[str, ...]:
        words = texts(value)
        if words:
            try:
                meaning(words)
            except Invalid as error:
                raise ValueError(error.message) from None
        return words

    return parse


def usual_words() -> tuple[str, ...]:
    """Of ``node.eviction_hard``, when nothing is said."""
    meaning = next(each.meaning for each in NODE if each.name == "node.eviction_hard")
    return tuple(meaning.partition("usual: ")[2].split(", "))


def faults_of(values: Mapping[str, Any]) -> list[str]:  # Any: each of its field's type
    """What single settings cannot see."""
    faults = []
    if values["node.image_gc_low"] > values["node.image_gc_high"]:
        faults.append("node.image_gc_low must not be more than node.image_gc_high")
    if values["node.shutdown_grace_critical"] > values["node.shutdown_grace"]:
        faults.append("node.shutdown_grace_critical is a part of node.shutdown_grace, and cannot be more")
    if values["node.eviction_soft"]:
        try:
            soft(values["node.eviction_soft"], values["node.eviction_soft_grace"])
        except Invalid as error:
            faults.append(f"node.eviction_soft: {error.message}, in node.eviction_soft_grace")
    return faults


def ranges(value: object) -> tuple[str, ...]:
    """Of pods: nothing, a range of IPv4, or one of each family, IPv4 first."""
    words = texts(value)
    if words:
        from ipaddress import ip_network  # 3 ms, and most have none

        found = [ip_network(each) for each in words]
        if [each.version for each in found] not in ([4], [4, 6]):
            raise ValueError("expected a range of IPv4, and perhaps one of IPv6 after it: 10.244.0.0/16,fd00:244::/64")
    return words


NODE = (
    Setting("node.name", "", text, "what this machine is called in the cluster; empty: its host name"),
    Setting(
        "node.pod_cidr",
        (),
        ranges,
        "addresses that pods and containers get: 10.244.0.0/16, or 10.244.0.0/16,fd00:244::/64 (which means ip_family "
        "dual); empty: a free range",
    ),
    Setting(
        "node.static_pods",
        None,
        file_name,
        "directory of manifests of pods that run here whatever the API says; empty: ROOT/manifests",
        "static_pods",
    ),
    Setting(
        "node.reserved",
        (),
        _making_sense(reserved),
        "of the machine, for what is no pod: cpu=500m, memory=256Mi, ephemeral-storage=1Gi",
    ),
    Setting(
        "node.eviction_hard",
        (),
        _making_sense(least),
        "below which pods are evicted, in place of the usual: memory.available<100Mi, nodefs.available<5%, "
        "nodefs.inodesFree<5%, pid.available<5%",
    ),
    Setting(
        "node.eviction_soft",
        (),
        _making_sense(least),
        "below which pods are evicted after a while: memory.available<500Mi, nodefs.available<10%, …",
    ),
    Setting(
        "node.eviction_soft_grace",
        (),
        _making_sense(_graces),
        "for how long each of these has to be so first: memory.available=1m30s, nodefs.available=5m, …",
    ),
    Setting(
        "node.eviction_max_pod_grace",
        0,
        whole(0, _LONGEST_SECONDS),
        "seconds that pods get at most which are evicted for these; 0: as good as none, as with node.eviction_hard",
    ),
    Setting(
        "node.eviction_minimum_reclaim",
        (),
        _making_sense(reclaim),
        "by how much more there has to be before eviction ends: memory.available=200Mi, nodefs.available=5%, …",
    ),
    Setting(
        "node.pressure_transition",
        300,
        whole(0, _LONGEST_SECONDS),
        "seconds that the node shows a pressure at least after it is over",
    ),
    Setting(
        "node.shutdown_grace",
        0,
        whole(0, _LONGEST_SECONDS),
        "seconds that pods get when the instance ends, which then is the end of them (as shutdownGracePeriod); 0: they "
        "end within containers.stop_timeout, and run again at the next start",
    ),
    Setting(
        "node.shutdown_grace_critical",
        0,
        whole(0, _LONGEST_SECONDS),
        "of these, how many are left for critical pods, which end last",
    ),
    Setting(
        "node.image_gc_high",
        85,
        whole(0, 100),
        "per cent of the disk from which images that pods pulled go; 100: never",
    ),
    Setting("node.image_gc_low", 80, whole(0, 100), "per cent of the disk down to which they go"),
    Setting("node.image_gc_age", 120, whole(0, _LONGEST_SECONDS), "seconds that an image stays at least"),
    Setting("node.unsafe_sysctls", (), texts, "that pods may set besides the safe ones: names, or beginnings with *"),
)
