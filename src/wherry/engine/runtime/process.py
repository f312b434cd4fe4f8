"""The last steps before a container's program runs, for its first process and for every exec alike.

The order is that of runc's finalizeNamespace (libcontainer/init_linux.go), with the reason at each step. From here on
we are inside the container's root: nothing is imported, no path of the host is named, every descriptor but the report
is closed.
"""

import errno
import fcntl
import os
import signal
import socket
import stat
import struct
import termios
from typing import Any, NoReturn

from wherry.engine.runtime import users, wire
from wherry.engine.runtime.failure import Failure
from wherry.linux import capabilities, openat2, processes, rlimits, seccomp

_TIOCSPTLCK, _TIOCGPTPEER = 0x40045431, 0x5441  # include/uapi/asm-generic/ioctls.h
# What Python, the spawner and the shim ignore or handle: an ignored signal would stay so through execve(2).
_OURS = (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP)
_DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Progress:
    """The step that is under way, for the report of a failure."""

    __slots__ = ("step",)

    def __init__(self) -> None:
        self.step = "start"


def open_terminal(devpts: int, size: list[int] | None) -> tuple[int, int]:
    """A new pseudo-terminal of the devpts mount ``devpts``: (master, peer).

    The peer comes from the master by ioctl, never by a path in the container (CVE-2025-52565).
    """
    master = os.open("ptmx", os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC, dir_fd=devpts)
    fcntl.ioctl(master, _TIOCSPTLCK, struct.pack("i", 0))
    peer = fcntl.ioctl(master, _TIOCGPTPEER, os.O_RDWR | os.O_NOCTTY | os.O_CLOEXEC)
    if size:
        fcntl.ioctl(master, termios.TIOCSWINSZ, struct.pack("HHHH", size[0], size[1], 0, 0))
    return master, peer


def run(
    process: dict[str, Any], filter_: bytes, stdio: list[int], report: socket.socket, progress: Progress
) -> NoReturn:
    """Become the program of the OCI ``process`` object; raises where a step fails, else does not return.

    ``stdio`` are the descriptors for 0, 1 and 2 (one and the same for a terminal); ``report`` the only other one kept,
    gone with the execve.
    """
    progress.step = "find user"
    user = process.get("user") or {}
    who = _resolve(user)
    progress.step = "prepare standard streams"
    terminal = bool(process.get("terminal"))
    take_stdio(stdio, who.uid, terminal)
    processes.close_all_but(report.fileno())
    progress.step = "prepare environment"
    environment = _environment(process, who)
    directory = process.get("cwd") or "/"
    progress.step = "set limits"
    rlimits.apply(process.get("rlimits") or [])
    os.umask(user.get("umask", 0o022))
    processes.new_session_keyring()
    entered = _try_chdir(directory)
    progress.step = "find program"
    arguments = process["args"]
    program = _find_program(arguments[0], environment.get("PATH", _DEFAULT_PATH))
    progress.step = "drop privileges"
    unprivileged = bool(process.get("noNewPrivileges"))
    if filter_ and not unprivileged:
        seccomp.install(filter_)  # without no_new_privs only CAP_SYS_ADMIN may, and that goes next
    _become(who, process.get("capabilities") or {})
    if not entered:
        _chdir(directory)
    _check_inside(directory)
    processes.set_parent_death_signal(signal.SIGKILL)  # a change of ids would have cleared it
    for number in _OURS:
        signal.signal(number, signal.SIG_DFL)
    if unprivileged:
        processes.no_new_privileges()
    wire.send(report, {"exec": True, "uid": who.uid, "gid": who.gid})
    if filter_ and unprivileged:
        seccomp.install(filter_)
    progress.step = "execute"
    try:
        os.execve(program, arguments, environment)
    except OSError as error:
        raise _exec_failure(arguments[0], error.errno or 0) from error


def _resolve(user: dict[str, Any]) -> users.User:
    additional = user.get("additionalGids") or []
    if "username" in user:
        return users.resolve(user["username"], additional, users.Files, user.get("groupsOfImage"))
    gid = user.get("gid", 0)
    groups = [group for group in additional if isinstance(group, int)]
    return users.User(user.get("uid", 0), gid, list(dict.fromkeys([gid, *groups])), "")


