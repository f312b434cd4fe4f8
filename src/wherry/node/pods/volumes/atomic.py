"""Files that change all at once: Kubernetes' atomic writer (pkg/volume/util/atomic_writer.go), so that programs which
watch ``..data`` work here, too::

    volume/
      ..2026_01_02_03_04_05.123456789/    one state of all files
      ..data -> ..2026_…                  the state that counts; replaced by rename
      key -> ..data/key                   what users open

Who can write into the volume can put anything in place of these (CVE-2017-1002102): links are read, never followed,
and what is removed is removed below the volume's own descriptor.
"""

import os
import re
import shutil
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

from wherry.kit.errors import Invalid

DATA, _NEXT = "..data", "..data_tmp"
_STATE = re.compile(r"\.\.[0-9]{4}(?:_[0-9]{2}){5}\.[0-9]+", re.ASCII)
_DIRECTORY = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
_READ = os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC | os.O_NONBLOCK
_WRITE = os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_CLOEXEC


@dataclass(frozen=True, slots=True)
class File:
    """``owner``: user and group, as the container sees them."""

    data: bytes
    mode: int = 0o644
    owner: tuple[int, int] = (0, 0)


def write(volume: Path, files: Mapping[str, File], now: datetime, directory_mode: int = 0o755) -> bool:
    """Make the volume's files these, by their relative paths. Returns whether anything changed. Raises Invalid for a
    path that leads out, OSError."""
    for path in files:
        _check(path)
    with _opened(volume) as top:
        current = _current(top)
        if current is None or _read(top, current) != dict(files):
            state = _new_state(top, now)
            _fill(top, state, files, directory_mode)
            _point(top, state)
            _show(top, files)
            _clear(top, state, files)
            return True
        _show(top, files)
        return False


def _check(path: str) -> None:
    parts = path.split("/")
    if not path or path.startswith("/") or any(part in ("", ".", "..") for part in parts) or parts[0].startswith(".."):
        raise Invalid(f"invalid path: {path!r} must be relative, and must not contain '..' or begin with it")


@contextmanager
def _opened(path: Path | str, directory: int | None = None) -> Iterator[int]:
    descriptor = os.open(path, _DIRECTORY, dir_fd=directory)
    try:
        yield descriptor
    finally:
        os.close(descriptor)


def _current(top: int) -> str | None:
    """The state that counts, if it is one of ours."""
    try:
        target = os.readlink(DATA, dir_fd=top)
    except OSError:
        return None
    return target if _STATE.fullmatch(target) else None


def _read(top: int, state: str) -> dict[str, File] | None:
    """None: it cannot be read as one of ours."""
    try:
        with _opened(state, top) as descriptor:
            return dict(_files(descriptor, ""))
    except OSError:
        return None


def _files(descriptor: int, before: str) -> Iterator[tuple[str, File]]:
    with os.scandir(descriptor) as entries:
        found = sorted(entries, key=lambda entry: entry.name)
    for entry in found:
        if entry.is_dir(follow_symlinks=False):
            with _opened(entry.name, descriptor) as below:
                yield from _files(below, f"{before}{entry.name}/")
            continue
        if not entry.is_file(follow_symlinks=False):
            raise OSError(f"{before}{entry.name} is none of our files")
        opened = os.open(entry.name, _READ, dir_fd=descriptor)
        with open(opened, "rb") as file:
            known = os.fstat(opened)
            yield before + entry.name, File(file.read(), known.st_mode & 0o7777, (known.st_uid, known.st_gid))


def _new_state(top: int, now: datetime) -> str:
    for extra in range(1000):
        name = f"..{now:%Y_%m_%d_%H_%M_%S}.{now.microsecond * 1000 + extra:09d}"
        try:
            os.mkdir(name, 0o755, dir_fd=top)
        except FileExistsError:
            continue
        return name
    raise FileExistsError(f"no name is left for a state of {now}")


def _fill(top: int, state: str, files: Mapping[str, File], directory_mode: int) -> None:
    with _opened(state, top) as root:
        os.fchmod(root, directory_mode)
        groups = {file.owner[1] for file in files.values()}
        group = groups.pop() if len(groups) == 1 else 0
        _own(root, 0, group)
        for path, file in files.items():
            *parents, name = path.split("/")
            with _made(root, parents, directory_mode, group) as parent:
                descriptor = os.open(name, _WRITE, 0o600, dir_fd=parent)
                with open(descriptor, "wb") as opened:
                    opened.write(file.data)
                    _own(descriptor, *file.owner)
                    os.fchmod(descriptor, file.mode)  # after chown, which clears setuid


def _own(descriptor: int, user: int, group: int) -> None:
    known = os.fstat(descriptor)
    if (known.st_uid, known.st_gid) != (user, group):
        os.fchown(descriptor, user, group)


@contextmanager
def _made(root: int, parents: list[str], mode: int, group: int) -> Iterator[int]:
    at = os.dup(root)
    try:
        for name in parents:
            try:
                os.mkdir(name, 0o755, dir_fd=at)
            except FileExistsError:
                pass
            below = os.open(name, _DIRECTORY, dir_fd=at)
            os.close(at)
            at = below
            os.fchmod(at, mode)
            _own(at, 0, group)
        yield at
    finally:
        os.close(at)


def _point(top: int, state: str) -> None:
    _remove(top, _NEXT)
    os.symlink(state, _NEXT, dir_fd=top)
    try:
        os.rename(_NEXT, DATA, src_dir_fd=top, dst_dir_fd=top)
    except (IsADirectoryError, NotADirectoryError, FileExistsError):
        _remove(top, DATA)  # somebody put a directory there
        os.rename(_NEXT, DATA, src_dir_fd=top, dst_dir_fd=top)


def _show(top: int, files: Mapping[str, File]) -> None:
    """A link for what is at the top of the state, where there is not the right one already."""
    for name in {path.split("/")[0] for path in files}:
        target = f"{DATA}/{name}"
        try:
            if os.readlink(name, dir_fd=top) == target:
                continue
        except OSError:
            pass
        _remove(top, name)
        os.symlink(target, name, dir_fd=top)


def _clear(top: int, state: str, files: Mapping[str, File]) -> None:
    """Older states, and links to what is not there any more."""
    shown = {path.split("/")[0] for path in files}
    for name in os.listdir(top):
        if (_STATE.fullmatch(name) and name != state) or (not name.startswith("..") and name not in shown):
            _remove(top, name)


def _remove(top: int, name: str) -> None:
    """Whatever it is; a link itself, never what it leads to."""
    try:
        os.unlink(name, dir_fd=top)
    except FileNotFoundError:
        return
    except (IsADirectoryError, PermissionError):
        shutil.rmtree(name, dir_fd=top)
