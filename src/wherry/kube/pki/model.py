"""The words of the authority."""

import base64
from hashlib import sha256
from pathlib import Path

import msgspec

from wherry.kube.pki.der import Certificate, parse_certificate, pem, pem_blocks

CERTIFICATE, PRIVATE_KEY, PUBLIC_KEY = "CERTIFICATE", "PRIVATE KEY", "PUBLIC KEY"
DAY_SECONDS = 86400.0
AUTHORITY_SECONDS = 3650 * DAY_SECONDS
"""As kubeadm's authorities."""
LEAF_SECONDS = 365 * DAY_SECONDS
"""As kubeadm's certificates."""
RENEWAL = 1 / 3
"""A certificate is made anew when less than this part of its time is left."""
ADMINS = "kubeadm:cluster-admins"
MASTERS = "system:masters"
NODES = "system:nodes"


class Identity(msgspec.Struct, frozen=True):
    """Who a client certificate is for; ``file`` is what it is called in the directory."""

    file: str
    user: str
    groups: tuple[str, ...] = ()


ADMIN = Identity("admin", "kubernetes-admin", (ADMINS,))
"""Bound to cluster-admin by a binding, which can be taken away (as kubeadm's admin.conf)."""
SUPER_ADMIN = Identity("super-admin", "kubernetes-super-admin", (MASTERS,))
"""For when roles and bindings are broken: whatever they say, it may do everything (kubeadm's super-admin.conf)."""
CONTROLLER_MANAGER = Identity("controller-manager", "system:kube-controller-manager")
SCHEDULER = Identity("scheduler", "system:kube-scheduler")


def node_identity(name: str) -> Identity:
    """Of the agent on a machine."""
    return Identity(f"node-{name}", f"system:node:{name}", (NODES,))


KUBELET_CLIENT = Identity("apiserver-kubelet-client", "kube-apiserver-kubelet-client")
"""Who the API server is to nodes (kubeadm's name): it has no rights but those that a binding gives it."""
STANDARD = (ADMIN, SUPER_ADMIN, CONTROLLER_MANAGER, SCHEDULER, KUBELET_CLIENT)


class NodeServer(msgspec.Struct, frozen=True):
    """A node as a server (certificates.k8s.io kubelet-serving). ``names``: names and addresses that it has."""

    node: str
    names: tuple[str, ...]

    @property
    def file(self) -> str:
        return f"node-{self.node}-serving"

    @property
    def user(self) -> str:
        return f"system:node:{self.node}"


class Wanted(msgspec.Struct, frozen=True):
    """What a directory is to hold besides the authority. Addresses are texts, IPv4 or IPv6."""

    host: str = "localhost"
    """The name of this machine."""
    service_address: str = "10.96.0.1"
    """Of the service ``kubernetes``: the first of the service range."""
    names: tuple[str, ...] = ()
    """More names and addresses that clients use for the server."""
    clients: tuple[Identity, ...] = STANDARD
    nodes: tuple[NodeServer, ...] = ()
    domain: str = "cluster.local"


class Pair(msgspec.Struct, frozen=True):
    """A private key and its certificate, or (the authority's file without its key) the certificate alone."""

    path: Path
    key_pem: str
    certificate_pem: str

    @property
    def certificate_der(self) -> bytes:
        return pem_blocks(self.certificate_pem, CERTIFICATE)[0]

    @property
    def certificate(self) -> Certificate:
        """What it says."""
        return parse_certificate(self.certificate_der)


class SigningKey(msgspec.Struct, frozen=True):
    """Of service-account tokens. ``private_pem`` empty: it only verifies."""

    public_der: bytes
    """SubjectPublicKeyInfo."""
    private_pem: str = ""

    def __repr__(self) -> str:
        return f"SigningKey({self.kid})"  # never the private part: this may be logged

    @property
    def kid(self) -> str:
        """Its name in tokens: the hash of the public key (k8s.io/kubernetes pkg/serviceaccount/jwt.go)."""
        return base64.urlsafe_b64encode(sha256(self.public_der).digest()).decode().rstrip("=")

    @property
    def public_pem(self) -> str:
        return pem(PUBLIC_KEY, self.public_der)


class Pki(msgspec.Struct, frozen=True):
    """A complete directory. ``signing_keys``: the first signs, all verify."""

    directory: Path
    authority: Pair
    serving: Pair
    clients: dict[str, Pair]
    """By :attr:`Identity.file`."""
    signing_keys: tuple[SigningKey, ...]
    made: tuple[str, ...] = ()
    """The files that were made this time."""
    nodes: dict[str, Pair] = msgspec.field(default_factory=dict)
    """Of :class:`NodeServer`, by the node's name."""

    @property
    def authority_pem(self) -> str:
        """What clients are to trust."""
        return self.authority.certificate_pem

    @property
    def _leaves(self) -> tuple[Pair, ...]:
        return self.serving, *self.clients.values(), *self.nodes.values()

    @property
    def renew_at(self) -> float:
        """When the first certificate should be made anew, in seconds since 1970: ask for the directory again then."""
        return min(renewal_time(each.certificate) for each in self._leaves)


def renewal_time(certificate: Certificate) -> float:
    """From when on a certificate should be made anew."""
    return certificate.not_after - (certificate.not_after - certificate.not_before) * RENEWAL
