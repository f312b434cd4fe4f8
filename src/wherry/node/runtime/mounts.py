"""A pod's mounts as the engine's: pure."""

from collections.abc import Callable, Iterable

from wherry.engine.containers.mounts import check_destination
from wherry.engine.containers.row import MountPoint
from wherry.kit.errors import Invalid
from wherry.node.pods.runtime import Mount, Propagation

_OPTIONS = {
    Propagation.PRIVATE: "rprivate",
    Propagation.HOST_TO_CONTAINER: "rslave",
    Propagation.BIDIRECTIONAL: "rshared",
}
IsShared = Callable[[str], bool]
"""Whether what is mounted below a path of the host is seen by others (the path lies on a shared mount)."""


def points(mounts: Iterable[Mount], *, mapped: bool, is_shared: IsShared) -> list[MountPoint]:
    """``mapped``: the pod has a user namespace of its own. Invalid for what cannot be mounted."""
    return [_point(mount, mapped, is_shared) for mount in mounts]


def _point(mount: Mount, mapped: bool, is_shared: IsShared) -> MountPoint:
    destination = check_destination(mount.destination, mount.destination)
    if mount.image:
        options = ["bind", "rprivate", "ro", "noexec", "nosuid", "nodev"]  # KEP-4639: read only, nothing is run
        return MountPoint(
            kind="image",
            source=mount.image,
            destination=destination,
            writable=False,
            subpath=mount.subpath,
            options=options,
        )
    if not mount.source.startswith("/"):
        raise Invalid(f"cannot mount {mount.source!r} on {destination}: it is no absolute path")
    if mount.propagation is Propagation.BIDIRECTIONAL:
        _check_bidirectional(mount, mapped, is_shared)
    propagation = _OPTIONS[mount.propagation]
    return MountPoint(
        kind="bind",
        source=mount.source,
        destination=destination,
        writable=not mount.read_only,
        propagation=propagation,
        mapped=mount.mapped,
        subpath=mount.subpath,
        options=["rbind", propagation, *_access(mount)],
    )


def _access(mount: Mount) -> list[str]:
    """Read only means the mount alone, unless what is mounted below it is asked for too (KEP-3857)."""
    if not mount.read_only:
        return ["rw"]
    return ["rro", "ro"] if mount.recursive_read_only else ["ro"]


def _check_bidirectional(mount: Mount, mapped: bool, is_shared: IsShared) -> None:
    if mapped:
        raise Invalid(
            f"mount {mount.destination}: what is mounted there would be seen by the host (Bidirectional), "
            "which needs a pod in the host's user namespace (hostUsers: true)"
        )
    if not is_shared(mount.source):
        raise Invalid(f'path "{mount.source}" is mounted on a mount that is not shared')
