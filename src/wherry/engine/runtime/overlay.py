"""A container's root file system: id-mapped layers under one writable directory, as a detached overlay mount.

Runs in the shim's own mount namespace, with the initial user namespace's rights: overlayfs then acts with those, and
the container, whose ids are mapped, sees layers and upper directory with its own.
"""

import os

from wherry.engine.runtime.home import SCRATCH
from wherry.linux import mount
from wherry.linux.syscalls import mount_overlay, umount


def assemble(layers: list[str], upper: str, work: str, userns: int | None) -> int:
    """Return a descriptor of the overlay of ``layers`` (topmost first) below ``upper``.

    With ``userns`` the lower layers are id-mapped by it; the upper directory must already belong to its root
    (id-mapping that too makes overlayfs read-only). The names given to the kernel are short and relative, because the
    options of mount(2) are limited to one page: 500 layers fit. In-image device nodes are dead in a user namespace.
    """
    scratch = mount.create("tmpfs", [("mode", "700")])
    mount.move_to_path(scratch, SCRATCH)
    try:
        os.fchdir(scratch)
        for name, layer in enumerate(layers):
            _place(layer, str(name), userns)
        os.symlink(upper, "u")
        os.symlink(work, "w")
        os.mkdir("m")
        lower = ":".join(str(name) for name in range(len(layers)))
        mount_overlay("m", f"lowerdir={lower},upperdir=u,workdir=w,index=off,metacopy=off")
        root = mount.clone_tree("m")
        if userns is not None:
            mount.set_attributes(root, add=mount.ATTR_NODEV, path="root file system")
        return root
    finally:
        os.chdir("/")
        umount(SCRATCH, mount.MNT_DETACH)
        os.close(scratch)


def _place(layer: str, name: str, userns: int | None) -> None:
    if userns is None:
        os.symlink(layer, name)
        return
    os.mkdir(name)
    tree = mount.clone_tree(layer)
    mount.set_attributes(tree, userns=userns, path=layer)
    mount.move_to_path(tree, name)
    os.close(tree)
