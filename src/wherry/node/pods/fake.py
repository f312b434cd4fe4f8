"""A runtime that runs nothing: for tests, and for the nodes of ``wherry simulate``.

Containers start and run until they are stopped; init containers end well at once. Annotations of the pod say otherwise:
``fake.wherry.dev/run-seconds`` and ``fake.wherry.dev/exit-code`` for regular containers, or ``….NAME`` for one of them,
and likewise ``fake.wherry.dev/start-seconds`` and ``fake.wherry.dev/stop-seconds``, how long that takes.
A test can also say it by :attr:`FakeRuntime.behave`, and end what runs by :meth:`FakeRuntime.exit`.
"""

import itertools
from collections import deque
from collections.abc import Callable, Mapping, MutableSequence, Sequence
from dataclasses import dataclass, replace

from wherry.kit.errors import Invalid, NotFound, Unavailable, Unsupported, WherryError
from wherry.kube.client.clock import Clock, Timer
from wherry.node.pods.composing.containers import FAKE, ROLE
from wherry.node.pods.runtime import (
    AsyncContextManagerOfStreams,
    Container,
    ContainerSpec,
    Credentials,
    Executed,
    ImageStatus,
    Limits,
    Sandbox,
    SandboxSpec,
    State,
    Usage,
)
from wherry.node.pods.view import Role

_KILLED = 137


@dataclass(frozen=True, slots=True)
class Behaviour:
    """Of a container. ``run_seconds`` None: until it is stopped, which takes ``stop_seconds`` and then has exit code
    ``stopped_code``; longer than the grace period and it is killed. ``start_seconds``: until it runs at all;
    ``start_error``: it does not."""

    run_seconds: float | None = None
    exit_code: int = 0
    stop_seconds: float = 0.0
    stopped_code: int = 0
    start_error: str = ""
    start_seconds: float = 0.0


@dataclass(frozen=True, slots=True)
class Found:
    """A pod as it was left: its sandbox, and its containers with what they are. See :meth:`FakeRuntime.find`."""

    sandbox: Sandbox
    containers: Sequence[tuple[Container, ContainerSpec]] = ()


@dataclass(frozen=True, slots=True)
class Addresses:
    """Of sandboxes: a different one for each that is there, ``third`` and ``second`` being the middle bytes of the
    node's own."""

    second: int = 0
    third: int = 0

    def number(self, count: int) -> str:
        second, third, fourth = self.second, self.third + count // 250, count % 250 + 2
        return f"10.{(second + third // 256) % 256}.{third % 256}.{fourth}"


