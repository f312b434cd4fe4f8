"""What a build is asked, what it tells while it goes on, and what it gives."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from wherry.engine.distribution.model import Credentials
from wherry.engine.dockerfile.model import Location
from wherry.kit.errors import WherryError


@dataclass(frozen=True, slots=True)
class Limits:
    """What each RUN step may use: as the fields of the same meaning of Docker's HostConfig; 0 and empty: no limit."""

    memory_bytes: int = 0
    memory_swap_bytes: int = 0
    cpu_shares: int = 0
    cpu_period: int = 0
    cpu_quota: int = 0
    cpuset_cpus: str = ""
    cpuset_mems: str = ""
    shm_bytes: int = 0
    ulimits: Sequence[tuple[str, int, int]] = ()  # name, soft, hard


@dataclass(frozen=True, slots=True)
class CachePlace:
    """Where a cache comes from or goes to.

    ``kind`` "registry": ``where`` is a reference, of a cache, or on import also of an image that says which steps made
    its layers; "local": a directory of this machine. ``is_whole``, on export: with the layers of all stages, not only
    those of the image (BuildKit's ``mode=max``).
    """

    kind: Literal["registry", "local"]
    where: str
    is_whole: bool = False


@dataclass(frozen=True, slots=True)
class Options:
    """Everything about a build but its files.

    ``build_args``: name → value. ``target``: name or number of the last stage to build; empty: the last one.
    ``platform`` empty: this machine's. ``network``: of RUN steps: "default", "none", "host",
    "container:" and a container's name, or the name of a network.
    ``no_cache_filter``: names of stages that are built anew. ``contexts``: name → what ``--build-context`` says.
    ``secrets``: id → content. ``ssh``: id → path of an agent's socket on this machine. ``allow``: what steps may ask
    for beyond the usual ("network.host", "security.insecure"). ``epoch_seconds``: the time that everything built has,
    None: the base image's; ``reproducible`` False: files keep their times, and the image has the time of the build.
    ``credentials``: registry → its user's, to pull base images with. ``inline_cache``: the image says which steps
    made its layers.
    """

    build_args: Mapping[str, str] = field(default_factory=dict)
    labels: Mapping[str, str] = field(default_factory=dict)
    target: str = ""
    platform: str = ""
    network: str = "default"
    extra_hosts: Sequence[str] = ()
    pull: bool = False
    no_cache: bool = False
    no_cache_filter: frozenset[str] = frozenset()
    contexts: Mapping[str, str] = field(default_factory=dict)
    secrets: Mapping[str, bytes] = field(default_factory=dict)
    ssh: Mapping[str, str] = field(default_factory=dict)
    allow: frozenset[str] = frozenset()
    limits: Limits = field(default_factory=Limits)
    epoch_seconds: int | None = None
    reproducible: bool = True
    squash: bool = False
    credentials: Mapping[str, Credentials] = field(default_factory=dict)
    cache_from: Sequence[CachePlace] = ()
    cache_to: Sequence[CachePlace] = ()
    inline_cache: bool = False


@dataclass(frozen=True, slots=True)
class Source:
    """The files of a build: the Dockerfile's text, and the directory of the context (None: there is none).

    ``dockerfile_name`` is for messages. ``ignore`` is the text of the .dockerignore file that counts. ``is_passing``:
    the directory was made for this build.
    """

    dockerfile: str
    context: Path | None = None
    dockerfile_name: str = "Dockerfile"
    ignore: str = ""
    is_passing: bool = False


# What a build tells. ``vertex`` numbers the steps of a build in the order in which they were first heard of.


@dataclass(frozen=True, slots=True)
class Planned:
    """The steps to come, as Docker numbers them: ``position`` counts from 1 to ``total`` over all needed stages."""

    vertex: int
    name: str
    text: str
    position: int
    total: int


@dataclass(frozen=True, slots=True)
class Began:
    vertex: int


@dataclass(frozen=True, slots=True)
class Output:
    """``stream`` 1: standard output, 2: standard error."""

    vertex: int
    stream: int
    data: bytes


@dataclass(frozen=True, slots=True)
class Ended:
    """``result``: short name of what the step made. ``cached``: it had been made before."""

    vertex: int
    cached: bool
    result: str
    seconds: float


@dataclass(frozen=True, slots=True)
class Failed:
    vertex: int
    message: str


@dataclass(frozen=True, slots=True)
class Warned:
    """``rule`` as BuildKit calls it; ``location`` in the Dockerfile."""

    rule: str
    message: str
    url: str = ""
    location: Location | None = None


@dataclass(frozen=True, slots=True)
class Said:
    """A message of a pull or an export, in Docker's form (``{"status": …}``)."""

    vertex: int
    document: Mapping[str, object]


Event = Planned | Began | Output | Ended | Failed | Warned | Said
Tell = Callable[[Event], None]


class BuildFailed(WherryError):
    """A step of the build failed.

    ``message`` is BuildKit's for the step; ``excerpt`` shows the Dockerfile's lines. A program that ended with another
    code than 0 has ``command`` and ``code``.
    """

    def __init__(self, message: str, excerpt: str = "", command: str = "", code: int = 0) -> None:
        super().__init__(message)
        self.excerpt = excerpt
        self.command = command
        self.code = code
