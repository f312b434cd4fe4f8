"""The kernel: the only user of ctypes, netlink and nftables.

Every module but ``netlink`` and ``nftables`` imports the standard library alone, because the spawner
(:mod:`wherry.engine.runtime.spawner`) imports them and must stay tiny. Every failed call raises
:class:`wherry.linux.errors.KernelError` with errno, step and path.
"""
