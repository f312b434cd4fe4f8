"""What a container mounts, resolved from all the ways to ask for it (``-v``, ``--mount``, ``--tmpfs``, the image's
VOLUME, ``--volumes-from``). Later ones win over earlier ones at the same place, as in moby's registerMountPoints."""

import posixpath
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

from wherry.engine.containers.model import Config, HostConfig, Mount
from wherry.engine.containers.row import Container, MountPoint
from wherry.engine.volumes import Volumes
from wherry.kit.errors import Invalid

_PROPAGATION = {"private", "rprivate", "shared", "rshared", "slave", "rslave"}
_MODES = {"ro", "rw", "z", "Z", "nocopy", "consistent", "cached", "delegated", *_PROPAGATION}
_TMPFS_DEFAULTS = ["noexec", "nosuid", "nodev"]


class Mounts:
    """Resolves mounts; makes the volumes that do not exist yet."""

    def __init__(self, volumes: Volumes, find: Callable[[str], Container]) -> None:
        self._volumes = volumes
        self._find = find

    def resolve(self, config: Config, host: HostConfig, image_volumes: Iterable[str]) -> list[MountPoint]:
        """All mount points of a new container, by destination. Invalid in Docker's words."""
        points: dict[str, MountPoint] = {}
        explicit: set[str] = set()
        for item in host.VolumesFrom or ():
            for point in self._inherited(item):
                points[point.destination] = point
        asked = [self._bind(item) for item in host.Binds or ()]
        asked += [self._mount(mount) for mount in host.Mounts or ()]
        asked += [_tmpfs(destination, value) for destination, value in (host.Tmpfs or {}).items()]
        for point in asked:
            if point.destination in explicit:
                raise Invalid(f"Duplicate mount point: {point.destination}")
            explicit.add(point.destination)
            points[point.destination] = point
        for destination in (*(config.Volumes or ()), *image_volumes):
            path = check_destination(destination, destination)
            if path not in points:
                points[path] = self._anonymous(path)
        return sorted(points.values(), key=lambda point: point.destination)

    def _inherited(self, item: str) -> list[MountPoint]:
        name, _, mode = item.partition(":")
        if mode not in ("", "ro", "rw", "z", "Z"):
            raise Invalid(f"invalid mode: {mode}")
        readonly = mode == "ro"
        points = []
        for point in self._find(name).mounts:
            options = [option for option in point.options if option not in ("ro", "rw", "x-copy-up")]
            writable = point.writable and not readonly
            points.append(_replace(point, writable=writable, options=[*options, "rw" if writable else "ro"]))
        return points

    def _bind(self, item: str) -> MountPoint:
        """``[source:]destination[:options]``"""
        parts = item.split(":")
        if len(parts) > 3 or not all(parts[: max(1, len(parts) - 1)]):
            raise Invalid(f"invalid volume specification: '{item}'")
        mode = parts[2] if len(parts) == 3 else ""
        flags = [flag for flag in mode.split(",") if flag]
        unknown = [flag for flag in flags if flag not in _MODES]
        if unknown or (len(parts) == 3 and not mode):
            raise Invalid(f"invalid mode: {mode}")
        if len(parts) == 1:
            return self._anonymous(check_destination(parts[0], item))
        source, destination = parts[0], check_destination(parts[1], item)
        writable = "ro" not in flags
        propagation = next((flag for flag in flags if flag in _PROPAGATION), "")
        if source.startswith("/"):
            source = posixpath.normpath(source)
            if not Path(source).exists():
                Path(source).mkdir(parents=True)  # -v makes what is missing; --mount refuses
            return _bound(source, destination, writable, propagation or "rprivate", mode)
        if propagation:
            raise Invalid(f"invalid mode: {mode}: propagation is for bind mounts of host paths")
        return self._volume(source, destination, writable, "nocopy" not in flags, mode)

    def _mount(self, mount: Mount) -> MountPoint:
        where = f'invalid mount config for type "{mount.Type}"'
        if not mount.Target:
            raise Invalid(f"{where}: field Target must not be empty")
        destination = check_destination(mount.Target, where)
        match mount.Type:
            case "bind":
                return self._bind_mount(mount, destination, where)
            case "volume":
                options = mount.VolumeOptions
                copy = not (options and options.NoCopy)
                if not mount.Source:
                    return _replace(self._anonymous(destination, copy), writable=not mount.ReadOnly)
                labels = (options.Labels if options else None) or {}
                self._volumes.create(mount.Source, "local", labels, {})
                return self._volume(mount.Source, destination, not mount.ReadOnly, copy, "z")
            case "tmpfs":
                if mount.Source:
                    raise Invalid(f"{where}: field Source must not be specified")
                return _tmpfs_mount(mount, destination)
            case "image" | "npipe" | "cluster":
                raise Invalid(f'mount type "{mount.Type}" is not available in this version of Wherry')
            case _:
                raise Invalid(f"{where}: mount type unknown: {mount.Type!r}")

    @staticmethod
    def _bind_mount(mount: Mount, destination: str, where: str) -> MountPoint:
        options = mount.BindOptions
        if not mount.Source:
            raise Invalid(f"{where}: field Source must not be empty")
        if not mount.Source.startswith("/"):
            raise Invalid(f"{where}: invalid mount path: '{mount.Source}' mount path must be absolute")
        if not Path(mount.Source).exists():
            if not (options and options.CreateMountpoint):
                raise Invalid(f"{where}: bind source path does not exist: {mount.Source}")
            Path(mount.Source).mkdir(parents=True)
        propagation = (options.Propagation if options else "") or "rprivate"
        if propagation not in _PROPAGATION:
            raise Invalid(f"{where}: invalid propagation mode: {propagation}")
        return _bound(mount.Source, destination, not mount.ReadOnly, propagation, "")

    def _volume(self, name: str, destination: str, writable: bool, copy: bool, mode: str) -> MountPoint:
        volume = self._volumes.create(name, "local", {}, {})
        options = ["rbind", "rw" if writable else "ro", *(["x-copy-up"] if copy else [])]
        return MountPoint(
            kind="volume",
            name=name,
            source=str(volume.path),
            destination=destination,
            writable=writable,
            mode=mode,
            options=options,
        )

    def _anonymous(self, destination: str, copy: bool = True) -> MountPoint:
        point = self._volume(secrets.token_hex(32), destination, True, copy, "")
        return _replace(point, anonymous=True)