class FakeRuntime:
    """All in memory; a test keeps it, and gives it to the next agent. ``calls`` are what was asked for, in order,
    unless it ``forgets`` them; ``fault`` may raise for any of it before it is done. ``ids``: of sandboxes and
    containers."""

    def __init__(
        self, clock: Clock, addresses: Addresses | None = None, *, ids: Callable[[], str] | None = None,
        forgets: bool = False,
    ) -> None:  # fmt: skip
        self.calls: MutableSequence[tuple[str, ...]] = deque(maxlen=0) if forgets else []
        self.specs: dict[str, ContainerSpec] = {}
        self.limits: dict[str, Limits] = {}
        self.missing: set[str] = set()
        """Images that are neither here nor in a registry."""
        self.pulled: set[str] = set()
        """Images that are here already; with ``has_all_images`` every one is."""
        self.has_all_images = True
        self.user = ""
        """Of all images."""
        self.behave: Callable[[ContainerSpec], Behaviour] = behaviour
        self.answer: Callable[[Container, Sequence[str]], Executed] = lambda container, command: Executed(0, b"")
        self.fault: Callable[[tuple[str, ...]], WherryError | None] = lambda call: None
        self._clock = clock
        self._addresses = addresses or Addresses()
        numbers = itertools.count(1)
        self._id = ids or (lambda: f"{next(numbers):08x}")
        self._sandboxes: dict[str, Sandbox] = {}
        self._containers: dict[str, Container] = {}
        self._of: dict[str, list[str]] = {}
        self._timers: dict[str, Timer] = {}
        self._listeners: list[Callable[[str], None]] = []

    # What tests do

    def exit(self, container: str, code: int, reason: str = "") -> None:
        """It ends by itself."""
        self._end(container, code, reason)

    def lose(self, sandbox: str) -> None:
        """As when the machine was started again: nothing of it runs any more."""
        for id in self._of.get(sandbox, ()):
            if self._containers[id].state is State.RUNNING:
                self._end(id, 255, "Unknown")
        self._sandboxes[sandbox] = replace(self._sandboxes[sandbox], ready=False)
        self._tell(sandbox)

    def find(self, found: Found) -> None:
        """It is here, as if this runtime had always had it: what runs goes on from when it was started."""
        sandbox = found.sandbox
        self._sandboxes[sandbox.id] = sandbox
        self._of[sandbox.id] = [run.id for run, _ in found.containers]
        for run, spec in found.containers:
            self._containers[run.id], self.specs[run.id] = run, spec
            if run.state is State.RUNNING:
                self._await_end(run, self.behave(spec))

    # What a runtime does

    def sandboxes(self, pod: str = "") -> Sequence[Sandbox]:
        return [each for each in self._sandboxes.values() if pod in ("", each.spec.uid)]

    def containers(self, sandbox: str = "") -> Sequence[Container]:
        if not sandbox:
            return list(self._containers.values())
        return [self._containers[id] for id in self._of.get(sandbox, ())]

    def subscribe(self, changed: Callable[[str], None]) -> Callable[[], None]:
        self._listeners.append(changed)
        return lambda: self._listeners.remove(changed)

    async def ensure_image(self, reference: str, pull: bool, credentials: Sequence[Credentials] = ()) -> ImageStatus:
        self._call("ensure_image", reference)
        if reference in self.missing:
            raise NotFound(f"failed to resolve reference {reference}: not found")
        self.pulled.add(reference)
        return self._image(reference)

    def image(self, reference: str) -> ImageStatus | None:
        if reference in self.missing or not (self.has_all_images or reference in self.pulled):
            return None
        return self._image(reference)

    def _image(self, reference: str) -> ImageStatus:
        name = reference.partition("@")[0]
        return ImageStatus(f"sha256:{name}", f"{name}@sha256:{'0' * 64}", (reference,), 1 << 20, self.user, True)

    def images(self) -> Sequence[ImageStatus]:
        return [self._image(each) for each in sorted(self.pulled)]

    async def remove_image(self, image: str) -> None:
        self._call("remove_image", image)
        self.pulled = {each for each in self.pulled if self._image(each).id != image}

    async def start_sandbox(self, spec: SandboxSpec) -> Sandbox:
        self._call("start_sandbox", spec.name, str(spec.attempt))
        for known in self._sandboxes.values():
            if (known.spec.uid, known.spec.attempt) == (spec.uid, spec.attempt):
                return known
        id = f"s{self._id()}"
        ips = () if spec.host_network else (self._free_address(),)
        self._sandboxes[id] = Sandbox(id, spec, self._now_ns(), ips)
        self._of[id] = []
        self._tell(id)
        return self._sandboxes[id]

    async def stop_sandbox(self, sandbox: str) -> None:
        self._call("stop_sandbox", self._pod(sandbox))
        for id in self._of.get(sandbox, ()):
            if self._containers[id].state is State.RUNNING:
                self._end(id, _KILLED, "Error")
        known = self._sandboxes.get(sandbox)
        if known is not None:
            self._sandboxes[sandbox] = replace(known, ready=False, ips=())
            self._tell(sandbox)

    async def set_sandbox_limits(self, sandbox: str, limits: Limits) -> None:
        self._call("set_sandbox_limits", self._pod(sandbox))
        self.limits[sandbox] = limits
        known = self._sandboxes[sandbox]
        self._sandboxes[sandbox] = replace(known, spec=replace(known.spec, limits=limits))

    async def remove_sandbox(self, sandbox: str) -> None:
        self._call("remove_sandbox", self._pod(sandbox))
        for id in self._of.pop(sandbox, []):
            self._forget(id)
        if self._sandboxes.pop(sandbox, None) is not None:
            self._tell(sandbox)

    async def create_container(self, sandbox: str, spec: ContainerSpec) -> str:
        self._call("create_container", spec.name, str(spec.attempt))
        if sandbox not in self._sandboxes:
            raise NotFound(f"no sandbox {sandbox}")
        if not self._sandboxes[sandbox].ready:
            raise Unavailable(f"sandbox {sandbox} is not ready")
        id = f"c{self._id()}"
        self.specs[id] = spec
        self._containers[id] = Container(
            id=id, sandbox=sandbox, name=spec.name, attempt=spec.attempt, state=State.CREATED, image=spec.image,
            image_reference=self._image(spec.image.removeprefix("sha256:")).reference, created_ns=self._now_ns(),
            labels=spec.labels, annotations=spec.annotations, log=f"/fake/{id}.log",
        )  # fmt: skip
        self._of[sandbox].append(id)
        self._tell(sandbox)
        return id

    async def start_container(self, container: str) -> None:
        known = self._get(container)
        self._call("start_container", known.name, str(known.attempt))
        if known.state is not State.CREATED:
            return
        does = self.behave(self.specs[container])
        if does.start_error:
            self._end(container, 128, "StartError", does.start_error)
            raise Invalid(does.start_error)
        if does.start_seconds > 0:
            await self._clock.sleep(does.start_seconds)
            if self._get(container).state is not State.CREATED:
                return
        run = self._containers[container] = replace(known, state=State.RUNNING, started_ns=self._now_ns(), pid=1)
        self._await_end(run, does)
        self._tell(known.sandbox)

    def _await_end(self, run: Container, does: Behaviour) -> None:
        if does.run_seconds is not None:
            left = does.run_seconds - (self._now_ns() - run.started_ns) / 1e9
            self._timers[run.id] = self._clock.call_later(left, lambda: self._end(run.id, does.exit_code))

    async def stop_container(self, container: str, grace_seconds: float, signal: str = "") -> None:
        known = self._get(container)
        self._call("stop_container", known.name, f"{grace_seconds:g}", signal)
        if known.state is not State.RUNNING:
            return
        does = self.behave(self.specs[container])
        if does.stop_seconds > 0:
            await self._clock.sleep(min(does.stop_seconds, grace_seconds))
        was_killed = does.stop_seconds > grace_seconds
        self._end(container, _KILLED if was_killed else does.stopped_code)

    async def remove_container(self, container: str) -> None:
        known = self._containers.get(container)
        self._call("remove_container", known.name if known else container)
        if known is not None:
            self._of[known.sandbox].remove(container)
            self._forget(container)
            self._tell(known.sandbox)

    async def execute(self, container: str, command: Sequence[str], timeout_seconds: float) -> Executed:
        known = self._get(container)
        self._call("execute", known.name, *command)
        if known.state is not State.RUNNING:
            raise Unavailable(f"container {known.name} is not running")
        return self.answer(known, command)

    async def set_limits(self, container: str, limits: Limits) -> None:
        self._call("set_limits", self._get(container).name)
        self.limits[container] = limits

    def usage(self, container: str) -> Usage | None:
        known = self._containers.get(container)
        if known is None or known.state is not State.RUNNING:
            return None
        now = self._now_ns()
        return Usage((now - known.started_ns) // 1000, 1 << 20, now, 1)

    def open_exec(self, container: str, command: Sequence[str], tty: bool, stdin: bool) -> AsyncContextManagerOfStreams:
        raise Unsupported("a simulated container has no processes")

    def open_attach(self, container: str, stdin: bool) -> AsyncContextManagerOfStreams:
        raise Unsupported("a simulated container has no processes")

    async def connect(self, sandbox: str, port: int) -> int:
        raise Unavailable(f"nothing listens on port {port} of a simulated pod")

    # Inside

    def _call(self, *call: str) -> None:
        self.calls.append(call)
        error = self.fault(call)
        if error is not None:
            raise error

    def _free_address(self) -> str:
        """The first that nothing has: one that a node has given back is given again."""
        taken = {each for sandbox in self._sandboxes.values() for each in sandbox.ips}
        return next(each for each in map(self._addresses.number, itertools.count()) if each not in taken)

    def _pod(self, sandbox: str) -> str:
        known = self._sandboxes.get(sandbox)
        return known.spec.name if known else sandbox

    def _get(self, container: str) -> Container:
        known = self._containers.get(container)
        if known is None:
            raise NotFound(f"no container {container}")
        return known

    def _now_ns(self) -> int:
        return int(self._clock.now().timestamp() * 1_000_000) * 1000

    def _end(self, container: str, code: int, reason: str = "", message: str = "") -> None:
        known = self._containers.get(container)
        if known is None or known.state is State.EXITED:
            return
        timer = self._timers.pop(container, None)
        if timer is not None:
            timer.cancel()
        self._containers[container] = replace(
            known, state=State.EXITED, finished_ns=self._now_ns(), exit_code=code, pid=0, message=message,
            reason=reason or ("Error" if code else "Completed"),
        )  # fmt: skip
        self._tell(known.sandbox)

    def _forget(self, container: str) -> None:
        timer = self._timers.pop(container, None)
        if timer is not None:
            timer.cancel()
        self._containers.pop(container, None)
        self.specs.pop(container, None)

    def _tell(self, sandbox: str) -> None:
        for listener in tuple(self._listeners):
            listener(sandbox)


def behaviour(spec: ContainerSpec) -> Behaviour:
    """As the annotations have it."""
    if spec.annotations.get(ROLE) == Role.INIT.name:
        return Behaviour(run_seconds=0.0)
    names = ("run-seconds", "exit-code", "start-seconds", "stop-seconds")
    run, code, start, stop = (_own(spec.annotations, each, spec.name) for each in names)
    try:
        seconds = float(run) if run else (0.0 if code else None)
        return Behaviour(seconds, int(code or 0), float(stop or 0), start_seconds=float(start or 0))
    except ValueError:
        return Behaviour()


def _own(annotations: Mapping[str, str], what: str, name: str) -> str:
    return annotations.get(f"{FAKE}{what}.{name}") or annotations.get(f"{FAKE}{what}") or ""
