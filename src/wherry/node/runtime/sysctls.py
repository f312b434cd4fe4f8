"""Kernel settings of a pod: pure. They are its own, or they are refused."""

import re

from wherry.engine.containers.spec import PING_GROUPS, PORT_START
from wherry.kit.errors import Invalid
from wherry.node.pods.runtime import SandboxSpec

# Those of the network and IPC namespaces (ipc_namespaces(7), network_namespaces(7); kubernetes' pkg/kubelet/sysctl).
_NETWORK = re.compile(r"net(\.[a-z0-9_-]+)+", re.ASCII)
_IPC = re.compile(
    r"fs\.mqueue(\.[a-z0-9_-]+)+|kernel\.(msg[a-z0-9_]+|sem|sem_next_id|shmall|shmmax|shmmni|shm_next_id|shm_rmid_forced)",
    re.ASCII,
)
_LAST_MAPPED, _LAST = 65535, 2147483647


def wanted(spec: SandboxSpec, *, mapped: bool) -> dict[str, str]:
    """What is set: on a network of its own, ports and pings for everybody in it, as containerd's defaults (2.0)."""
    for name in spec.sysctls:
        _check(name, spec)
    if spec.host_network:
        return dict(spec.sysctls)
    last = _LAST_MAPPED if mapped else _LAST
    return {PORT_START: "0", PING_GROUPS: f"0 {last}", **spec.sysctls}


def _check(name: str, spec: SandboxSpec) -> None:
    if _NETWORK.fullmatch(name):
        whose, is_host = "network", spec.host_network
    elif _IPC.fullmatch(name):
        whose, is_host = "IPC", spec.host_ipc
    else:
        raise Invalid(f'sysctl "{name}" is not one that a pod has for itself')
    if is_host:
        raise Invalid(f'sysctl "{name}" is not allowed: the pod has the host\'s {whose} namespace')
