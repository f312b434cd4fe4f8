"""What a container mounts, resolved from all the ways to ask for it (``-v``, ``--mount``, ``--tmpfs``, the image's
VOLUME, ``--volumes-from``). Later ones win over earlier ones at the same place, as in moby's registerMountPoints."""

import posixpath
import secrets
from collections.abc import Callable, Iterable
from pathlib import Path

import msgspec

from wherry.engine.containers.model import Config, HostConfig, Mount, MountBindOptions, MountTmpfsOptions
from wherry.engine.containers.row import Container, MountPoint
from wherry.engine.volumes import ANONYMOUS, Volumes
from wherry.kit.errors import Invalid, NotFound, Unsupported

_PROPAGATION = {"private", "rprivate", "shared", "rshared", "slave", "rslave"}
# One of each kind may be asked for in -v (moby, volume/mounts/linux_parser.go).
_KINDS = ({"ro", "rw"}, {"z", "Z"}, _PROPAGATION, {"nocopy"}, {"consistent", "cached", "delegated", "default"})
_TMPFS_DEFAULTS = ["noexec", "nosuid", "nodev"]
_TMPFS_FLAGS = {
    "ro", "rw", "exec", "noexec", "suid", "nosuid", "dev", "nodev", "relatime", "norelatime", "strictatime",
    "nostrictatime", "noatime", "atime", "diratime", "nodiratime", "sync", "async", "mand", "nomand", "defaults",
}  # fmt: skip
_TMPFS_VALUES = {"size", "mode", "uid", "gid", "nr_inodes", "nr_blocks", "mpol"}
# The kernel's tmpfs does not know these names of mount(8).
_MEANINGLESS = {"norelatime", "nostrictatime", "atime", "diratime", "sync", "async", "mand", "nomand", "defaults"}


