"""Control groups, version 1 (legacy and hybrid mounts) and version 2, behind one interface.

What it is: :func:`layout` says which hierarchies this machine has; a :class:`Cgroup` is one path below the root of each
of them, with limits (OCI ``linux.resources``), processes and statistics. A controller's two versions live in one file;
which of them is used is decided for each controller by where it is mounted, so that a hybrid machine with, say,
``hugetlb`` in the unified hierarchy needs no case of its own.

What it is not: it knows no containers and decides no limits. It imports the standard library only, because the spawner
and every shim import it.

Cost (why there are two ways into a cgroup): moving *another* process, or any process in version 2, makes the kernel
wait for an RCU grace period, 7 to 11 ms, because it takes ``cgroup_threadgroup_rwsem`` for writing. Two ways do not:

* version 1: a single-threaded process that writes ``0`` to ``tasks`` moves only itself, without that lock
  (kernel/cgroup/cgroup.c, ``cgroup_procs_write_start``): 25 µs a hierarchy. :meth:`Cgroup.attach` with pid 0 does so;
* version 2: a process born inside with ``clone3(CLONE_INTO_CGROUP)`` (Linux 5.7) and :meth:`Cgroup.open_unified`.
"""

from wherry.linux.cgroup.cgroup import Cgroup
from wherry.linux.cgroup.layout import Hierarchy, Layout, Mode, layout
from wherry.linux.cgroup.stats import BlockEntry, BlockStats, CpuStats, MemoryStats, PidsStats, Stats

__all__ = [
    "BlockEntry",
    "BlockStats",
    "Cgroup",
    "CpuStats",
    "Hierarchy",
    "Layout",
    "MemoryStats",
    "Mode",
    "PidsStats",
    "Stats",
    "layout",
]
