"""Process 1 of a container, from its birth in fresh namespaces to the program it becomes.

It is made ahead of time and waits; then it gets the configuration and all it needs as descriptors, puts its mounts
together, changes root and becomes the program. It is never inspectable, and holds nothing writable of the host.
"""

import os
import socket
from typing import NoReturn

from wherry.engine.runtime import home, process, wire
from wherry.engine.runtime.failure import Failure, to_message
from wherry.engine.runtime.holding import hold
from wherry.engine.runtime.mounts import Ahead, Tree, write_sysctls
from wherry.linux import mount, processes
from wherry.linux.namespaces import NEWCGROUP
from wherry.linux.syscalls import setdomainname, sethostname, unshare


def main(control: socket.socket) -> NoReturn:
    """Serve the shim at the other end of ``control`` until the program runs; never returns, never raises."""
    progress = process.Progress()
    try:
        processes.close_all_but(control.fileno())
        ahead = _settle(control)
        received = wire.receive(control)
        if received is not None and received.message.get("hold"):
            progress.step = "hold"
            hold(control)
        if received is not None:
            _run(control, received.message, ahead, progress)
    except BaseException as error:
        _report(control, error, progress)
    os._exit(127)


def _report(control: socket.socket, error: BaseException, progress: process.Progress) -> None:
    try:
        wire.send(control, {"error": to_message(error, progress.step)})
    except OSError:
        pass  # the shim is gone, so is who would read it


def _settle(control: socket.socket) -> Ahead | None:
    """Become root of the namespaces, once the shim has mapped our ids; build what can be built before a start."""
    received = wire.receive(control)
    if received is None:
        os._exit(0)
    message = received.message
    if message["mapped"]:
        os.setgroups([])
        os.setresgid(0, 0, 0)
        os.setresuid(0, 0, 0)
    if message["loopback"]:
        processes.loopback_up()
    wire.send(control, {"settled": True})
    try:
        return Ahead(message["ahead"], message["mapped"]) if message["ahead"] else None
    except (OSError, Failure):
        return None  # the start will meet the same obstacle, or not need what is behind it


def _run(control: socket.socket, message: wire.Message, ahead: Ahead | None, progress: process.Progress) -> NoReturn:
    """A start comes in three messages: we read the first while the shim makes the root file system that comes in the
    second, and mount while it makes the cgroups of the third."""
    config, filter_ = message["config"], bytes.fromhex(message["seccomp"])
    fds = _next(control).fds
    linux = config.get("linux") or {}
    progress.step = "mount"
    tree = Tree(_take_root(fds.pop("rootfs")), fds, message["mapped"])
    tree.mount_all(config, ahead)
    if linux.get("sysctl"):
        progress.step = "set sysctl"
        proc = ahead.proc if ahead else mount.create("proc")
        write_sysctls(proc, linux["sysctl"])
    stdio = [fds.get(name, -1) for name in ("stdin", "stdout", "stderr")]
    if config["process"].get("terminal"):
        progress.step = "open terminal"
        stdio = [_open_console(tree, message.get("size"), control)] * 3
    elif tree.devpts is not None:
        wire.send(control, {"devpts": True}, {"devpts": tree.devpts})
    progress.step = "set host name"
    if message["new_uts"] and config.get("hostname"):
        sethostname(config["hostname"])
        if config.get("domainname"):
            setdomainname(config["domainname"])
    progress.step = "enter cgroup"
    _enter_cgroup(control, fds, message["new_cgroup"])
    progress.step = "mount cgroups"
    tree.mount_cgroups(config)
    progress.step = "change root"
    mount.pivot_into(tree.root)
    progress.step = "prepare working directory"
    process.make_directory(config["process"].get("cwd") or "/")
    if (config.get("root") or {}).get("readonly"):
        root = os.open("/", os.O_PATH | os.O_CLOEXEC)
        mount.set_attributes(root, add=mount.ATTR_RDONLY, path="/")
    _set_propagation(linux.get("rootfsPropagation") or "")
    process.run(config["process"], filter_, stdio, control, progress)


def _next(control: socket.socket) -> wire.Received:
    received = wire.receive(control)
    if received is None:  # the shim has given up
        os._exit(127)
    return received


def _take_root(tree: int) -> int:
    place = os.open(home.NEWROOT, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    mount.move(tree, place, "root file system")
    os.close(place)
    os.close(tree)
    return os.open(home.NEWROOT, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)


def _enter_cgroup(control: socket.socket, fds: dict[str, int], new_namespace: bool) -> None:
    """Move ourselves, by the files the shim has opened: moved by another, we would wait some 10 ms (linux.cgroup)."""
    for name, fd in _next(control).fds.items():
        if name.startswith("enter:"):
            os.write(fd, b"0")
            os.close(fd)
        else:
            fds[name] = fd
    if new_namespace:
        unshare(NEWCGROUP)


def _set_propagation(name: str) -> None:
    flag = mount.PROPAGATION.get(name.removeprefix("r"))
    if flag and name.removeprefix("r") != "private":
        root = os.open("/", os.O_PATH | os.O_CLOEXEC)
        mount.set_attributes(root, propagation=flag, path="/")


def _open_console(tree: Tree, size: list[int] | None, control: socket.socket) -> int:
    """Open a terminal, show it as /dev/console, hand its master (and the devpts, for later execs) to the shim."""
    if tree.devpts is None:
        raise Failure("open terminal", "a terminal was asked for and /dev/pts is not mounted")
    master, peer = process.open_terminal(tree.devpts, size)
    target = os.open("dev", os.O_PATH | os.O_DIRECTORY | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=tree.root)
    try:
        flags = os.O_CREAT | os.O_EXCL | os.O_NOFOLLOW | os.O_WRONLY | os.O_CLOEXEC
        os.close(os.open("console", flags, 0o600, dir_fd=target))
    except FileExistsError:
        pass
    console = os.open("console", os.O_PATH | os.O_NOFOLLOW | os.O_CLOEXEC, dir_fd=target)
    clone = mount.clone_tree("", peer)
    mount.move(clone, console, "/dev/console")
    wire.send(control, {"terminal": True}, {"master": master, "devpts": tree.devpts})
    for fd in (clone, console, target, master):
        os.close(fd)
    return peer