class Mounts:
    """Resolves mounts, and makes the volumes that do not exist yet: ``made`` names them.

    ``image_id`` is given an image's name; it may raise NotFound.
    """

    def __init__(self, volumes: Volumes, find: Callable[[str], Container], image_id: Callable[[str], str]) -> None:
        self._volumes = volumes
        self._find = find
        self._image_id = image_id
        self.made: list[str] = []

    def resolve(self, config: Config, host: HostConfig, given: Iterable[MountPoint] = ()) -> list[MountPoint]:
        """All mount points of a new container, by destination; ``given`` are among them. Invalid in Docker's words."""
        points: dict[str, MountPoint] = {}
        for item in host.VolumesFrom or ():
            for point in self._inherited(item):
                points[point.destination] = point
        asked = [self._bind(item, host.VolumeDriver) for item in host.Binds or ()]
        asked += [self._mount(mount) for mount in host.Mounts or ()]
        asked += [_tmpfs(destination, value) for destination, value in (host.Tmpfs or {}).items()]
        asked += given
        explicit: set[str] = set()
        for point in asked:
            if point.destination in explicit:
                raise Invalid(f"Duplicate mount point: {point.destination}")
            explicit.add(point.destination)
            points[point.destination] = point
        for path in _destinations(config.Volumes or ()):
            if path not in points:
                points[path] = self._anonymous(path)
        return sorted(points.values(), key=lambda point: point.destination)

    def _inherited(self, item: str) -> list[MountPoint]:
        name, _, mode = item.partition(":")
        if not name or mode not in ("", "ro", "rw", "z", "Z"):
            raise Invalid(f"invalid volumes-from specification: '{item}'" if not name else f"invalid mode: {mode}")
        points = []
        for point in self._find(name).mounts:
            if not point.shown:
                continue  # a tmpfs is its container's own
            writable = point.writable and mode != "ro"
            kept = [option for option in point.options if option not in ("ro", "rro", "rw", "x-copy-up")]
            points.append(_changed(point, writable=writable, options=[*kept, *_access(writable)]))
        return points

    # -v

    def _bind(self, item: str, driver: str) -> MountPoint:
        """``[source:]destination[:options]``"""
        parts = item.split(":")
        if len(parts) > 3 or not parts[0] or (len(parts) == 2 and _is_mode(parts[1])):
            raise Invalid(f"invalid volume specification: '{item}'")
        if len(parts) == 1:
            return self._anonymous(check_destination(parts[0], item), driver=driver)
        mode = parts[2] if len(parts) == 3 else ""
        if len(parts) == 3 and not _is_mode(mode):
            raise Invalid(f"invalid mode: {mode}")
        source, destination = parts[0], check_destination(parts[1], item)
        flags = set(mode.split(","))
        writable = "ro" not in flags
        propagation = next(iter(flags & _PROPAGATION), "")
        if not source.startswith("/"):
            if propagation:
                raise Invalid(f"invalid mode: {mode}")  # it is for places on the host
            point = self._volume(source, destination, driver=driver, copy="nocopy" not in flags)
            return _changed(point, writable=writable, mode=mode or "z", options=_for_access(point.options, writable))
        if "nocopy" in flags:
            raise Invalid(f"invalid mode: {mode}")
        point = _bound(source, destination, writable, MountBindOptions(Propagation=propagation), mode)
        return _changed(point, make=True)  # --mount refuses what is missing

    # --mount

    def _mount(self, mount: Mount) -> MountPoint:
        where = f'invalid mount config for type "{mount.Type}"'
        if not mount.Target:
            raise Invalid(f"{where}: field Target must not be empty")
        _refuse_others_options(mount, where)
        destination = _clean_destination(mount.Target, where)
        match mount.Type:
            case "bind":
                return _bind_mount(mount, destination, where)
            case "volume":
                return self._volume_mount(mount, destination)
            case "tmpfs":
                if mount.Source:
                    raise Invalid(f"{where}: field Source must not be specified")
                return _tmpfs_mount(mount, destination)
            case "image":
                return self._image_mount(mount, destination, where)
            case "npipe" | "cluster":
                raise Unsupported(f'mount type "{mount.Type}" is not available in this version of Wherry')
        raise Invalid(f"{where}: mount type unknown")

    def _volume_mount(self, mount: Mount, destination: str) -> MountPoint:
        options = mount.VolumeOptions
        subpath = _subpath(options.Subpath if options else "", "volume")
        driver = options.DriverConfig if options else None
        point = self._volume(
            mount.Source or secrets.token_hex(32),
            destination,
            driver=driver.Name if driver else "",
            copy=not (options and options.NoCopy) and not subpath,
            labels={**((options.Labels if options else None) or {}), **({} if mount.Source else {ANONYMOUS: ""})},
            settings=(driver.Options if driver else None) or {},
        )
        return _changed(
            point,
            writable=not mount.ReadOnly,
            mode="z",
            anonymous=not mount.Source,
            subpath=subpath,
            options=_for_access(point.options, not mount.ReadOnly),
        )

    def _image_mount(self, mount: Mount, destination: str, where: str) -> MountPoint:
        """Read only, whatever was asked for: nothing may write to what other containers stand on."""
        if not mount.Source:
            raise Invalid(f"{where}: field Source must not be empty")
        subpath = _subpath(mount.ImageOptions.Subpath if mount.ImageOptions else "", "image")
        try:
            source = self._image_id(mount.Source)
        except NotFound as error:  # which would mean to a client that the container's own image is missing
            raise Invalid(f"{where}: {error.message}") from error
        options = ["bind", "rprivate", "ro", "nosuid", "nodev"]
        point = MountPoint(kind="image", source=source, destination=destination, options=options)
        return _changed(point, writable=False, subpath=subpath, propagation="rprivate")

    # Volumes

    def _volume(
        self,
        name: str,
        destination: str,
        *,
        driver: str = "",
        copy: bool = True,
        labels: dict[str, str] | None = None,
        settings: dict[str, str] | None = None,
    ) -> MountPoint:
        new = not self._volumes.exists(name)
        volume = self._volumes.create(name, driver or "local", labels or {}, settings or {})
        if new:
            self.made.append(name)
        options = ["rbind", "rw", *(["x-copy-up"] if copy else [])]
        source = str(volume.source)
        return MountPoint(kind="volume", name=name, source=source, destination=destination, options=options)

    def _anonymous(self, destination: str, driver: str = "") -> MountPoint:
        point = self._volume(secrets.token_hex(32), destination, driver=driver, labels={ANONYMOUS: ""})
        return _changed(point, anonymous=True)


def _destinations(paths: Iterable[str]) -> list[str]:
    """Of ``VOLUME``: checked, because an image may say anything (CVE-2022-23648)."""
    return [check_destination(path, path) for path in paths]


def _changed(point: MountPoint, **changes: object) -> MountPoint:
    return msgspec.structs.replace(point, **changes)


def _is_mode(text: str) -> bool:
    """Comma-separated flags, of each kind at most one."""
    flags = text.split(",")
    known = all(any(flag in kind for kind in _KINDS) for flag in flags)
    return known and all(len([flag for flag in flags if flag in kind]) <= 1 for kind in _KINDS)


def _access(writable: bool, recursive: bool = True) -> list[str]:
    if writable:
        return ["rw"]
    return ["rro", "ro"] if recursive else ["ro"]