def _replace(point: MountPoint, **changes: object) -> MountPoint:
    import msgspec

    return msgspec.structs.replace(point, **changes)


def _bound(source: str, destination: str, writable: bool, propagation: str, mode: str) -> MountPoint:
    options = ["rbind", propagation, "rw" if writable else "rro", *([] if writable else ["ro"])]
    return MountPoint(
        kind="bind",
        source=source,
        destination=destination,
        writable=writable,
        mode=mode,
        propagation=propagation,
        options=options,
    )


def check_destination(path: str, where: str) -> str:
    """A clean absolute path that is not the root."""
    if not path.startswith("/"):
        raise Invalid(
            f"invalid volume specification: '{where}': invalid mount path: '{path}' mount path must be absolute"
        )
    clean = posixpath.normpath("/" + path.lstrip("/"))
    if clean == "/":
        raise Invalid(f"invalid volume specification: '{where}': invalid specification: destination can't be '/'")
    return clean


def _tmpfs(destination: str, value: str) -> MountPoint:
    path = check_destination(destination, destination)
    options = [*_TMPFS_DEFAULTS, *(option for option in value.split(",") if option)]
    for option in list(options):
        opposite = {"exec": "noexec", "suid": "nosuid", "dev": "nodev"}.get(option)
        if opposite in options:
            options.remove(opposite)
    return MountPoint(kind="tmpfs", destination=path, options=options, mode=value, writable="ro" not in options)


def _tmpfs_mount(mount: Mount, destination: str) -> MountPoint:
    options = list(_TMPFS_DEFAULTS)
    given = mount.TmpfsOptions
    if given and given.SizeBytes:
        options.append(f"size={given.SizeBytes}")
    if given and given.Mode:
        options.append(f"mode={given.Mode:o}")
    if mount.ReadOnly:
        options.append("ro")
    return MountPoint(kind="tmpfs", destination=destination, options=options, writable=not mount.ReadOnly)
