"""A build as Docker's classic builder tells it: steps in the order of the file, whatever order they ran in."""

from collections import defaultdict
from collections.abc import Callable, Mapping
from typing import Any

from wherry.engine.build.model import Began, BuildFailed, Ended, Event, Failed, Output, Planned, Said, Warned

_RED, _PLAIN = "\x1b[91m", "\x1b[0m"
"""Around what a step writes to standard error (moby, pkg/streamformatter)."""

Send = Callable[[Mapping[str, Any]], None]


class ClassicStream:
    """Turns events into messages. What a later step says waits until all before it have ended.

    ``quiet``: only the image's id, and errors.
    """

    def __init__(self, send: Send, quiet: bool = False) -> None:
        self._send = (lambda message: None) if quiet else send
        self._plain = send
        self._quiet = quiet
        self._planned: dict[int, Planned] = {}
        self._waiting: dict[int, list[Event]] = defaultdict(list)
        self._current = 0

    def tell(self, event: Event) -> None:
        """Take an event; never raises."""
        if isinstance(event, Planned):
            self._planned[event.vertex] = event
            return
        if isinstance(event, Warned):
            self._say(f"[Warning] {event.message}\n")
            return
        self._waiting[event.vertex].append(event)
        self._flush()

    def _flush(self) -> None:
        while self._waiting[self._current]:
            for event in self._waiting.pop(self._current):
                self._show(event)
                if isinstance(event, Ended):
                    self._current += 1

    def _show(self, event: Event) -> None:
        match event:
            case Began(vertex):
                plan = self._planned[vertex]
                if plan.total:
                    self._say(f"Step {plan.position}/{plan.total} : {plan.text}")
                    self._say("\n")
            case Output(_, stream, data):
                text = data.decode("utf-8", "replace")
                self._say(text if stream == 1 else f"{_RED}{text}{_PLAIN}")
            case Said(_, document):
                self._send(document)
            case Ended(_, cached, result):
                if cached:
                    self._say(" ---> Using cache\n")
                self._say(f" ---> {result}\n")

    def _say(self, text: str) -> None:
        self._send({"stream": text})

    def finished(self, image_id: str, tags: list[str]) -> None:
        """The build has succeeded."""
        if self._quiet:
            self._plain({"stream": f"{image_id}\n"})
            return
        self._send({"aux": {"ID": image_id}})
        self._say(f"Successfully built {image_id.removeprefix('sha256:')[:12]}\n")
        for tag in tags:
            self._say(f"Successfully tagged {tag}\n")

    def failed(self, message: str, failure: BuildFailed | None = None) -> None:
        """The build has failed. What steps said that are out of order comes first: it may say why."""
        for vertex in sorted(self._waiting):
            for event in self._waiting[vertex]:
                if isinstance(event, Began | Output | Failed):
                    self._show(event)
        code, text = 1, message
        if failure is not None and failure.command:
            code = failure.code
            text = f"The command '{failure.command}' returned a non-zero code: {failure.code}"
        if failure is not None and failure.excerpt:
            self._say(f"{failure.excerpt}\n")
        self._plain({"errorDetail": {"code": code, "message": text}, "error": text})
