"""Fill an empty volume with what the image has at its mount point (Docker's rule for new volumes).

Runs in the container's init, whose ids are mapped on both sides, so ownership comes out as in the image. Everything is
done relative to descriptors; symbolic links are copied, never followed.
"""

import os
import stat

_CHUNK = 1 << 20


def copy_up(source: int, volume: int) -> None:
    """Copy the directory ``source`` (O_PATH) into the mount ``volume`` unless that holds anything."""
    target = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=volume)
    origin = os.open(".", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC, dir_fd=source)
    try:
        if os.listdir(target):
            return
        _copy_directory(origin, target)
        _copy_attributes(os.fstat(origin), target)
    finally:
        os.close(target)
        os.close(origin)


def _copy_directory(source: int, target: int) -> None:
    for name in os.listdir(source):
        status = os.stat(name, dir_fd=source, follow_symlinks=False)
        if stat.S_ISDIR(status.st_mode):
            os.mkdir(name, 0o700, dir_fd=target)
            _enter(name, source, target, status)
        elif stat.S_ISREG(status.st_mode):
            _copy_file(name, source, target, status)
        elif stat.S_ISLNK(status.st_mode):
            os.symlink(os.readlink(name, dir_fd=source), name, dir_fd=target)
            os.chown(name, status.st_uid, status.st_gid, dir_fd=target, follow_symlinks=False)
        elif stat.S_ISFIFO(status.st_mode):
            os.mkfifo(name, stat.S_IMODE(status.st_mode), dir_fd=target)
            os.chown(name, status.st_uid, status.st_gid, dir_fd=target, follow_symlinks=False)


def _enter(name: str, source: int, target: int, status: os.stat_result) -> None:
    flags = os.O_RDONLY | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC
    below_source, below_target = os.open(name, flags, dir_fd=source), os.open(name, flags, dir_fd=target)
    try:
        _copy_directory(below_source, below_target)
        _copy_attributes(status, below_target)
    finally:
        os.close(below_source)
        os.close(below_target)


def _copy_file(name: str, source: int, target: int, status: os.stat_result) -> None:
    reader = os.open(name, os.O_RDONLY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=source)
    try:
        writer = os.open(name, os.O_WRONLY | os.O_CREAT | os.O_EXCL | os.O_CLOEXEC, 0o600, dir_fd=target)
        try:
            while os.sendfile(writer, reader, None, _CHUNK):
                pass
            _copy_attributes(status, writer)
        finally:
            os.close(writer)
    finally:
        os.close(reader)


def _copy_attributes(status: os.stat_result, fd: int) -> None:
    os.chown(fd, status.st_uid, status.st_gid)
    os.chmod(fd, stat.S_IMODE(status.st_mode))  # after chown, which clears setuid
    os.utime(fd, ns=(status.st_atime_ns, status.st_mtime_ns))
