"""What every shim inherits from the spawner."""

from wherry.linux.cgroup import Layout


class Ground:
    """``host_mounts`` is a descriptor of the host's mount namespace, for foreign runtimes only."""

    __slots__ = ("host_mounts", "layout")

    def __init__(self, layout: Layout, host_mounts: int) -> None:
        self.layout = layout
        self.host_mounts = host_mounts
