"""What of a pod is for its node alone: controllers and scheduler, which keep all pods there are, never read it.

It is most of a pod in memory, and most of what differs from one to the next.
"""

from wherry.kube.machinery.parts import Unread

_CONTAINER = Unread(
    frozenset(
        {
            "args",
            "command",
            "env",
            "envFrom",
            "imagePullPolicy",
            "lifecycle",
            "livenessProbe",
            "readinessProbe",
            "securityContext",
            "startupProbe",
            "stdin",
            "stdinOnce",
            "terminationMessagePath",
            "terminationMessagePolicy",
            "tty",
            "volumeDevices",
            "volumeMounts",
            "workingDir",
        }
    )
)
_VOLUME = Unread(frozenset({"configMap", "downwardAPI", "emptyDir", "hostPath", "image", "projected", "secret"}))
_SPECIFICATION = Unread(
    frozenset(
        {
            "automountServiceAccountToken",
            "dnsConfig",
            "dnsPolicy",
            "enableServiceLinks",
            "hostAliases",
            "imagePullSecrets",
            "securityContext",
            "serviceAccount",
            "shareProcessNamespace",
            "terminationGracePeriodSeconds",
        }
    ),
    {
        "containers": _CONTAINER,
        "initContainers": _CONTAINER,
        "ephemeralContainers": _CONTAINER,
        "volumes": _VOLUME,
    },
)
_CONTAINER_STATUS = Unread(frozenset({"containerID", "image", "imageID", "user", "volumeMounts"}))
_STATUS = Unread(
    below={
        "containerStatuses": _CONTAINER_STATUS,
        "initContainerStatuses": _CONTAINER_STATUS,
        "ephemeralContainerStatuses": _CONTAINER_STATUS,
    }
)
UNREAD = Unread(below={"spec": _SPECIFICATION, "status": _STATUS})
