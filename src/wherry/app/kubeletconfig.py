"""What the node shows of its configuration, in the kubelet's words."""

from wherry.app.config import Settings
from wherry.app.nodesettings import usual_words
from wherry.kube.machinery.model import Object


def shown(settings: Settings) -> Object:
    """As a KubeletConfiguration (kubelet.config.k8s.io/v1beta1) has it: what the node's ``/configz`` answers."""
    given = {
        "evictionHard": dict(word.split("<", 1) for word in settings.node_eviction_hard or usual_words()),
        "systemReserved": dict(word.split("=", 1) for word in settings.node_reserved),
        "allowedUnsafeSysctls": list(settings.node_unsafe_sysctls),
    }
    return {
        "kind": "KubeletConfiguration",
        "apiVersion": "kubelet.config.k8s.io/v1beta1",
        "staticPodPath": str(settings.node_static_pods or settings.instance.manifests),
        "fileCheckFrequency": "1s",
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


def _duration(seconds: int) -> str:
    """As Go writes it: ``2m0s``."""
    minutes, rest = divmod(seconds, 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}h{minutes}m{rest}s" if hours else f"{minutes}m{rest}s" if minutes else f"{rest}s"
