"""A container as it is remembered: one row, one JSON document."""

import msgspec

from wherry.engine.containers.health import Health
from wherry.engine.containers.model import TRANSITIONS, Config, HostConfig, NetworkingConfig, State
from wherry.engine.database import Database
from wherry.kit.errors import Conflict

SCHEMA = (
    "CREATE TABLE containers (id TEXT PRIMARY KEY, name TEXT NOT NULL UNIQUE, document BLOB NOT NULL) WITHOUT ROWID",
)


class MountPoint(msgspec.Struct, kw_only=True, frozen=True):
    """A mount, resolved. ``source`` is a path of the host; ``name`` a volume's; ``options`` are OCI's.

    ``kind``: bind, volume, tmpfs, "image": files of the image whose id ``source`` is, read only, or "tree": one that
    has no path (``starting.Ground``). ``subpath`` is what of the source is mounted: looked up at the start, beneath it.
    ``mapped`` False: the ids on the disk are the host's.

    ``shown`` False: docker inspect does not list it (``--tmpfs``). ``make``: a start makes the directory ``source``
    when it is missing.
    """

    kind: str
    destination: str
    source: str = ""
    name: str = ""
    writable: bool = True
    mode: str = ""
    propagation: str = ""
    anonymous: bool = False
    shown: bool = True
    make: bool = False
    subpath: str = ""
    mapped: bool = True
    options: list[str] = []


class PodPart(msgspec.Struct, kw_only=True, frozen=True):
    """A container's part in a pod.

    ``sandbox`` is the id of that (:mod:`wherry.engine.sandboxes`), which it shares with others; its ids are the
    sandbox's. ``target``: the id of a container there whose processes it is to see. ``image_groups``: whether its user
    has the groups of the image's /etc/group, whatever group was asked for (KEP-3619). The others are of whoever made
    it, and given back: nothing an image says is among them.
    """

    sandbox: str
    name: str
    attempt: int = 0
    target: str = ""
    image_groups: bool = True
    labels: dict[str, str] = {}
    annotations: dict[str, str] = {}


class Container(msgspec.Struct, kw_only=True):
    """Times are nanoseconds since 1970, 0 for never.

    ``config`` is what was asked for over what the image says. ``ids`` is the first id of its range, bound at the first
    start because its files belong to it; None before, and always when it is not ``mapped`` (it has the host's user
    namespace). ``restarts`` counts what the restart policy did since the last start by hand, ``failures`` those in
    quick succession. ``health`` None: it has no check, or never ran.
    """

    id: str
    name: str
    created: int
    image: str
    image_name: str
    config: Config
    host: HostConfig
    networking: NetworkingConfig
    path: str
    args: list[str]
    mounts: list[MountPoint] = []
    state: State = State.CREATED
    pid: int = 0
    exit_code: int = 0
    error: str = ""
    oom_killed: bool = False
    started: int = 0
    finished: int = 0
    restarts: int = 0
    failures: int = 0
    stopped_by_user: bool = False
    ids: int | None = None
    mapped: bool = True
    pod: PodPart | None = None
    health: Health | None = None

    def move(self, state: State) -> None:
        """Change the state; Conflict where the table does not know the way."""
        if state not in TRANSITIONS[self.state]:
            raise Conflict(f"container {self.id} is {self.state} and cannot become {state}")
        self.state = state

    @property
    def is_active(self) -> bool:
        return self.state in (State.RUNNING, State.PAUSED, State.RESTARTING)


class Rows:
    """The table of containers."""

    def __init__(self, database: Database) -> None:
        self._database = database
        database.migrate("containers", SCHEMA)
        self._encoder = msgspec.json.Encoder()
        self._decoder = msgspec.json.Decoder(Container)

    def all(self) -> list[Container]:
        return [self._decoder.decode(row[0]) for row in self._database.execute("SELECT document FROM containers")]

    def insert(self, container: Container) -> None:
        self._database.execute(
            "INSERT INTO containers VALUES (?, ?, ?)", container.id, container.name, self._encoder.encode(container)
        )

    def save(self, container: Container) -> None:
        self._database.execute(
            "UPDATE containers SET name = ?, document = ? WHERE id = ?",
            container.name,
            self._encoder.encode(container),
            container.id,
        )

    def delete(self, container_id: str) -> None:
        self._database.execute("DELETE FROM containers WHERE id = ?", container_id)
