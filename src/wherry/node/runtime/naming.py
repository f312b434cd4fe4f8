"""What sandboxes and containers are called in the engine, and where their cgroups are: pure.

Names and labels are dockershim's (kubernetes 1.23, pkg/kubelet/dockershim/naming.go), because tools look for them.
"""

from collections.abc import Mapping

from wherry.node.pods.runtime import ContainerSpec, SandboxSpec

TOP = "kubepods"
CLASSES = ("guaranteed", "burstable", "besteffort")
_HOLDER = "POD"


def sandbox_name(spec: SandboxSpec) -> str:
    return _name(_HOLDER, spec, spec.attempt)


def container_name(pod: SandboxSpec, spec: ContainerSpec) -> str:
    return _name(spec.name, pod, spec.attempt)


def _name(what: str, pod: SandboxSpec, attempt: int) -> str:
    return f"k8s_{what}_{pod.name}_{pod.namespace}_{pod.uid}_{attempt}"


def labels(pod: SandboxSpec, spec: ContainerSpec, sandbox: str) -> dict[str, str]:
    """As ``docker ps`` shows them: the agent's, and those that say whose container it is."""
    return {
        **spec.labels,
        **_identity(pod),
        "io.kubernetes.container.name": spec.name,
        "io.kubernetes.sandbox.id": sandbox,
    }


def _identity(pod: SandboxSpec) -> Mapping[str, str]:
    return {
        "io.kubernetes.pod.name": pod.name,
        "io.kubernetes.pod.namespace": pod.namespace,
        "io.kubernetes.pod.uid": pod.uid,
    }


def class_group(qos: str) -> str:
    """The cgroup, below the instance's, of all pods of a class."""
    kind = qos.lower()
    return f"{TOP}/{kind if kind in CLASSES else CLASSES[-1]}"


def pod_group(spec: SandboxSpec) -> str:
    """The cgroup of a pod."""
    return f"{class_group(spec.qos)}/pod{spec.uid}"