def _for_access(options: list[str], writable: bool) -> list[str]:
    return [*(option for option in options if option != "rw"), *_access(writable)]


def _refuse_others_options(mount: Mount, where: str) -> None:
    own = {"bind": "BindOptions", "volume": "VolumeOptions", "tmpfs": "TmpfsOptions", "image": "ImageOptions"}
    for kind, field in own.items():
        if kind != mount.Type and getattr(mount, field) is not None and mount.Type in own:
            raise Invalid(f"{where}: field {field} must not be specified")


def _subpath(path: str, kind: str) -> str:
    """Clean; Invalid when it is no place in what it is a part of (moby, daemon/volume/mounts: errInvalidSubpath)."""
    clean = posixpath.normpath(path) if path else ""
    if clean.startswith(("/", "../")) or clean == ".." or "\0" in clean:
        raise Invalid(f"subpath must be a relative path within the {kind}")
    return "" if clean == "." else clean


def _bind_mount(mount: Mount, destination: str, where: str) -> MountPoint:
    options = mount.BindOptions or MountBindOptions()
    if not mount.Source:
        raise Invalid(f"{where}: field Source must not be empty")
    if not mount.Source.startswith("/"):
        raise Invalid(f"{where}: invalid mount path: '{mount.Source}' mount path must be absolute")
    if options.Propagation and options.Propagation not in _PROPAGATION:
        raise Invalid(f"{where}: invalid propagation mode: {options.Propagation}")
    if not options.CreateMountpoint and not Path(mount.Source).exists():
        raise Invalid(f"{where}: bind source path does not exist: {mount.Source}")
    point = _bound(mount.Source, destination, not mount.ReadOnly, options, "")
    return _changed(point, make=options.CreateMountpoint)


def _bound(source: str, destination: str, writable: bool, options: MountBindOptions, mode: str) -> MountPoint:
    propagation = options.Propagation or "rprivate"
    bind = "bind" if options.NonRecursive else "rbind"
    access = _access(writable, recursive=not options.ReadOnlyNonRecursive and not options.NonRecursive)
    return MountPoint(
        kind="bind",
        source=posixpath.normpath(source),
        destination=destination,
        writable=writable,
        mode=mode,
        propagation=propagation,
        options=[bind, propagation, *access],
    )


def check_destination(path: str, specification: str) -> str:
    """A clean absolute path that is not the root; Invalid names the specification it is of."""
    return _clean_destination(path, f"invalid volume specification: '{specification}'")


def _clean_destination(path: str, where: str) -> str:
    if not path.startswith("/"):
        raise Invalid(f"{where}: invalid mount path: '{path}' mount path must be absolute")
    clean = posixpath.normpath("/" + path.lstrip("/"))
    if clean == "/":
        raise Invalid(f"{where}: invalid specification: destination can't be '/'")
    if "\0" in clean:
        raise Invalid(f"{where}: invalid mount path: it contains a null character")
    return clean


def _tmpfs(destination: str, value: str) -> MountPoint:
    """``--tmpfs``: docker inspect shows it in HostConfig only."""
    options = _tmpfs_options([option for option in value.split(",") if option])
    path = check_destination(destination, destination)
    return MountPoint(
        kind="tmpfs", destination=path, options=options, mode=value, writable="ro" not in options, shown=False
    )


def _tmpfs_options(given: list[str]) -> list[str]:
    """The defaults with what was asked for; of two opposites the later one counts."""
    options = list(_TMPFS_DEFAULTS)
    for option in given:
        name, equals, value = option.partition("=")
        if (equals and (name not in _TMPFS_VALUES or not value)) or (not equals and name not in _TMPFS_FLAGS):
            raise Invalid(f'invalid tmpfs option "{option}"')
        opposite = {"ro": "rw", "rw": "ro"}.get(name) or (name[2:] if name.startswith("no") else f"no{name}")
        options = [one for one in options if one.partition("=")[0] not in (name, opposite)]
        if name not in _MEANINGLESS:
            options.append(option)
    return options


def _tmpfs_mount(mount: Mount, destination: str) -> MountPoint:
    given = mount.TmpfsOptions or MountTmpfsOptions()
    options = ["=".join(option) for option in given.Options or ()]
    if given.SizeBytes:
        options.append(f"size={given.SizeBytes}")
    if given.Mode:
        options.append(f"mode={given.Mode:o}")
    if mount.ReadOnly:
        options.append("ro")
    writable = not mount.ReadOnly
    return MountPoint(kind="tmpfs", destination=destination, options=_tmpfs_options(options), writable=writable)
