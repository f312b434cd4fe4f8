"""The facts about a pod, and the steps that follow from them."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import TypeAlias

from wherry.kube.machinery.model import Object
from wherry.node.pods.runtime import Container, Limits, Sandbox, State


@dataclass(frozen=True, slots=True)
class Trouble:
    """Why something does not happen, as a container's ``waiting`` state says it. It is tried again at ``until``
    (monotonic seconds); from ``turns_at`` on it is called ``later``: what is waited for is not what went wrong."""

    reason: str
    message: str
    until: float
    turns_at: float | None = None
    later: tuple[str, str] = ("", "")

    def shown(self, seconds: float) -> tuple[str, str]:
        """Reason and message, now."""
        return self.later if self.turns_at is not None and seconds >= self.turns_at else (self.reason, self.message)


@dataclass(frozen=True, slots=True)
class Probed:
    """What the probes say of a running container; None: there is no such probe. ``failed``: ``liveness`` or
    ``startup``, of which it has had enough."""

    started: bool | None = None
    ready: bool | None = None
    failed: str = ""


@dataclass(frozen=True, slots=True)
class Ending:
    """Why a pod has to end, since when (monotonic seconds), and how long it may take. ``reason`` and ``message`` become
    its status's, with phase Failed, unless they are empty. ``disruption``: reason of a condition DisruptionTarget."""

    grace_seconds: float
    since: float
    reason: str = ""
    message: str = ""
    disruption: str = ""


@dataclass(frozen=True, slots=True)
class Facts:
    """All that is decided from. Sandboxes and containers are this pod's, the oldest first. ``seconds``: monotonic;
    ``ended_seconds``: since an exited container ended, by its id. ``busy``: keys of steps under way. ``troubles``: of
    steps that failed, by their keys. ``hooked``: running containers whose postStart has not ended."""

    pod: Object
    seconds: float
    sandboxes: tuple[Sandbox, ...] = ()
    containers: tuple[Container, ...] = ()
    ended_seconds: Mapping[str, float] = field(default_factory=dict)
    busy: frozenset[str] = frozenset()
    troubles: Mapping[str, Trouble] = field(default_factory=dict)
    probed: Mapping[str, Probed] = field(default_factory=dict)
    ending: Ending | None = None
    has_volumes: bool = False
    """They are mounted, all of them."""
    has_stale_volumes: bool = False
    """What they were made of is another by now."""
    is_unmounted: bool = False
    """Nothing of them is left."""
    is_gone: bool = False
    """The API has it no more."""
    is_deleted: bool = False
    """The API was told that it may forget it; something else may hold it there (a finalizer)."""
    is_written: bool = False
    """The API has its final status."""
    limits: Mapping[str, Limits] = field(default_factory=dict)
    """That running containers should get, by their ids (after a resize)."""
    outdated: frozenset[str] = frozenset()
    """Running containers that get what they should have by starting anew alone."""
    backoffs: Mapping[str, float] = field(default_factory=dict)
    """Of containers that begin anew without their runs: what the next one is marked with."""

    @property
    def sandbox(self) -> Sandbox | None:
        """The newest."""
        return self.sandboxes[-1] if self.sandboxes else None

    def current(self) -> dict[str, Container]:
        """The newest run of each container in the newest sandbox."""
        home = self.sandbox.id if self.sandbox else ""
        return {each.name: each for each in self.containers if each.sandbox == home}

    def newest(self) -> dict[str, Container]:
        """The newest run of each container in any sandbox."""
        return {each.name: each for each in self.containers}

    def running(self) -> list[Container]:
        return [each for each in self.containers if each.state is State.RUNNING]


@dataclass(frozen=True, slots=True)
class StartSandbox:
    attempt: int

    @property
    def key(self) -> str:
        return "sandbox"


@dataclass(frozen=True, slots=True)
class MountVolumes:
    @property
    def key(self) -> str:
        return "volumes"


@dataclass(frozen=True, slots=True)
class UnmountVolumes:
    @property
    def key(self) -> str:
        return "unmount"


@dataclass(frozen=True, slots=True)
class StartContainer:
    """``backoff_seconds``: how long the start after this one has to wait."""

    name: str
    attempt: int
    backoff_seconds: float = 0.0

    @property
    def key(self) -> str:
        return f"start {self.name}"


@dataclass(frozen=True, slots=True)
class StopContainer:
    """``message`` is that of the event Killing. ``hook``: its preStop hook runs first."""

    id: str
    name: str
    grace_seconds: float
    message: str
    hook: bool = True

    @property
    def key(self) -> str:
        return f"stop {self.id}"


@dataclass(frozen=True, slots=True)
class RemoveContainer:
    """``name`` of its container where that begins anew for it, and ``backoff_seconds``: how long the start after the
    next one has to wait."""

    id: str
    name: str = ""
    backoff_seconds: float = 0.0

    @property
    def key(self) -> str:
        return f"remove {self.id}"


@dataclass(frozen=True, slots=True)
class Resize:
    id: str
    name: str
    limits: Limits

    @property
    def key(self) -> str:
        return f"resize {self.name}"


@dataclass(frozen=True, slots=True)
class StopSandbox:
    id: str

    @property
    def key(self) -> str:
        return f"stop sandbox {self.id}"


@dataclass(frozen=True, slots=True)
class RemoveSandbox:
    id: str

    @property
    def key(self) -> str:
        return f"remove sandbox {self.id}"


@dataclass(frozen=True, slots=True)
class DeletePod:
    """The API may forget it."""

    @property
    def key(self) -> str:
        return "delete"


@dataclass(frozen=True, slots=True)
class Abort:
    """Give up a step that is under way."""

    key: str


Action: TypeAlias = (
    StartSandbox | MountVolumes | UnmountVolumes | StartContainer | StopContainer | RemoveContainer | Resize
    | StopSandbox | RemoveSandbox | DeletePod | Abort
)  # fmt: skip


@dataclass(frozen=True, slots=True)
class Plan:
    """``waiting``: containers that do not run, and why, as far as there is more to say than that they are being made.
    ``again_seconds``: when to look again though nothing has changed; None: no need. ``has_ended``: nothing of it will
    run any more. ``is_over``: there is nothing left, not even of the API's."""

    actions: tuple[Action, ...] = ()
    waiting: Mapping[str, tuple[str, str]] = field(default_factory=dict)
    again_seconds: float | None = None
    has_ended: bool = False
    is_over: bool = False


class Draft:
    """A plan in the making: leaves out what is under way, and what is not to be tried yet."""

    def __init__(self, facts: Facts) -> None:
        self._facts = facts
        self._actions: list[Action] = []
        self._again: float | None = None
        self.waiting: dict[str, tuple[str, str]] = {}

    def add(self, action: Action) -> bool:
        """Returns whether it is to be done now."""
        if action.key in self._facts.busy and not isinstance(action, Abort):
            return False
        trouble = self._facts.troubles.get(action.key)
        if trouble is not None and trouble.until > self._facts.seconds:
            self.again(trouble.until - self._facts.seconds)
            return False
        self._actions.append(action)
        return True

    def again(self, seconds: float) -> None:
        self._again = seconds if self._again is None else min(self._again, seconds)

    def plan(self, *, has_ended: bool = False, is_over: bool = False) -> Plan:
        for trouble in self._facts.troubles.values():
            if trouble.turns_at is not None and trouble.turns_at > self._facts.seconds:
                self.again(trouble.turns_at - self._facts.seconds)
        return Plan(tuple(self._actions), self.waiting, self._again, has_ended, is_over)
