"""A container's log for a client: which run's it is, and the lines that are wanted (pkg/kubelet/kuberuntime/logs)."""

import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime
from pathlib import Path

from aiohttp import web

from wherry.engine.containers.changes import Changes, Look
from wherry.engine.containers.logs import LogLine, LogOptions, follow, read
from wherry.http.streams import closing, connection_of
from wherry.kit.errors import Invalid, NotFound
from wherry.kube.machinery import times
from wherry.kube.machinery.model import Object
from wherry.node.pods.lookup import ContainerPlace, PodLookup, PodPlace

_PIECE_BYTES = 32 << 10
_STATUSES = ("initContainerStatuses", "containerStatuses", "ephemeralContainerStatuses")
_PULLS = {
    "ErrImagePull": "image can't be pulled",
    "ImagePullBackOff": "trying and failing to pull image",
}


@dataclass(frozen=True, slots=True)
class Asked:
    """``limit_bytes`` None: all. ``lines``: see :class:`wherry.engine.containers.logs.LogOptions`."""

    lines: LogOptions
    previous: bool = False
    limit_bytes: int | None = None


def asked(query: Mapping[str, str], now_ns: int) -> Asked:
    """Raises Invalid."""
    stream = query.get("stream") or "All"
    if stream not in ("All", "Stdout", "Stderr"):
        raise Invalid(f'stream "{stream}" is none of All, Stdout, Stderr')
    tail, limit, seconds = (_number(query, name) for name in ("tailLines", "limitBytes", "sinceSeconds"))
    since = 0
    if seconds is not None:
        since = now_ns - seconds * 10**9
    elif query.get("sinceTime"):
        since = _nanoseconds(query["sinceTime"])
    lines = LogOptions(
        follow=query.get("follow") == "true",
        stdout=stream != "Stderr",
        stderr=stream != "Stdout",
        since_nanoseconds=since,
        timestamps=query.get("timestamps") == "true",
        tail=tail,
    )
    return Asked(lines, query.get("previous") == "true", limit)


def _number(query: Mapping[str, str], name: str) -> int | None:
    text = query.get(name, "")
    if not text:
        return None
    if not (text.isascii() and text.isdigit()) or len(text) > 18:
        raise Invalid(f'{name} "{text}" is no number')
    return int(text)


def _nanoseconds(text: str) -> int:
    try:
        return int(times.parse(text).timestamp()) * 10**9
    except ValueError as error:
        raise Invalid(str(error)) from error


@dataclass(frozen=True, slots=True)
class Run:
    """One run of a container. ``id`` is empty when it has ended already for good."""

    log: str
    id: str = ""


def run_of(place: PodPlace, container: str, previous: bool) -> Run:
    """Whose log is meant. Raises NotFound for no such container, Invalid with upstream's words when there is no log
    (pkg/kubelet/kubelet_pods.go: validateContainerLogStatus)."""
    name = place.pod["metadata"]["name"]
    found = place.containers.get(container)
    if found is None:
        raise NotFound(f'container "{container}" not found in pod "{name}"')
    if previous:
        if not found.previous_log:
            raise Invalid(f'previous terminated container "{container}" in pod "{name}" not found')
        return Run(found.previous_log)
    if found.log:
        return Run(found.log, found.id if found.running else "")
    if found.previous_log:
        return Run(found.previous_log)
    raise Invalid(f'container "{container}" in pod "{name}" {_why(place.pod, found)}')


def _why(pod: Object, found: ContainerPlace) -> str:
    """There is no log of it."""
    status = pod.get("status") or {}
    state = next(
        (
            each.get("state") or {}
            for part in _STATUSES
            for each in status.get(part) or ()
            if each["name"] == found.name
        ),
        None,
    )
    if state is not None and "terminated" in state:
        return "is terminated"
    reason = ((state or {}).get("waiting") or {}).get("reason") or found.waiting
    if not reason:
        return "is not available" if state is None else "is waiting to start - no logs yet"
    return f"is waiting to start: {_PULLS.get(reason, reason)}"


class Logs:
    """Reads logs; who follows one hears of changes at once."""

    def __init__(self, lookup: PodLookup) -> None:
        self._lookup = lookup
        self._changes = Changes()
        self._followed: dict[Path, int] = {}

    def wake(self) -> None:
        """Some container has changed its state: who follows it may be done."""
        for directory in self._followed:
            self._changes.wake(directory)

    def close(self) -> None:
        self._changes.close()

    async def answer(
        self, request: web.BaseRequest, place: PodPlace, container: str, asked: Asked
    ) -> web.StreamResponse:
        """Raises NotFound, Invalid, ConnectionError."""
        run = run_of(place, container, asked.previous)
        response = web.StreamResponse(headers={"Content-Type": "text/plain"})
        with connection_of(request).cancelled_by_loss():
            await response.prepare(request)
            out = _Out(response.write, asked)
            if asked.lines.follow and run.id:
                await self._follow(out, place, container, run)
            else:
                async with closing(read(Path(run.log), asked.lines)) as lines:
                    await out.all(lines)
            await response.write_eof()
        return response

    async def _follow(self, out: "_Out", place: PodPlace, container: str, run: Run) -> None:
        meta = place.pod["metadata"]

        def is_active() -> bool:
            now = self._lookup.place(meta["namespace"], meta["name"], place.uid)
            one = now.containers.get(container) if now is not None else None
            return one is not None and one.running and one.id == run.id

        path = Path(run.log)
        self._followed[path.parent] = self._followed.get(path.parent, 0) + 1
        try:
            with self._changes.watch(path.parent) as look:
                lines = follow(path, out.options, _Flushing(look, out.flush), is_active)
                async with closing(lines) as open_lines:
                    await out.all(open_lines)
        finally:
            self._followed[path.parent] -= 1
            if not self._followed[path.parent]:
                del self._followed[path.parent]


class _Flushing(Look):
    """What has been gathered goes out before anybody waits."""

    def __init__(self, look: Look, flush: Callable[[], Awaitable[None]]) -> None:
        self._look = look
        self._flush = flush

    async def changed(self) -> None:
        await self._flush()
        await self._look.changed()


class _Out:
    """Lines on their way, many at a time."""

    def __init__(self, write: Callable[[bytes], Awaitable[None]], asked: Asked) -> None:
        self.options = asked.lines
        self._write = write
        self._left = asked.limit_bytes
        self._gathered: list[bytes] = []
        self._size = 0

    async def all(self, lines: AsyncIterator[LogLine]) -> None:
        async for line in lines:
            self._add(line)
            if self._size >= _PIECE_BYTES:
                await self.flush()
            if self._left == 0:
                break
        await self.flush()

    def _add(self, line: LogLine) -> None:
        data = line.data
        if self.options.timestamps:
            data = stamp(line.time_nanoseconds).encode() + b" " + data
        if self._left is not None:
            data = data[: self._left]
            self._left -= len(data)
        self._gathered.append(data)
        self._size += len(data)

    async def flush(self) -> None:
        if self._gathered:
            data = b"".join(self._gathered)
            self._gathered, self._size = [], 0
            await self._write(data)


def stamp(nanoseconds: int) -> str:
    """``2026-01-02T03:04:05.000000006Z``: always nine figures, as the kubelet writes them."""
    seconds, rest = divmod(nanoseconds, 10**9)
    return f"{datetime.fromtimestamp(seconds, UTC).replace(tzinfo=None).isoformat()}.{rest:09d}Z"


def now_ns() -> int:
    return time.time_ns()
