"""The shim's part of a start: cgroups, root file system, streams; then the container's init does the rest."""

import os
import resource
import signal
import socket
import stat
import time
from typing import Any

from wherry.engine.runtime import home, wire
from wherry.engine.runtime.common import reported
from wherry.engine.runtime.failure import Failure
from wherry.engine.runtime.logfile import LogWriter
from wherry.engine.runtime.stdio import Stdio
from wherry.linux import mount, overlay, processes, rlimits
from wherry.linux.cgroup import Cgroup, Layout
from wherry.linux.errors import KernelError
from wherry.linux.namespaces import open_namespace
from wherry.linux.syscalls import umount


class Started:
    """What belongs to a started container as long as it runs.

    ``pid`` is its process 1; ``child``, our child whose exit status is the container's, is another only with a foreign
    runtime. ``mounts`` is its mount namespace: held, so that its end does not wait for some thirty mounts to go.
    """

    def __init__(self, pid: int, cgroup: Cgroup, log: LogWriter | None) -> None:
        self.pid = self.child = pid
        self.pidfd = self.child_fd = processes.pidfd_open(pid)
        self.cgroup = cgroup
        self.log = log
        self.rootfs: int | None = None
        self.devpts: int | None = None
        self.mounts: int | None = None
        self.at = 0
        self.uid = self.gid = 0

    def describe(self) -> dict[str, Any]:
        return {"pid": self.pid, "shim": os.getpid(), "started": self.at, "uid": self.uid, "gid": self.gid}

    def oom_kills(self) -> int:
        try:
            return self.cgroup.oom_kills()
        except OSError:
            return 0

    def release(self) -> None:
        """Let go of mounts and cgroups: their last use ends here, where nobody waits for it."""
        for fd in (self.rootfs, self.devpts, self.mounts):
            if fd is not None:
                os.close(fd)
        self.rootfs = self.devpts = self.mounts = None
        try:
            self.cgroup.delete()
        except OSError:
            pass  # the daemon's own clean-up tries again


def start(
    message: wire.Message,
    received: wire.Received,
    pid: int,
    init: socket.socket,
    isolation: dict[str, Any],
    layout: Layout,
    stdio: Stdio,
) -> Started:
    """Make the waiting init of ``pid`` the container of ``message``; whatever fails, nothing of it is left."""
    log = message["log"]
    linux = message["config"].get("linux") or {}
    cgroup = Cgroup.at(linux["cgroupsPath"], layout)
    started = Started(pid, cgroup, LogWriter(*log) if log else None)
    stdio.log = started.log
    try:
        started.mounts = open_namespace(pid, "mnt")
        _send_config(message, init, isolation)
        _send_root(message, received, init, isolation, started, stdio)
        _send_cgroups(message["config"], init, started)
        _await_exec(init, started, stdio)
    except BaseException:
        undo(started)
        raise
    return started


def undo(started: Started) -> None:
    try:
        signal.pidfd_send_signal(started.child_fd, signal.SIGKILL)
    except OSError:
        pass
    os.waitpid(started.child, 0)
    started.release()


def _send_config(message: wire.Message, init: socket.socket, isolation: dict[str, Any]) -> None:
    """First, and alone: init takes it to pieces while we assemble the root file system."""
    request = {
        "config": message["config"],
        "mapped": bool(isolation["ids"]),
        "seccomp": message["seccomp"],
        "size": message["size"],
        "new_cgroup": isolation["cgroup"] == "new",
        "new_uts": isolation["uts"] == "new" and "uts" not in isolation.get("joins", ()),
    }
    wire.send(init, request)


def _send_root(
    message: wire.Message,
    received: wire.Received,
    init: socket.socket,
    isolation: dict[str, Any],
    started: Started,
    stdio: Stdio,
) -> None:
    """Give init its root file system, mounts and streams: it sets to work while we make the cgroups."""
    config = message["config"]
    mapped = bool(isolation["ids"])
    owner = isolation["ids"][0] if mapped else 0
    userns = open_namespace(started.pid, "user") if mapped else None
    fds: dict[str, int] = {}
    try:
        stack = overlay.Stack(message["layers"], message["upper"], message["work"], userns)
        started.rootfs = overlay.assemble(stack, home.SCRATCH)
        fds["rootfs"] = os.dup(started.rootfs)
        fds.update(binds(config, received, userns))
        devices = (config.get("linux") or {}).get("devices")
        if mapped and devices:
            fds.update(_devices(devices, owner))
        if not config["process"].get("terminal"):
            fds.update(stdio.open_pipes(owner, message["open_stdin"]))
        wire.send(init, {"root": True}, fds)
    finally:
        for fd in fds.values():
            os.close(fd)
        if userns is not None:
            os.close(userns)


