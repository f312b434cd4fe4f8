"""Run a container by another runtime that speaks the runc command line (``--runtime runc``), from the same
configuration.

The shim stays what it is: streams, log, exit status, execs. Its waiting init keeps the user and network namespaces,
which the other runtime joins by path; a runner process in a mount namespace made of the host's puts the root file
system and the (already id-mapped) bind mounts where that runtime finds them, and becomes it.
"""

import json
import os
import signal
import socket
import time
from typing import Any, NoReturn

from wherry.engine.runtime import home, process, users, wire
from wherry.engine.runtime.common import reported
from wherry.engine.runtime.failure import Failure, to_message
from wherry.engine.runtime.ground import Ground
from wherry.engine.runtime.logfile import LogWriter
from wherry.engine.runtime.starting import Started, binds, undo
from wherry.engine.runtime.stdio import Stdio
from wherry.linux import mount, openat2, overlay, processes
from wherry.linux.cgroup import Cgroup
from wherry.linux.errors import KernelError
from wherry.linux.namespaces import NEWNS, open_namespace
from wherry.linux.syscalls import setns, unshare

_START_SECONDS = 30.0
_PLACE = "/mnt"  # in the runner's own mount namespace
_PRIVATE_OPTIONS = {"idmap", "x-copy-up", "rro"}


class Order:
    """What the runner needs: the program, the bundle's directory, the configuration, the mounts to place."""

    def __init__(self, program: str, directory: str, host_mounts: int) -> None:
        self.program = program
        self.bundle = f"{directory}/bundle"
        self.state = f"{directory}/bundle/state"
        self.host_mounts = host_mounts
        self.pid_file = f"{self.bundle}/pid"
        self.log = f"{self.bundle}/log.json"


def prepare(config: dict[str, Any], holder: int, isolation: dict[str, Any], order: Order) -> dict[str, Any]:
    """The configuration as the specification has it: nothing private, namespaces by path or new."""
    plain: dict[str, Any] = json.loads(json.dumps(config))
    linux = plain.setdefault("linux", {})
    namespaces: list[dict[str, str]] = [{"type": "mount"}]
    for kind in ("pid", "ipc", "uts", "cgroup"):
        if isolation[kind] == "new":
            namespaces.append({"type": kind})
    if isolation["network"] == "new" or "network" in isolation["joins"]:
        namespaces.append({"type": "network", "path": f"/proc/{holder}/ns/net"})
    if isolation["ids"]:
        namespaces.append({"type": "user", "path": f"/proc/{holder}/ns/user"})
        first, count = isolation["ids"]
        mapping = [{"containerID": 0, "hostID": first, "size": count}]
        linux["uidMappings"] = linux["gidMappings"] = mapping
    linux["namespaces"] = namespaces
    plain["root"] = {**(plain.get("root") or {}), "path": f"{_PLACE}/rootfs"}
    for index, entry in enumerate(plain.get("mounts", ())):
        if entry.get("type", "bind") == "bind":
            entry["source"] = f"{_PLACE}/{index}"
            options = [option for option in entry.get("options") or () if option not in _PRIVATE_OPTIONS]
            entry["options"] = [*options, *(["ro"] if "rro" in (entry.get("options") or ()) else [])]
    return plain


def run(control: socket.socket, order: Order) -> NoReturn:
    """In a fork of the shim: place the mounts, become the other runtime. Errors go over ``control``."""
    progress = process.Progress()
    try:
        received = wire.receive(control)
        if received is not None:
            _become(received.message, received.fds, order, control, progress)
    except BaseException as error:
        try:
            wire.send(control, {"error": to_message(error, progress.step)})
        except OSError:
            pass
    os._exit(127)


def _become(
    message: wire.Message, fds: dict[str, int], order: Order, control: socket.socket, progress: process.Progress
) -> NoReturn:
    progress.step = "enter the host's mounts"
    setns(order.host_mounts, NEWNS)
    unshare(NEWNS)
    slash = os.open("/", os.O_PATH | os.O_CLOEXEC)
    mount.set_attributes(slash, propagation=mount.PROPAGATION["slave"], recursive=True, path="/")
    progress.step = "prepare bundle"
    config = message["config"]
    _place(config, fds)
    _resolve_user(config["process"], f"{_PLACE}/rootfs")
    os.makedirs(order.bundle, 0o700, exist_ok=True)
    with open(f"{order.bundle}/config.json", "w") as file:
        json.dump(config, file)
    progress.step = "prepare standard streams"
    if config["process"].get("terminal"):
        stdio = [_open_terminal(message["size"], control)] * 3
    else:
        stdio = [fds[name] for name in ("stdin", "stdout", "stderr")]
    process.take_stdio(stdio, 0, bool(config["process"].get("terminal")))
    for number in (signal.SIGPIPE, signal.SIGXFSZ, signal.SIGCHLD, signal.SIGINT, signal.SIGTERM, signal.SIGHUP):
        signal.signal(number, signal.SIG_DFL)
    wire.send(control, {"exec": True})
    progress.step = f"run {order.program}"
    arguments = [order.program, "--root", order.state, "--log", order.log, "--log-format", "json", "run"]
    arguments += ["--bundle", order.bundle, "--pid-file", order.pid_file, message["name"]]
    environment = {"PATH": "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"}
    os.execvpe(order.program, arguments, environment)