def take_stdio(stdio: list[int], uid: int, terminal: bool) -> None:
    """Make ``stdio`` 0, 1, 2, and the user's own, so that it may open /dev/stdout again."""
    os.setsid()
    # Out of the way first: a source may itself be 0, 1 or 2.
    sources = [fcntl.fcntl(fd, fcntl.F_DUPFD_CLOEXEC, 3) for fd in stdio]
    for number, fd in enumerate(sources):
        os.dup2(fd, number, inheritable=True)
        status = os.fstat(number)
        if status.st_uid != uid and not stat.S_ISREG(status.st_mode):
            try:
                os.fchown(number, uid, -1)
            except OSError as error:  # /dev/null, or a socket somebody gave us
                if error.errno not in (errno.EPERM, errno.EINVAL, errno.EROFS):
                    raise
    if terminal:
        fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _environment(process: dict[str, Any], who: users.User) -> dict[str, str]:
    environment: dict[str, str] = {}
    for item in process.get("env") or ():
        key, _, value = item.partition("=")
        environment[key] = value
    if not environment.get("HOME"):
        environment["HOME"] = who.home or ("/root" if who.uid == 0 else "/")
    return environment


def make_directory(path: str) -> None:
    """Make the working directory, inside the root whatever the image's links say (CVE-2026-55686)."""
    if not path.startswith("/"):
        raise Failure(
            "prepare working directory", f"the working directory '{path}' is invalid, it needs to be an absolute path"
        )
    root = os.open("/", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        os.close(openat2.make_directories(root, path))
    except OSError as error:
        if error.errno in (errno.EROFS, errno.EACCES, errno.EPERM):
            return  # what matters is whether it can be entered
        message = f'chdir to cwd ("{path}") set in config.json failed: {error.strerror}'
        raise Failure("prepare working directory", message, error.errno or 0, path) from error
    finally:
        os.close(root)


def _try_chdir(path: str) -> bool:
    """Enter as root first: a directory only root may enter is a legitimate working directory."""
    try:
        _chdir(path)
    except Failure as failure:
        if failure.errno == errno.EACCES:
            return False
        raise
    return True


def _chdir(path: str) -> None:
    try:
        os.chdir(path)
    except OSError as error:
        message = f'chdir to cwd ("{path}") set in config.json failed: {error.strerror}'
        raise Failure("enter working directory", message, error.errno or 0, path) from error


def _check_inside(path: str) -> None:
    """A working directory that the root does not reach has no name (CVE-2024-21626)."""
    try:
        inside = os.getcwd().startswith("/")
    except FileNotFoundError:
        inside = False
    if not inside:
        message = "current working directory is outside of container mount namespace root"
        message += " -- possible container breakout detected"
        raise Failure("enter working directory", message, errno.ENOENT, path)


def _find_program(name: str, path: str) -> str:
    """The file that execvp(3) would run, without running anything to find out."""
    if "/" in name:
        return name
    denied = False
    for directory in path.split(":"):
        candidate = f"{directory or '.'}/{name}"
        try:
            status = os.stat(candidate)
        except OSError as error:
            denied = denied or error.errno == errno.EACCES
            continue
        if stat.S_ISREG(status.st_mode) and status.st_mode & 0o111:
            return candidate
        denied = denied or stat.S_ISREG(status.st_mode)
    if denied:
        raise _exec_failure(name, errno.EACCES)
    raise Failure("find program", f'exec: "{name}": executable file not found in $PATH', errno.ENOENT, name)


def _become(who: users.User, sets: dict[str, list[str]]) -> None:
    """Take the user's ids and keep just the capabilities of ``sets``: bounding first, while we still may."""
    capabilities.drop_bounding(sets.get("bounding") or [])
    processes.keep_capabilities(True)
    try:
        os.setgroups(who.groups)
        os.setresgid(who.gid, who.gid, who.gid)
        os.setresuid(who.uid, who.uid, who.uid)
    except OSError as error:
        text = f"cannot become user {who.uid}:{who.gid}: {error.strerror}"
        if error.errno == errno.EINVAL:
            text = f"cannot become user {who.uid}:{who.gid}: the container's ids are 0 to 65535"
        raise Failure("change user", text, error.errno or 0) from error
    capabilities.set_capabilities(
        effective=sets.get("effective") or [],
        permitted=sets.get("permitted") or [],
        inheritable=sets.get("inheritable") or [],
        ambient=sets.get("ambient") or [],
    )
    processes.keep_capabilities(False)


def _exec_failure(name: str, number: int) -> Failure:
    """In the words of runc, where docker's client looks for them to tell exit codes 126 and 127."""
    if number == errno.ENOENT:
        text = (
            f'exec: "{name}": stat {name}: no such file or directory'
            if "/" in name
            else f'exec: "{name}": no such file or directory'
        )
    elif number == errno.EISDIR:
        text = f'exec: "{name}": is a directory'
    elif number == errno.EACCES and os.path.isdir(name):
        text = f'exec: "{name}": is a directory: permission denied'
    elif number == errno.ENOEXEC:
        text = f"exec {name}: exec format error"
    else:
        text = f'exec: "{name}": {os.strerror(number).lower()}'
    return Failure("execute", text, number, name)