def _send_cgroups(config: dict[str, Any], init: socket.socket, started: Started) -> None:
    cgroup = started.cgroup
    cgroup.create()
    cgroup.apply((config.get("linux") or {}).get("resources") or {})
    _raise_hard_limits(started.pid, config["process"].get("rlimits") or ())
    _set_oom_score(started.pid, config["process"].get("oomScoreAdj"))
    fds = {f"enter:{number}": fd for number, fd in enumerate(cgroup.open_entries())}
    try:
        if any(entry.get("type") == "cgroup" for entry in config.get("mounts") or ()):
            fds.update({f"cgroup:{name}": mount.clone_tree(path) for name, path in cgroup.mounts()})
        started.at = time.time_ns()
        wire.send(init, {"cgroup": True}, fds)
    except (BrokenPipeError, ConnectionResetError):
        pass  # init has failed already; what it said of that is read next
    finally:
        for fd in fds.values():
            os.close(fd)


def _await_exec(init: socket.socket, started: Started, stdio: Stdio) -> None:
    """Follow init until it has become the program: it says so, and then its socket closes with the execve."""
    ready = False
    while (received := _receive(init)) is not None:
        message = received.message
        if "error" in message:
            received.close()
            raise reported(message["error"])
        master, devpts = received.take("master"), received.take("devpts")
        if master is not None:
            stdio.use_terminal(master)
        if devpts is not None:
            started.devpts = devpts
        if message.get("exec"):
            started.uid, started.gid = message["uid"], message["gid"]
            ready = True
        received.close()
    if not ready:
        raise Failure("start", _early_end(started))


def _receive(init: socket.socket) -> wire.Received | None:
    """That init ended with a message of ours unread is said once, before what it has sent (unix_release_sock)."""
    try:
        return wire.receive(init)
    except ConnectionResetError:
        return wire.receive(init)


def _early_end(started: Started) -> str:
    if started.oom_kills():
        return "container init was OOM-killed (memory limit too low?)"
    return "the container's first process ended before it could run its program"


def binds(config: dict[str, Any], received: wire.Received, userns: int | None) -> dict[str, int]:
    """The bind mounts' trees, which the daemon has opened; id-mapped where asked for and possible."""
    fds: dict[str, int] = {}
    for index, entry in enumerate(config.get("mounts", ())):
        tree = received.take(f"mount:{index}")
        if tree is None:
            continue
        name = f"mount:{index}"
        fds[name] = tree
        options = entry.get("options") or ()
        if userns is not None and "idmap" in options:
            try:
                mount.set_attributes(tree, userns=userns, recursive="rbind" in options, path=entry.get("source", ""))
            except KernelError as error:
                if error.errno not in (22, 1):  # EINVAL, EPERM: this file system cannot, or is mapped already
                    raise
    return fds


def _devices(extra: list[dict[str, Any]], owner: int) -> dict[str, int]:
    """Mounts of the devices beyond the usual six, which a user namespace may not make itself."""
    fds: dict[str, int] = {}
    scratch = mount.create("tmpfs", [("mode", "755")])
    mount.move_to_path(scratch, home.SCRATCH)
    try:
        for number, device in enumerate(extra):
            name = str(number)
            kind = {"b": stat.S_IFBLK, "p": stat.S_IFIFO}.get(device["type"], stat.S_IFCHR)
            os.mknod(name, kind | 0o600, os.makedev(device.get("major", 0), device.get("minor", 0)), dir_fd=scratch)
            os.chown(name, owner + device.get("uid", 0), owner + device.get("gid", 0), dir_fd=scratch)
            os.chmod(name, device.get("fileMode", 0o666) & 0o7777, dir_fd=scratch)
            fds[f"device:{device['path']}"] = mount.clone_tree(f"{home.SCRATCH}/{name}")
    finally:
        umount(home.SCRATCH, mount.MNT_DETACH)
        os.close(scratch)
    return fds


def _raise_hard_limits(pid: int, limits: "list[dict[str, Any]] | tuple[()]") -> None:
    """Only the host's root may raise a hard limit, so we do it; init then sets the limits as they were asked for."""
    for limit in limits:
        number = rlimits.RESOURCES.get(limit["type"])
        if number is None:
            raise Failure("set limits", f"unknown limit {limit['type']}")
        wanted = -1 if limit["hard"] >= 1 << 63 else limit["hard"]
        soft, hard = resource.prlimit(pid, number)
        if hard != -1 and (wanted == -1 or wanted > hard):
            try:
                resource.prlimit(pid, number, (soft, wanted))
            except (OSError, ValueError) as error:
                text = f"error setting rlimit {limit['type']} to {wanted} (this process may go to {hard}): {error}"
                raise Failure("set limits", text, 1) from error


def _set_oom_score(pid: int, score: int | None) -> None:
    if score is None:
        return
    try:
        fd = os.open(f"/proc/{pid}/oom_score_adj", os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, str(score).encode())
        finally:
            os.close(fd)
    except OSError as error:
        raise Failure("set OOM score", f"set oom_score_adj to {score}: {error.strerror}", error.errno or 0) from error
