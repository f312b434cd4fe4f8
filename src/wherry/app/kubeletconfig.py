"""What the node shows of its configuration, in the kubelet's words."""

from wherry.app.config import Settings
from wherry.app.nodesettings import usual_words
from wherry.kit.durations import format_duration, parse_duration
from wherry.kube.machinery.model import Object


def shown(settings: Settings) -> Object:
    """As a KubeletConfiguration (kubelet.config.k8s.io/v1beta1) has it: what the node's ``/configz`` answers."""
    given = {
        "evictionHard": _said(settings.node_eviction_hard or usual_words(), "<"),
        "evictionSoft": _said(settings.node_eviction_soft, "<"),
        "evictionSoftGracePeriod": {
            name: format_duration(parse_duration(said))
            for name, said in _said(settings.node_eviction_soft_grace, "=").items()
        },
        "evictionMinimumReclaim": _said(settings.node_eviction_minimum_reclaim, "="),
        "systemReserved": _said(settings.node_reserved, "="),
        "allowedUnsafeSysctls": list(settings.node_unsafe_sysctls),
    }
    return {
        "kind": "KubeletConfiguration",
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "staticPodPath": str(settings.node_static_pods or settings.instance.manifests),
        "fileCheckFrequency": "1s",
        "evictionMaxPodGracePeriod": settings.node_eviction_max_pod_grace,
        "evictionPressureTransitionPeriod": _duration(settings.node_pressure_transition),
        "imageMinimumGCAge": _duration(settings.node_image_gc_age),
        "imageGCHighThresholdPercent": settings.node_image_gc_high,
        "imageGCLowThresholdPercent": settings.node_image_gc_low,
        "shutdownGracePeriod": _duration(settings.node_shutdown_grace),
        "shutdownGracePeriodCriticalPods": _duration(settings.node_shutdown_grace_critical),
        "containerLogMaxSize": "10Mi",
        "containerLogMaxFiles": 5,
        "enforceNodeAllocatable": ["pods"],
        **{name: value for name, value in given.items() if value},
    }


def _said(words: tuple[str, ...], between: str) -> dict[str, str]:
    return dict(word.split(between, 1) for word in words)


def _duration(seconds: int) -> str:
    """As Go writes it: ``2m0s``."""
    return format_duration(seconds * 10**9)
