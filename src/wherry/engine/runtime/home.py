"""The spawner's own small mount namespace: every new mount namespace copies its parent's table, so it is kept tiny.

It holds the instance's directories at their usual paths, a fresh /proc and /sys (a user namespace may mount its own
only where whole ones are visible: mount_too_revealing in fs/namespace.c), the cgroup tree, and a /dev with six devices
that containers get copies of: ours, so nothing can have replaced them (CVE-2025-31133).

What is mounted for single containers and pods is left out: a copy here would keep it when they are gone.
"""

import os
import stat

from wherry.linux import mount, openat2
from wherry.linux.namespaces import NEWNS
from wherry.linux.syscalls import umount, unshare

NEWROOT = "/newroot"  # where a container's root is put before it becomes the root
SCRATCH = "/scratch"  # where lower layers are put while an overlay is made of them
# Documentation/admin-guide/devices.txt
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}
# Directories of an instance in which things are mounted that belong to one container or pod.
_OF_OTHERS = ("containers", "volumes", "pods", "sandboxes", "run/sandboxes")


def enter(directories: list[str], staging: str) -> None:
    """Move this process into a new mount namespace that shows ``directories`` and the above, nothing else.

    ``staging`` is an existing directory that may be mounted over for a moment in the new namespace.
    """
    unshare(NEWNS)
    slash = os.open("/", os.O_PATH | os.O_CLOEXEC)
    mount.set_attributes(slash, propagation=mount.PROPAGATION["private"], recursive=True, path="/")
    os.close(slash)
    trees = {path: mount.clone_tree(path, recursive=True) for path in directories}
    trees["/sys"] = mount.create("sysfs", attributes=mount.ATTR_NOSUID | mount.ATTR_NODEV | mount.ATTR_NOEXEC)
    trees["/proc"] = mount.create("proc", attributes=mount.ATTR_NOSUID | mount.ATTR_NODEV | mount.ATTR_NOEXEC)
    trees["/sys/fs/cgroup"] = mount.clone_tree("/sys/fs/cgroup", recursive=True)
    trees["/dev"] = _devices()
    root = mount.create("tmpfs", [("mode", "711"), ("size", "1m")], mount.ATTR_NOSUID)
    mount.move_to_path(root, staging)
    for path, tree in trees.items():
        target = openat2.make_directories(root, path)
        mount.move(tree, target, path)
        os.close(target)
        os.close(tree)
    for path in (NEWROOT, SCRATCH):
        os.close(openat2.make_directories(root, path))
    mount.pivot_into(root)
    os.close(root)
    with open("/proc/self/mountinfo", encoding="utf-8", errors="surrogateescape") as file:
        points = of_others(file.read(), directories)
    for point in points:
        umount(point, mount.MNT_DETACH)


def of_others(mountinfo: str, directories: list[str]) -> list[str]:
    """Mount points (proc_pid_mountinfo(5)) that belong to single containers or pods, the innermost first.

    A point with a blank in its name is none that the engine has made; those keep what they have.
    """
    places = tuple(f"{directory}/{name}/" for directory in directories for name in _OF_OTHERS)
    points = [fields[4] for line in mountinfo.splitlines() if len(fields := line.split(" ")) > 4]
    return [point for point in reversed(points) if point.startswith(places)]


def _devices() -> int:
    """A detached tmpfs with the devices every container gets."""
    tree = mount.create("tmpfs", [("mode", "755"), ("size", "64k")], mount.ATTR_NOSUID | mount.ATTR_NOEXEC)
    mask = os.umask(0)
    try:
        for name, (major, minor) in DEVICES.items():
            os.mknod(name, stat.S_IFCHR | 0o666, os.makedev(major, minor), dir_fd=tree)
    finally:
        os.umask(mask)
    return tree
