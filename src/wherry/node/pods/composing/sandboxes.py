"""What a pod's containers share, as the runtime is asked for it."""

from collections.abc import Iterable, Iterator

from wherry.kube.kinds.pod.qos import qos_class
from wherry.kube.machinery.model import Object
from wherry.node.pods import view
from wherry.node.pods.composing import dns, resources
from wherry.node.pods.composing.security import is_privileged
from wherry.node.pods.options import Options
from wherry.node.pods.runtime import PortMapping, SandboxSpec

GRACE = "wherry.dev/grace-seconds"
"""How long the containers may take to end, for when the API does not have the pod any more."""
SOURCE = "wherry.dev/source"
_HOSTNAME_CHARACTERS = 63
_KERNELS = ("/proc", "/sys", "/dev")
_LABELS = {"name": "io.kubernetes.pod.name", "namespace": "io.kubernetes.pod.namespace", "uid": "io.kubernetes.pod.uid"}


def labels(pod: Object) -> dict[str, str]:
    """By which the runtime's things are found (pkg/kubelet/types/labels.go)."""
    meta = pod["metadata"]
    found = {label: str(meta.get(name, "")) for name, label in _LABELS.items()}
    return {**(meta.get("labels") or {}), **found, _LABELS["uid"]: view.uid(pod)}


def sandbox_spec(pod: Object, attempt: int, options: Options, resolver: dns.Resolver) -> SandboxSpec:
    meta, spec = pod["metadata"], pod["spec"]
    host = view.host_network(pod)
    hostname, domain = names(pod, options)
    security = spec.get("securityContext") or {}
    return SandboxSpec(
        uid=view.uid(pod),
        namespace=meta["namespace"],
        name=meta["name"],
        hostname=hostname,
        attempt=attempt,
        labels=labels(pod),
        annotations={GRACE: str(view.grace_seconds(pod)), SOURCE: "file" if view.is_static(pod) else "api"},
        host_network=host,
        host_pid=bool(spec.get("hostPID")),
        host_ipc=bool(spec.get("hostIPC")),
        share_processes=bool(spec.get("shareProcessNamespace")),
        user_namespace=has_user_namespace(pod, options),
        dns=dns.dns(pod, resolver),
        hosts=tuple(_aliases(spec.get("hostAliases") or ())),
        ports=() if host else tuple(host_ports(pod)),
        sysctls={each["name"].replace("/", "."): str(each.get("value", "")) for each in security.get("sysctls") or ()},
        qos=qos_class(spec),
        limits=resources.pod_limits(pod),
        domain=domain,
    )


def names(pod: Object, options: Options) -> tuple[str, str]:
    """Host name, and the domain that it is fully qualified by (empty: it is not)."""
    spec, meta = pod["spec"], pod["metadata"]
    if spec.get("hostnameOverride"):
        return str(spec["hostnameOverride"]), ""
    if view.host_network(pod):
        return options.hostname or options.node, ""
    name = str(spec.get("hostname") or meta["name"])[:_HOSTNAME_CHARACTERS].rstrip("-.")
    subdomain = spec.get("subdomain")
    if not subdomain:
        return name, ""
    domain = f"{subdomain}.{meta['namespace']}.svc.{options.cluster_domain}"
    if spec.get("setHostnameAsFQDN"):
        return f"{name}.{domain}", ""
    return name, domain


def _aliases(entries: Iterable[Object]) -> Iterator[str]:
    for each in entries:
        yield "\t".join([each.get("ip", ""), *(each.get("hostnames") or ())])


def host_ports(pod: Object) -> Iterator[PortMapping]:
    """The node's ports that lead to the pod; with the host's network, the ports that it takes itself."""
    for member in view.of_role(pod, view.Role.REGULAR, view.Role.SIDECAR):
        for port in member.container.get("ports") or ():
            if port.get("hostPort"):
                protocol, host_ip = port.get("protocol") or "TCP", port.get("hostIP") or ""
                yield PortMapping(port["containerPort"], port["hostPort"], protocol, host_ip)


def has_user_namespace(pod: Object, options: Options) -> bool:
    """``hostUsers`` says it. Where it says nothing the pod has ids of its own, unless it wants what only the host's
    ids can have: the host's other namespaces, privileges, mounts that reach the host, the kernel's own file systems
    (which cannot be id-mapped: mount_setattr(2))."""
    spec = pod["spec"]
    said = spec.get("hostUsers")
    if said is not None:
        return not said
    if not options.user_namespaces or any(spec.get(name) for name in ("hostNetwork", "hostPID", "hostIPC")):
        return False
    containers = [member.container for member in view.members(pod)]
    if any(is_privileged(each) or _reaches_host(each) for each in containers):
        return False
    return not any(_is_kernels(volume) for volume in spec.get("volumes") or ())


def _reaches_host(container: Object) -> bool:
    mounts = container.get("volumeMounts") or ()
    return any(each.get("mountPropagation") == "Bidirectional" for each in mounts)


def _is_kernels(volume: Object) -> bool:
    path = (volume.get("hostPath") or {}).get("path")
    if path is None:
        return False
    plain = "/" + path.strip("/")
    return plain == "/" or any(plain == each or plain.startswith(f"{each}/") for each in _KERNELS)
