"""A pod's /etc/hosts, /etc/hostname and /etc/resolv.conf: pure (pkg/kubelet/kubelet_pods.go, containerd's CRI)."""

from collections.abc import Callable, Mapping, Sequence

from wherry.engine.networks.files import resolv_conf
from wherry.node.pods.runtime import Dns, SandboxSpec

Read = Callable[[str], str]
"""The text of a file of the host; empty when it cannot be read."""
_LOCAL = (
    "127.0.0.1\tlocalhost",
    "::1\tlocalhost ip6-localhost ip6-loopback",
    "fe00::0\tip6-localnet",
    "fe00::0\tip6-mcastprefix",
    "fe00::1\tip6-allnodes",
    "fe00::2\tip6-allrouters",
)
_NOTHING = Dns()


def texts(spec: SandboxSpec, addresses: Sequence[str], read: Read) -> Mapping[str, str]:
    """By file name. Without ``addresses`` the pod has the host's network."""
    has_ipv6 = any(":" in each for each in addresses)
    return {
        "hosts": hosts(spec, addresses, "" if addresses else read("/etc/hosts")),
        "hostname": f"{spec.hostname}\n",
        "resolv.conf": resolver(spec.dns, read("/etc/resolv.conf"), own_network=bool(addresses), has_ipv6=has_ipv6),
    }


def hosts(spec: SandboxSpec, addresses: Sequence[str], of_host: str = "") -> str:
    """The first line is what tests of conformance look for; there is a line for each address."""
    if not addresses:
        return "# Kubernetes-managed hosts file (host network).\n" + of_host + _aliases(spec.hosts)
    names = f"{spec.hostname}.{spec.domain}\t{spec.hostname}" if spec.domain else spec.hostname
    lines = ("# Kubernetes-managed hosts file.", *_LOCAL, *(f"{each}\t{names}" for each in addresses))
    return "\n".join(lines) + "\n" + _aliases(spec.hosts)


def _aliases(lines: Sequence[str]) -> str:
    return "".join(["\n# Entries added by HostAliases.\n", *(f"{line}\n" for line in lines)]) if lines else ""


def resolver(dns: Dns, of_host: str, *, own_network: bool, has_ipv6: bool = False) -> str:
    """Exactly what is asked for; nothing: the host's, which on a network of the pod's own cannot mean loopback."""
    if dns == _NOTHING:
        return resolv_conf(of_host, has_ipv6=has_ipv6) if own_network else of_host
    lines = []
    if dns.searches:
        lines.append("search " + " ".join(dns.searches))
    lines += [f"nameserver {server}" for server in dns.servers]
    if dns.options:
        lines.append("options " + " ".join(dns.options))
    return "".join(f"{line}\n" for line in lines)
