"""Namespaces that containers share with each other or with the host."""

from collections.abc import Callable

import msgspec

from wherry.engine.containers.model import HostConfig
from wherry.engine.containers.row import Container
from wherry.engine.runtime.model import IdRange, Isolation, Namespace
from wherry.kit.errors import Conflict

Donor = tuple[int, Container]  # host pid of its process 1, and its row
PREFIX = "container:"


class Shared(msgspec.Struct, frozen=True):
    """The containers whose namespaces a container joins."""

    network: Donor | None = None
    pid: Donor | None = None
    ipc: Donor | None = None

    def __bool__(self) -> bool:
        return any((self.network, self.pid, self.ipc))

    @property
    def donors(self) -> list[Donor]:
        return [one for one in (self.network, self.pid, self.ipc) if one is not None]

    def common(self) -> Container | None:
        """The one whose user namespace is shared too, for namespaces belong to one (user_namespaces(7)).

        Raises Conflict when they belong to different ones.
        """
        if len({(one.mapped, one.ids) for _, one in self.donors}) > 1:
            raise Conflict("the containers whose namespaces are to be shared have different user namespaces")
        return self.donors[0][1] if self.donors else None


def donors_of(host: HostConfig) -> list[str]:
    """The references of the containers whose namespaces are asked for."""
    modes = (host.NetworkMode, host.PidMode, host.IpcMode)
    return [mode.removeprefix(PREFIX) for mode in modes if mode.startswith(PREFIX)]


def shares(host: HostConfig, find: Callable[[str, str], Donor]) -> Shared:
    """Look up the containers to join; ``find(reference, what is joined)`` raises when one does not run."""

    def donor(mode: str, what: str) -> Donor | None:
        return find(mode.removeprefix(PREFIX), what) if mode.startswith(PREFIX) else None

    shared = Shared(donor(host.NetworkMode, "network"), donor(host.PidMode, "PID"), donor(host.IpcMode, "IPC"))
    if shared.ipc and shared.ipc[1].host.IpcMode not in ("shareable", "host"):
        raise Conflict(
            f"cannot join IPC of container {shared.ipc[1].id}: "
            "non-shareable IPC (hint: use IpcMode:shareable for the donor container)"
        )
    return shared


def isolation(container: Container, shared: Shared) -> Isolation:
    """The namespaces of a container. Its ids are bound already."""
    host = container.host
    ids = IdRange(container.ids) if container.mapped and container.ids is not None else None

    def kind(mode: str) -> Namespace:
        return Namespace.HOST if mode == "host" else Namespace.NEW

    def joined(donor: Donor | None) -> int | None:
        return donor[0] if donor else None

    return Isolation(
        ids=ids,
        network=kind(host.NetworkMode),
        pid=kind(host.PidMode),
        ipc=kind(host.IpcMode),
        uts=kind(host.UTSMode),
        cgroup=kind(host.CgroupnsMode),
        join_user=shared.donors[0][0] if shared and ids else None,
        join_network=joined(shared.network),
        join_pid=joined(shared.pid),
        join_ipc=joined(shared.ipc),
    )
