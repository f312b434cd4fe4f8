"""Sandboxes: what the containers of a pod have in common.

A sandbox is an address on the default bridge, the network, IPC, host name and user namespaces, /dev/shm, the files of
/etc that tell of the network, a range of ids, and a cgroup above those of its containers. It is **no process**: a
namespace lives as long as something refers to it, and a mount of it on a file does (namespaces(7)). Only a pid
namespace dies with its process 1; where containers share one, a small process of ours is that (see
:mod:`wherry.engine.runtime.holding`).

What it is not: containers (:mod:`wherry.engine.containers` starts them here), and what a pod is
(:mod:`wherry.node.runtime`).

Invariants: a sandbox has a row once it is whole, and only while it has one is it anybody's; what has no row is removed
at start. Its ids are its own as long as the row is there: files on the disk belong to them. Whether it is whole is
asked of the kernel, never remembered: after a reboot the rows are there and their mounts are not.

On disk: a row in ``engine.sqlite``. In the kernel, besides the endpoint that :mod:`wherry.engine.networks` keeps::

    run/sandboxes/            a tmpfs, private: mounts below it are not copied into other mount namespaces
      <id>/                   a tmpfs of 256 KiB: a container may write to its files, but not fill the machine
        net ipc uts user pid  namespaces, those that the sandbox has
        hosts hostname resolv.conf
        shm/                  a tmpfs: /dev/shm of all its containers
    /wherry-NAME/<cgroup>/    made with the sandbox, removed with the last sandbox that has it
"""

from wherry.engine.sandboxes.model import PodSandbox, Wanted
from wherry.engine.sandboxes.sandboxes import Sandboxes

__all__ = ["PodSandbox", "Sandboxes", "Wanted"]
