"""What a probe is, and what it finds."""

from dataclasses import dataclass
from enum import Enum
from typing import Protocol

from wherry.kube.machinery.model import Object


class Kind(Enum):
    """As the API and the events call it."""

    STARTUP = "startup"
    LIVENESS = "liveness"
    READINESS = "readiness"

    @property
    def field(self) -> str:
        return f"{self.value}Probe"

    @property
    def title(self) -> str:
        return self.value.capitalize()


class Result(Enum):
    SUCCESS = "success"
    WARNING = "warning"
    """It passes, with something to say."""
    FAILURE = "failure"
    UNKNOWN = "unknown"
    """It could not be asked: this says nothing about the container."""


@dataclass(frozen=True, slots=True)
class Outcome:
    result: Result
    text: str = ""


PASSED = Outcome(Result.SUCCESS)


@dataclass(frozen=True, slots=True)
class Target:
    """A container that runs: its id, its spec, the pod's address."""

    id: str
    container: Object
    ip: str


class Prober(Protocol):
    """Asks once. Never raises."""

    async def ask(self, probe: Object, target: Target) -> Outcome: ...


class ContentProber:
    """For simulated nodes: everything is well."""

    async def ask(self, probe: Object, target: Target) -> Outcome:
        return PASSED
