"""All that a worker holds of its pod, and the facts that can be had from it."""

from dataclasses import dataclass

from wherry.kube.machinery.model import Object
from wherry.node.pods.admission import Refusal
from wherry.node.pods.life.model import Facts
from wherry.node.pods.runtime import Container, Sandbox
from wherry.node.pods.voice import Voice
from wherry.node.pods.workers.jobs import Jobs
from wherry.node.pods.workers.memory import Memory
from wherry.node.pods.workers.tools import Tools
from wherry.node.pods.workers.writing import StatusWriter


@dataclass(slots=True)
class Case:
    """``pod`` is the newest spec. ``must_list``: the sandboxes have to be looked up, because it is not known what came
    of the last step about them; else they are known from what the steps have done, and from the agent's sweeps."""

    tools: Tools
    uid: str
    pod: Object
    sandboxes: tuple[Sandbox, ...]
    memory: Memory
    jobs: Jobs
    writer: StatusWriter
    voice: Voice
    refusal: Refusal | None = None
    must_list: bool = False

    @property
    def sandbox(self) -> Sandbox | None:
        return self.sandboxes[-1] if self.sandboxes else None

    def containers(self) -> tuple[Container, ...]:
        """Of all its sandboxes, the oldest first."""
        found = [each for sandbox in self.sandboxes for each in self.tools.runtime.containers(sandbox.id)]
        found.sort(key=lambda each: (each.created_ns, each.attempt))
        return tuple(found)

    def list_sandboxes(self) -> None:
        self.sandboxes = tuple(sorted(self.tools.runtime.sandboxes(self.uid), key=lambda each: each.spec.attempt))
        self.must_list = False

    def state(self) -> object:
        """What the volumes are made of: when that is another, they are to be made again."""
        meta = self.pod["metadata"]
        return self.tools.references.versions(self.uid), meta.get("labels"), meta.get("annotations")


def gather(case: Case) -> Facts:
    """As it is now. What probes say, ``limits`` and ``is_written`` are for others to fill in."""
    if case.must_list:
        case.list_sandboxes()
    containers, memory, tools = case.containers(), case.memory, case.tools
    memory.note(containers, tools.clock)
    now = tools.clock.monotonic()
    due = tools.volumes.due_seconds(case.uid)
    is_stale = memory.volumes is not None and (memory.mounted != case.state() or (due is not None and due <= 0))
    return Facts(
        pod={**case.pod, "status": case.writer.known.get("status") or {}},
        seconds=now,
        sandboxes=case.sandboxes,
        containers=containers,
        ended_seconds={id: now - when for id, when in memory.ended.items()},
        busy=case.jobs.busy,
        troubles=case.jobs.troubles,
        ending=memory.ending,
        has_volumes=memory.volumes is not None,
        has_stale_volumes=is_stale,
        is_unmounted=memory.volumes is None and tools.volumes.is_clean(case.uid),
        is_gone=memory.is_gone,
        is_deleted=memory.is_deleted,
        backoffs=memory.backoffs,
    )
