"""From what the agent wants to what the engine is asked: pure, but for profiles of seccomp, which are read."""

from dataclasses import dataclass

import msgspec

from wherry.engine.containers.creation import Request
from wherry.engine.containers.model import (
    Config,
    HealthcheckConfig,
    HostConfig,
    LogSettings,
    NetworkingConfig,
    RestartRule,
)
from wherry.engine.containers.row import PodPart
from wherry.engine.networks.model import PortBinding
from wherry.engine.sandboxes import PodSandbox, Wanted
from wherry.kit.errors import Invalid
from wherry.node.pods.options import NOTHING, Reserved
from wherry.node.pods.runtime import ContainerSpec, PortMapping, SandboxSpec
from wherry.node.runtime import etcfiles, limits, mounts, naming, rights, sysctls

_LOG = {"max-size": "10m", "max-file": "5"}
"""The kubelet's containerLogMaxSize and containerLogMaxFiles."""
_PROTOCOLS = {"TCP": "tcp", "UDP": "udp", "SCTP": "sctp"}


@dataclass(frozen=True, slots=True)
class Machine:
    """What must be known of this one. ``least_oom_score_adj``: lower than that we may set no process's. ``reserved``:
    what of it pods may not have together; ``memory_bytes``: all there is. ``has_ipv6``: its pods have addresses of
    both families."""

    read: etcfiles.Read
    is_shared: mounts.IsShared
    least_oom_score_adj: int
    processors: int
    memory_bytes: int = 0
    reserved: Reserved = NOTHING
    has_ipv6: bool = False


def sandbox(spec: SandboxSpec, machine: Machine) -> Wanted:
    """Invalid for what cannot be."""
    return Wanted(
        name=naming.sandbox_name(spec),
        hostname=spec.hostname,
        cgroup=naming.pod_group(spec),
        texts=lambda addresses: etcfiles.texts(spec, addresses, machine.read),
        mapped=is_mapped(spec),
        host_network=spec.host_network,
        host_pid=spec.host_pid,
        host_ipc=spec.host_ipc,
        shares_processes=spec.share_processes,
        resources=limits.of_new(spec.limits),
        ports=() if spec.host_network else [_binding(port, machine) for port in spec.ports],
        sysctls=sysctls.wanted(spec, mapped=is_mapped(spec)),
        note=note(spec),
    )


def is_mapped(spec: SandboxSpec) -> bool:
    """Whether it gets a user namespace of its own: not together with a namespace of the host's."""
    return spec.user_namespace and not (spec.host_network or spec.host_pid or spec.host_ipc)


def note(spec: SandboxSpec) -> dict[str, object]:
    """The specification as a document."""
    document: dict[str, object] = msgspec.to_builtins(spec)
    return document


def noted(sandbox: PodSandbox) -> SandboxSpec:
    """The specification that a sandbox was made by."""
    return msgspec.convert(sandbox.note, SandboxSpec)


def _binding(port: PortMapping, machine: Machine) -> PortBinding:
    """Of the families that pods have, each to the pod's own address of it (containernetworking/plugins
    plugins/meta/portmap): what the node relays would be the node's own, and no policy is about that."""
    protocol = _PROTOCOLS.get(port.protocol.upper())
    if protocol is None:
        raise Invalid(f"unknown protocol {port.protocol} of host port {port.host_port}")
    host = port.host_ip or ("" if machine.has_ipv6 else "0.0.0.0")
    return PortBinding(port.container_port, protocol, host, port.host_port, keeps_family=True)  # type: ignore[arg-type]  # one of 3


def container(spec: ContainerSpec, pod: SandboxSpec, sandbox: PodSandbox, image_user: str, machine: Machine) -> Request:
    """Invalid for what cannot be, in the kubelet's words where it has some."""
    return Request(
        config=_config(spec, pod, sandbox, image_user),
        host=_host(spec, sandbox, machine),
        networking=NetworkingConfig(),
        name=naming.container_name(pod, spec),
        pod=PodPart(
            sandbox=sandbox.id,
            name=spec.name,
            attempt=spec.attempt,
            target=spec.target,
            labels=dict(spec.labels),
            annotations=dict(spec.annotations),
            image_groups=spec.security.image_groups,
        ),
        mounts=mounts.points(spec.mounts, mapped=sandbox.is_mapped, is_shared=machine.is_shared),
    )


def _config(spec: ContainerSpec, pod: SandboxSpec, sandbox: PodSandbox, image_user: str) -> Config:
    return Config(
        Image=spec.image,
        User=rights.user(spec.security, image_user),
        Entrypoint=list(spec.command) if spec.command else None,
        Cmd=list(spec.args) if spec.args else None,
        Env=[_variable(name, value) for name, value in spec.env],
        WorkingDir=spec.working_directory,
        Labels=naming.labels(pod, spec, sandbox.id),
        Tty=spec.tty,
        OpenStdin=spec.stdin,
        StdinOnce=spec.stdin_once,
        Healthcheck=HealthcheckConfig(Test=["NONE"]),  # Kubernetes' probes stand in for the image's
    )


def _variable(name: str, value: str) -> str:
    try:
        (name + value).encode()
    except UnicodeEncodeError as error:
        raise Invalid(f"the environment variable {name} is no UTF-8") from error
    return f"{name}={value}"


def _host(spec: ContainerSpec, sandbox: PodSandbox, machine: Machine) -> HostConfig:
    security = spec.security
    unmasked = security.unmasked_proc
    host = HostConfig(
        CgroupParent=sandbox.cgroup,
        LogConfig=LogSettings(Type="json-file", Config=dict(_LOG)),
        RestartPolicy=RestartRule(Name="no"),
        Annotations=dict(spec.annotations) or None,
        Privileged=security.privileged,
        CapAdd=list(security.add_capabilities) or None,
        CapDrop=list(security.drop_capabilities) or None,
        GroupAdd=[str(group) for group in security.supplemental_groups] or None,
        ReadonlyRootfs=security.read_only_root,
        SecurityOpt=rights.security_options(security) or None,
        MaskedPaths=[] if unmasked else None,
        ReadonlyPaths=[] if unmasked else None,
    )
    return limits.put(host, spec.limits, machine.least_oom_score_adj)
