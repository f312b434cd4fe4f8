"""A stack of layers as a detached overlay mount: id-mapped lower directories, under one writable directory or none.

Overlayfs acts with the rights of whoever mounts it, the initial user namespace's here; a container whose ids are mapped
sees layers and upper directory with its own (Documentation/filesystems/overlayfs.rst, "Permission model").
"""

import os
from collections.abc import Callable
from typing import NamedTuple

from wherry.linux import mount
from wherry.linux.syscalls import mount_overlay, umount

LAYERS_LIMIT = 500
"""Of lower directories: OVL_MAX_STACK of fs/overlayfs/params.h."""


class Stack(NamedTuple):
    """``layers``: lower directories, the topmost first; none: an empty directory. ``upper`` empty: read only, but for
    mount points, which are made in memory.

    With ``userns``, a descriptor of a user namespace, the layers are id-mapped by it; the upper directory must already
    belong to its root (id-mapping that too makes overlayfs read-only). ``volatile``: what was written need not survive
    a crash of the machine, and the end of the mount does not wait for the disk; the work directory is spent then.
    """

    layers: list[str]
    upper: str = ""
    work: str = ""
    userns: int | None = None
    volatile: bool = False


def assemble(stack: Stack, scratch: str, furnish: Callable[[int], None] | None = None) -> int:
    """A descriptor (O_PATH) of the overlay of ``stack``. For a process or thread with a mount namespace of its own.

    ``furnish`` is given a descriptor of the root while it is mounted, and may mount things on directories in it.
    ``scratch`` is a directory that is mounted over meanwhile; the working directory becomes the root. The names given
    to the kernel are short and relative, because the options of mount(2) are limited to one page: 500 layers fit.
    In-image device nodes are dead in a user namespace.
    """
    base = mount.create("tmpfs", [("mode", "700")])
    mount.move_to_path(base, scratch)
    try:
        os.fchdir(base)
        os.mkdir("m")
        mount_overlay("m", _options(stack, furnish is not None))
        if furnish is not None:
            _furnish(furnish)
        root = mount.clone_tree("m", recursive=furnish is not None)
        if stack.userns is not None:
            mount.set_attributes(root, add=mount.ATTR_NODEV, path="root file system")
        return root
    finally:
        os.chdir("/")
        umount(scratch, mount.MNT_DETACH)
        os.close(base)


def _furnish(furnish: Callable[[int], None]) -> None:
    root = os.open("m", os.O_PATH | os.O_DIRECTORY | os.O_CLOEXEC)
    try:
        furnish(root)
    finally:
        os.close(root)


def _options(stack: Stack, furnished: bool) -> str:
    """Put the directories where short names lead to them; what mount(2) is to be told."""
    names = [str(number) for number in range(len(stack.layers))]
    for name, layer in zip(names, stack.layers, strict=True):
        _place(layer, name, stack.userns)
    # One lower directory is needed below an upper one, two without.
    while len(names) < (1 if stack.upper or furnished else 2):
        names.append(f"e{len(names)}")
        os.mkdir(names[-1], 0o755)
    options = f"lowerdir={':'.join(names)},index=off,metacopy=off"
    if stack.upper:
        os.symlink(stack.upper, "u")
        os.symlink(stack.work, "w")
    elif furnished:
        os.mkdir("u", 0o755)
        os.mkdir("w", 0o700)
    else:
        return options
    return f"{options},upperdir=u,workdir=w" + (",volatile" if stack.volatile else "")


def _place(layer: str, name: str, userns: int | None) -> None:
    if userns is None:
        os.symlink(layer, name)
        return
    os.mkdir(name)
    tree = mount.clone_tree(layer)
    mount.set_attributes(tree, userns=userns, path=layer)
    mount.move_to_path(tree, name)
    os.close(tree)
