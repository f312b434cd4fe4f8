"""One engine instance: where it keeps things and what its kernel objects are called.

Instances live side by side; every kernel object's name carries the instance, so that none touches another's.
"""

import hashlib
from dataclasses import dataclass
from pathlib import Path

DEFAULT_ROOT = Path("/var/lib/wherry")
DEFAULT_RUN = Path("/run/wherry")


@dataclass(frozen=True, slots=True)
class Instance:
    """Names and paths of an instance. ``root`` is absolute and resolved.

    On disk::

        root/                  0710 root:root
          instance.lock        held (flock) by the supervisor and the node; the supervisor's pid
          wherry.toml          settings, where there is one
          wherry.log           what the daemon says when it was started with --detach
          engine.sqlite        the engine's metadata
          cluster/             the cluster's state and its keys (control's)
          pods/                volumes of the pods on this node
          storage/             volumes of claims
          manifests/           pods of this machine's own, which the user puts there
          seccomp/             profiles that pods may name, likewise
          kubeconfig           how to reach the cluster as its administrator
          content/             OCI image layout: blobs/sha256/…, ingest/
          snapshots/           one directory a chain id
          containers/<id>/     upper/, work/, logs, hosts, resolv.conf, hostname, exit status
          volumes/<name>/_data
          tmp/                 emptied at start
        run/                   docker.sock, shims/<id>.sock, api (the API's address, while it is served), node-standing
          sandboxes/<id>/      mounted: what the containers of a pod share
    """

    root: Path
    run: Path
    name: str

    @classmethod
    def at(cls, root: Path | None = None) -> "Instance":
        """The instance of ``root`` (None or the default path: the machine's own, with its socket in /run/wherry)."""
        path = (root or DEFAULT_ROOT).absolute().resolve()
        if path == DEFAULT_ROOT:
            return cls(path, DEFAULT_RUN, "default")
        return cls(path, path / "run", hashlib.sha256(str(path).encode()).hexdigest()[:8])

    @property
    def socket(self) -> Path:
        return self.run / "docker.sock"

    @property
    def cgroup_parent(self) -> str:
        """Path below each cgroup hierarchy's root."""
        return f"/wherry-{self.name}"

    @property
    def bridge(self) -> str:
        """Name of the default network's bridge: at most 15 characters (IFNAMSIZ, netdevice(7))."""
        return "wherry0" if self.name == "default" else f"wh{self.name}"

    @property
    def nft_table(self) -> str:
        return f"wherry-{self.name}"

    def veth(self, token: str) -> str:
        """Host end of a container's veth pair, from a short unique token (at most 6 characters).

        Never the name of a bridge: those begin with ``wh``.
        """
        return f"wv{self.name[:7]}{token[:6]}"

    @property
    def flag(self) -> str:
        """What a command line needs beside ``wherry`` and the verb to mean this instance, with a blank before it."""
        return "" if self.name == "default" else f" --root {self.root}"

    @property
    def database(self) -> Path:
        return self.root / "engine.sqlite"

    @property
    def cluster(self) -> Path:
        """What ``control`` keeps."""
        return self.root / "cluster"

    @property
    def pods(self) -> Path:
        """What the node's agent keeps of its pods: their volumes."""
        return self.root / "pods"

    @property
    def storage(self) -> Path:
        """Volumes of the cluster's claims that are on this node."""
        return self.root / "storage"

    @property
    def manifests(self) -> Path:
        """Where pods of this machine's own are looked for, unless the settings say where."""
        return self.root / "manifests"

    @property
    def seccomp(self) -> Path:
        """Where profiles are that pods may name (``localhostProfile``), as below the kubelet's root directory."""
        return self.root / "seccomp"

    @property
    def kubeconfig(self) -> Path:
        return self.root / "kubeconfig"

    @property
    def api_address(self) -> Path:
        """A file with the address of the cluster's API; it is there when that is served."""
        return self.run / "api"

    @property
    def node_address(self) -> Path:
        """A file with host and port of the node's own API; it is there when that is served."""
        return self.run / "node-api"

    @property
    def node_standing(self) -> Path:
        """An empty file; it is there while the cluster shows this node, and its pods, as they are."""
        return self.run / "node-standing"

    @property
    def content(self) -> Path:
        return self.root / "content"

    @property
    def snapshots(self) -> Path:
        return self.root / "snapshots"

    @property
    def containers(self) -> Path:
        return self.root / "containers"

    @property
    def volumes(self) -> Path:
        return self.root / "volumes"

    @property
    def tmp(self) -> Path:
        return self.root / "tmp"

    @property
    def sandboxes(self) -> Path:
        """Directory of what containers of pods share: a mount, below which others are."""
        return self.run / "sandboxes"

    @property
    def shims(self) -> Path:
        """Directory of the shims' control sockets."""
        return self.run / "shims"
