"""The spawner's own small mount namespace: every new mount namespace copies its parent's table, so it is kept tiny.

It holds the instance's directories at their usual paths, a fresh /proc and /sys (a user namespace may mount its own
only where whole ones are visible: mount_too_revealing in fs/namespace.c), the cgroup tree, and a /dev with six devices
that containers get copies of: ours, so nothing can have replaced them (CVE-2025-31133).
"""

import os
import stat

from wherry.linux import mount, openat2
from wherry.linux.namespaces import NEWNS
from wherry.linux.syscalls import unshare

NEWROOT = "/newroot"  # where a container's root is put before it becomes the root
SCRATCH = "/scratch"  # where lower layers are put while an overlay is made of them
# Documentation/admin-guide/devices.txt
DEVICES = {"null": (1, 3), "zero": (1, 5), "full": (1, 7), "random": (1, 8), "urandom": (1, 9), "tty": (5, 0)}


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