def _place(config: dict[str, Any], fds: dict[str, int]) -> None:
    """Put the mounts where the container's root, nobody to the host, can reach them: our data root it cannot."""
    mount.move_to_path(mount.create("tmpfs", [("mode", "711"), ("size", "64k")]), _PLACE)
    os.mkdir(f"{_PLACE}/rootfs")
    mount.move_to_path(fds["rootfs"], f"{_PLACE}/rootfs")
    for index, entry in enumerate(config.get("mounts", ())):
        tree = fds.get(f"mount:{index}")
        if tree is None:
            continue
        path = entry["source"]
        if openat2.is_directory(tree):
            os.mkdir(path)
        else:
            os.close(os.open(path, os.O_CREAT | os.O_WRONLY, 0o600))
        mount.move_to_path(tree, path)


def _resolve_user(described: dict[str, Any], rootfs: str) -> None:
    """The specification wants numbers, so they are looked up before there is a container to look in."""
    user = described.get("user") or {}
    if "username" not in user:
        return
    root = os.open(rootfs, os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)

    class InRoot(users.Files):
        @staticmethod
        def open(path: str) -> int:
            return openat2.openat2(root, path, os.O_RDONLY | os.O_NONBLOCK | os.O_NOCTTY)

    who = users.resolve(user["username"], user.get("additionalGids") or [], InRoot, user.get("groupsOfImage"))
    described["user"] = {"uid": who.uid, "gid": who.gid, "additionalGids": who.groups}
    if not any(item.startswith("HOME=") for item in described.get("env") or ()):
        home = who.home or ("/root" if who.uid == 0 else "/")
        described["env"] = [*(described.get("env") or ()), f"HOME={home}"]


def _open_terminal(size: list[int] | None, control: socket.socket) -> int:
    """A terminal of the host's for the runtime's own use; it makes the container's one behind it."""
    devpts = os.open("/dev/pts", os.O_RDONLY | os.O_DIRECTORY | os.O_CLOEXEC)
    master, peer = process.open_terminal(devpts, size)
    wire.send(control, {"terminal": True}, {"master": master})
    os.close(master)
    return peer


def start_foreign(
    message: wire.Message,
    received: wire.Received,
    holder: int,
    isolation: dict[str, Any],
    ground: Ground,
    stdio: Stdio,
) -> Started:
    """Start the container by ``message["runtime"]``; ``holder`` keeps the namespaces it is to join."""
    order = Order(message["runtime"], message["directory"], ground.host_mounts)
    config = prepare(message["config"], holder, isolation, order)
    runner, report = _make_runner(order)
    log = message["log"]
    cgroup = Cgroup.at(config["linux"]["cgroupsPath"], ground.layout)
    started = Started(runner, cgroup, LogWriter(*log) if log else None)
    stdio.log = started.log
    userns = open_namespace(holder, "user") if isolation["ids"] else None
    fds: dict[str, int] = {}
    try:
        stack = overlay.Stack(message["layers"], message["upper"], message["work"], userns)
        started.rootfs = overlay.assemble(stack, home.SCRATCH)
        fds["rootfs"] = os.dup(started.rootfs)
        fds.update(binds(config, received, userns))
        if not config["process"].get("terminal"):
            fds.update(stdio.open_pipes(isolation["ids"][0] if userns is not None else 0, message["open_stdin"]))
        wire.send(report, {"config": config, "name": message["name"], "size": message["size"]}, fds)
        started.at = time.time_ns()
        _follow(report, stdio)
        started.pid = await_container(order, runner)
        _find(started)
    except BaseException:
        undo(started)
        raise
    finally:
        report.close()
        for fd in fds.values():
            os.close(fd)
        if userns is not None:
            os.close(userns)
    return started


def _find(started: Started) -> None:
    """Get hold of the container's process 1, for signals and execs, unless it has ended already."""
    try:
        started.pidfd = processes.pidfd_open(started.pid)
        started.devpts = _open_devpts(started.pid)
    except (KernelError, *processes.GONE):
        pass


def _make_runner(order: Order) -> tuple[int, socket.socket]:
    ours, theirs = wire.pair()
    runner = os.fork()
    if runner == 0:
        ours.close()
        run(theirs, order)
    theirs.close()
    return runner, ours


def _follow(report: socket.socket, stdio: Stdio) -> None:
    """Until the runner has become the other runtime."""
    while (received := wire.receive(report)) is not None:
        message = received.message
        master = received.take("master")
        received.close()
        if "error" in message:
            raise reported(message["error"])
        if master is not None:
            stdio.use_terminal(master)


def _open_devpts(pid: int) -> int | None:
    root = os.open(f"/proc/{pid}/root", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        resolve = openat2.IN_ROOT | openat2.RESOLVE_NO_SYMLINKS
        return openat2.openat2(root, "dev/pts", os.O_RDONLY | os.O_DIRECTORY, resolve=resolve)
    except KernelError:
        return None
    finally:
        os.close(root)


def await_container(order: Order, runner: int) -> int:
    """Wait for the pid that the other runtime writes once the program runs; its own words when it fails."""
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        has_ended = os.waitid(os.P_PID, runner, os.WEXITED | os.WNOHANG | os.WNOWAIT) is not None
        if text := _pid_written(order):  # looked for after that: a short program's runtime wrote it, and ended
            return int(text)
        if has_ended:
            raise Failure("run by another runtime", _complaint(order))
        time.sleep(0.001)
    raise Failure("run by another runtime", f"{order.program} did not start the container in {_START_SECONDS:.0f} s")


def _pid_written(order: Order) -> str:
    try:
        with open(order.pid_file) as file:
            return file.read()
    except FileNotFoundError:
        return ""


def _complaint(order: Order) -> str:
    last = ""
    try:
        with open(order.log) as file:
            for line in file:
                entry = json.loads(line)
                if entry.get("level") in ("error", "fatal"):
                    last = entry.get("msg", "")
    except (OSError, ValueError):
        pass
    return last or f"{order.program} failed and left no message in {order.log}"
