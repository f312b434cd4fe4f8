"""What a Dockerfile says, as data.

Text fields hold what was written, quotes and ``$variables`` included, wherever the language expands variables: the
state of ARG and ENV that this needs exists only while building. Each class says which of its fields these are
("unexpanded"); ``resolve.resolved(instruction, lookup, escape)`` gives the same instruction with all of them expanded.
All other fields mean what they say.
"""

import re
from dataclasses import dataclass, field
from enum import Enum

BACKSLASH = "\\"
"""The escape character unless ``# escape=`` chooses the back quote."""

_LEADING_TABS = re.compile(r"^\t+", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Location:
    """Lines counted from 1, both included; ``text`` is what stands there, without the last line's end."""

    first_line: int
    last_line: int
    text: str = ""


@dataclass(frozen=True, slots=True)
class HereDocument:
    """``<<NAME`` and its lines. ``content`` is as written, with its last newline; :attr:`text` is what it means.

    ``expands``: the name had no quotes, so that COPY and ADD expand variables in it (RUN leaves this to its shell).
    ``strips_tabs``: it was ``<<-``, which takes the tabs away that lines begin with.
    """

    name: str
    content: str
    expands: bool = True
    strips_tabs: bool = False

    @property
    def text(self) -> str:
        """``content`` without what ``<<-`` takes away. Nothing is expanded here."""
        return _LEADING_TABS.sub("", self.content) if self.strips_tabs else self.content


@dataclass(frozen=True, slots=True)
class KeyValue:
    """A pair of ENV or LABEL; both unexpanded."""

    key: str
    value: str


@dataclass(frozen=True, slots=True)
class ShellForm:
    """A command for the stage's shell: the rest of the line, with continuations joined and here-documents left out."""

    text: str


@dataclass(frozen=True, slots=True)
class ExecForm:
    """A command from a JSON array, run without a shell. May be empty."""

    arguments: tuple[str, ...]


Command = ShellForm | ExecForm


class MountType(Enum):
    """``RUN --mount=type=…``."""

    BIND = "bind"
    CACHE = "cache"
    TMPFS = "tmpfs"
    SECRET = "secret"
    SSH = "ssh"


class Sharing(Enum):
    """What a cache mount does when two steps want it at once: share it, get one each, or wait."""

    SHARED = "shared"
    PRIVATE = "private"
    LOCKED = "locked"


@dataclass(frozen=True, slots=True)
class Mount:
    """One ``--mount`` with its values expanded and checked.

    ``id``: of a cache, a secret or an agent; empty takes the default (target; source or target's name; "default").
    ``from_``: stage name, build context or image; empty is the build context (for a cache: an empty tree).
    ``source``: path in ``from_``, or a secret's id in its old spelling. ``target``: path in the step, where given.
    ``mode`` bits, ``uid`` and ``gid`` are None when not given; ``size_bytes`` 0 is no limit. ``env`` names the variable
    that holds a secret.
    """

    type: MountType = MountType.BIND
    id: str = ""
    target: str = ""
    source: str = ""
    from_: str = ""
    read_only: bool = True
    sharing: Sharing = Sharing.SHARED
    mode: int | None = None
    uid: int | None = None
    gid: int | None = None
    size_bytes: int = 0
    required: bool = False
    env: str | None = None


@dataclass(frozen=True, slots=True)
class MountFlag:
    """One ``--mount`` as written: ``text`` (after ``=``) is unexpanded; ``from_`` never has variables."""

    text: str
    from_: str = ""


@dataclass(frozen=True, slots=True)
class Instruction:
    """What all instructions have. An instruction out of ONBUILD has that one's location."""

    location: Location


@dataclass(frozen=True, slots=True)
class From(Instruction):
    """``base`` and ``platform`` (empty: not given) unexpanded: global ARGs only. ``name``: in lower case, or empty."""

    base: str
    name: str = ""
    platform: str = ""


@dataclass(frozen=True, slots=True)
class Argument:
    """One name of ARG. ``default`` is unexpanded; None when there is no ``=``."""

    name: str
    default: str | None = None


@dataclass(frozen=True, slots=True)
class Arg(Instruction):
    """ARG; several names in one are declared one after the other."""

    arguments: tuple[Argument, ...]


@dataclass(frozen=True, slots=True)
class Env(Instruction):
    """All pairs see the environment before the instruction. ``is_legacy``: the form ``ENV name value``."""

    pairs: tuple[KeyValue, ...]
    is_legacy: bool = False


@dataclass(frozen=True, slots=True)
class Run(Instruction):
    """``command`` is never expanded here. ``heredocs``: for the shell form; ``running.script`` says what to run.

    ``mount_flags`` are unexpanded; ``mounts`` is filled by ``resolve.resolved`` and empty before.
    ``network`` is "default", "none" or "host"; ``security`` "sandbox" or "insecure"; ``devices`` names of CDI devices.
    """

    command: Command
    heredocs: tuple[HereDocument, ...] = ()
    mount_flags: tuple[MountFlag, ...] = ()
    mounts: tuple[Mount, ...] = ()
    network: str = "default"
    security: str = "sandbox"
    devices: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Copy(Instruction):
    """``sources``, ``destination``, ``chown``, ``chmod``, ``exclude`` and the documents' contents are unexpanded.

    Sources keep their order, but documents come after all paths (as BuildKit copies them). ``from_``: stage name or
    number, build context or image, without variables; empty is the build context.
    """

    sources: tuple[str, ...]
    destination: str
    heredocs: tuple[HereDocument, ...] = ()
    from_: str = ""
    chown: str = ""
    chmod: str = ""
    link: bool = False
    parents: bool = False
    exclude: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Add(Instruction):
    """As :class:`Copy`; ``checksum`` is unexpanded too. None for ``keep_git_dir`` and ``unpack`` is "not said"."""

    sources: tuple[str, ...]
    destination: str
    heredocs: tuple[HereDocument, ...] = ()
    chown: str = ""
    chmod: str = ""
    link: bool = False
    exclude: tuple[str, ...] = ()
    checksum: str = ""
    keep_git_dir: bool | None = None
    unpack: bool | None = None


@dataclass(frozen=True, slots=True)
class Workdir(Instruction):
    """``path`` unexpanded; relative to the working directory before."""

    path: str


@dataclass(frozen=True, slots=True)
class User(Instruction):
    """``user`` unexpanded: ``name|uid[:group|gid]``."""

    user: str


@dataclass(frozen=True, slots=True)
class Label(Instruction):
    """``is_legacy``: the form ``LABEL name value``."""

    pairs: tuple[KeyValue, ...]
    is_legacy: bool = False


@dataclass(frozen=True, slots=True)
class Expose(Instruction):
    """``ports`` unexpanded; one may expand to several words. ``port[-port][/protocol]`` each."""

    ports: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Volume(Instruction):
    """``paths`` unexpanded."""

    paths: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Cmd(Instruction):
    """The default command, or the entrypoint's default arguments."""

    command: Command


@dataclass(frozen=True, slots=True)
class Entrypoint(Instruction):
    """``ENTRYPOINT []`` takes an inherited entrypoint away."""

    command: Command


@dataclass(frozen=True, slots=True)
class Shell(Instruction):
    """What shell forms run with; only as a JSON array."""

    arguments: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class Stopsignal(Instruction):
    """``signal`` unexpanded."""

    signal: str


@dataclass(frozen=True, slots=True)
class Healthcheck(Instruction):
    """``command`` None is HEALTHCHECK NONE. Times in nanoseconds; 0 takes the default, ``retries`` too."""

    command: Command | None
    interval: int = 0
    timeout: int = 0
    start_period: int = 0
    start_interval: int = 0
    retries: int = 0


@dataclass(frozen=True, slots=True)
class Onbuild(Instruction):
    """``trigger``: an instruction's text, for ``parser.parse_trigger`` when another stage or image builds on this."""

    trigger: str


@dataclass(frozen=True, slots=True)
class Maintainer(Instruction):
    """Deprecated, and still there: the image's author."""

    name: str


@dataclass(frozen=True, slots=True)
class Stage:
    """``index`` from 0 in the file; ``location`` spans from FROM to the last instruction."""

    index: int
    origin: From
    instructions: tuple[Instruction, ...]
    location: Location

    @property
    def name(self) -> str:
        """What ``AS`` calls it, in lower case; empty when it has no name."""
        return self.origin.name

    @property
    def base(self) -> str:
        """Unexpanded: a stage before this one, a build context, an image, or ``scratch``."""
        return self.origin.base

    @property
    def platform(self) -> str:
        """Unexpanded; empty when not given."""
        return self.origin.platform


@dataclass(frozen=True, slots=True)
class Check:
    """``# check=``: rules not to warn of (``skips_all``: none at all), and whether a warning fails the build."""

    skip: frozenset[str] = frozenset()
    skips_all: bool = False
    is_error: bool = False
    experimental: frozenset[str] = frozenset()
    enables_all_experimental: bool = False


@dataclass(frozen=True, slots=True)
class Directives:
    """The parser directives before the first instruction. ``syntax`` is None when there is none."""

    syntax: str | None = None
    escape: str = BACKSLASH
    check: Check = field(default_factory=Check)


@dataclass(frozen=True, slots=True)
class Dockerfile:
    """``source``: the whole text, lines ended by ``\\n``. ``arguments``: the ARGs before the first FROM."""

    source: str
    directives: Directives
    arguments: tuple[Arg, ...]
    stages: tuple[Stage, ...]

    @property
    def escape(self) -> str:
        """The escape character: a backslash or a back quote."""
        return self.directives.escape
