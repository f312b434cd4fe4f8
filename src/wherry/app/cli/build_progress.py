"""How a build looks while it goes on: plain lines as BuildKit's, or a few lines of a terminal that change."""

import base64
import hashlib
import json
import shutil
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any, Protocol, TextIO

_SHOWN_LINES = 6


@dataclass(slots=True)
class Vertex:
    """A step as far as it was told. ``log`` is what its program wrote, in lines."""

    number: int
    name: str
    began: float = 0.0
    seconds: float = 0.0
    state: str = "waiting"
    log: list[str] = field(default_factory=list)
    rest: str = ""

    def take(self, text: str) -> list[str]:
        """New whole lines."""
        *lines, self.rest = (self.rest + text).replace("\r\n", "\n").split("\n")
        self.log += lines
        return lines

    def finish(self) -> list[str]:
        """The last line, when it had no end."""
        lines, self.rest = ([self.rest] if self.rest else []), ""
        self.log += lines
        return lines


class Progress(Protocol):
    """Takes the daemon's messages."""

    def take(self, message: Mapping[str, Any]) -> None: ...
    def close(self) -> None: ...


class Story:
    """What is known of all steps; the ways to show it share this."""

    def __init__(self) -> None:
        self.vertices: dict[int, Vertex] = {}
        self.failed: Vertex | None = None

    def take(self, message: Mapping[str, Any]) -> Vertex | None:
        """The step that a message is of, when that is to be shown."""
        if message.get("event") == "Planned":
            if message["name"]:
                self.vertices[message["vertex"]] = Vertex(message["vertex"] + 1, message["name"])
            return None
        vertex = self.vertices.get(message.get("vertex", -1))
        if vertex is None:
            return None
        match message["event"]:
            case "Began":
                vertex.began, vertex.state = time.monotonic(), "running"
            case "Ended":
                vertex.seconds, vertex.state = message["seconds"], "cached" if message["cached"] else "done"
            case "Failed":
                vertex.state, self.failed = "failed", vertex
        return vertex


def warned(message: Mapping[str, Any]) -> list[str]:
    """What may be wrong with the Dockerfile, of a message that says so."""
    return [f"WARNING: {message['rule']}: {message['message']}"] if message.get("event") == "Warned" else []


class PlainProgress:
    """A line for each thing that happens, with the step's number before it."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._story = Story()

    def take(self, message: Mapping[str, Any]) -> None:
        vertex = self._story.take(message)
        for line in warned(message) + exported(message):
            self._say(line)
        if vertex is None:
            return
        match message["event"]:
            case "Began":
                self._say(f"#{vertex.number} {vertex.name}")
            case "Output":
                for line in vertex.take(message["data"]):
                    self._line(vertex, line)
            case "Said":
                self._line(vertex, _said(message["document"]))
            case "Ended":
                for line in vertex.finish():
                    self._line(vertex, line)
                self._say(f"#{vertex.number} CACHED\n" if message["cached"] else self._done(vertex))
            case "Failed":
                for line in vertex.finish():
                    self._line(vertex, line)
                self._say(f"#{vertex.number} ERROR: {message['message']}\n")

    def _line(self, vertex: Vertex, line: str) -> None:
        self._say(f"#{vertex.number} {time.monotonic() - vertex.began:.3f} {line}")

    @staticmethod
    def _done(vertex: Vertex) -> str:
        return f"#{vertex.number} DONE {vertex.seconds:.1f}s\n"

    def _say(self, text: str) -> None:
        print(text, file=self._out, flush=True)

    def close(self) -> None:
        """What the failed step said last, so that nobody has to look for it."""
        print(failure(self._story), end="", file=self._out, flush=True)


class TerminalProgress:
    """Steps that are over, one line each; below them those that run, with what they said last. Warnings come last."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._story = Story()
        self._begin = time.monotonic()
        self._height = 0
        self._drawn = 0.0
        self._exported: list[str] = []
        self._warnings: list[str] = []

    def take(self, message: Mapping[str, Any]) -> None:
        vertex = self._story.take(message)
        self._exported += exported(message)
        self._warnings += warned(message)
        if vertex is not None and message["event"] == "Output":
            vertex.take(message["data"])
        over = message.get("event") in ("Ended", "Failed")
        if over or time.monotonic() - self._drawn > 0.05:
            self._draw()

    def _draw(self) -> None:
        self._drawn = time.monotonic()
        columns, rows = shutil.get_terminal_size()
        lines = [self._heading(), *self._lines(rows)]
        back = f"\x1b[{self._height}A" if self._height else ""
        body = "".join(f"\x1b[2K{line[: columns - 1]}\n" for line in lines)
        self._out.write(f"{back}{body}\x1b[J")
        self._out.flush()
        self._height = len(lines)

    def _heading(self) -> str:
        vertices = self._story.vertices.values()
        done = sum(vertex.state in ("done", "cached") for vertex in vertices)
        state = "FINISHED" if done == len(vertices) else ""
        return f"[+] Building {time.monotonic() - self._begin:.1f}s ({done}/{len(vertices)}) {state}".rstrip()

    def _lines(self, rows: int) -> list[str]:
        lines: list[str] = []
        for vertex in self._story.vertices.values():
            if vertex.state == "waiting":
                continue
            mark = {"cached": " => CACHED", "failed": " => ERROR"}.get(vertex.state, " =>")
            running = vertex.state == "running"
            seconds = time.monotonic() - vertex.began if running else vertex.seconds
            lines.append(f"{mark} {vertex.name}  {seconds:.1f}s")
            if running:
                lines += [f" => => # {line}" for line in vertex.log[-_SHOWN_LINES:]]
        return lines[-(rows - 2) :]

    def close(self) -> None:
        self._draw()
        self._out.write("".join(f" => {line}\n" for line in self._exported))
        self._out.write("".join(f"{line}\n" for line in self._warnings))
        self._out.write(failure(self._story))
        self._out.flush()


class QuietProgress:
    """Nothing, except what a failed step said."""

    def __init__(self, out: TextIO) -> None:
        self._out = out
        self._story = Story()

    def take(self, message: Mapping[str, Any]) -> None:
        vertex = self._story.take(message)
        if vertex is not None and message["event"] == "Output":
            vertex.take(message["data"])

    def close(self) -> None:
        print(failure(self._story), end="", file=self._out, flush=True)


def failure(story: Story) -> str:
    """The failed step and the end of its output, between rules; empty when none failed."""
    vertex = story.failed
    if vertex is None:
        return ""
    vertex.finish()
    body = "".join(f"{line}\n" for line in vertex.log[-20:])
    return f"------\n > {vertex.name}:\n{body}------\n"


def exported(message: Mapping[str, Any]) -> list[str]:
    """What was made, of the last message of a build that succeeded. (Events have results of steps.)"""
    if "event" in message or "result" not in message:
        return []
    result = message["result"]
    return [f"writing image {result['id']} done", *(f"naming to {tag} done" for tag in result["tags"])]


def _said(document: Mapping[str, Any]) -> str:
    return " ".join(str(document[name]) for name in ("id", "status", "progress") if document.get(name))


class RawProgress:
    """BuildKit's own messages (client.SolveStatus), a line each, for programs: compose reads them.

    ``name`` tells steps of several builds apart that share an output.
    """

    def __init__(self, out: TextIO, name: str = "") -> None:
        self._out = out
        self._name = name
        self._story = Story()

    def take(self, message: Mapping[str, Any]) -> None:
        vertex = self._story.take(message)
        if vertex is None:
            return
        event = message["event"]
        if event == "Output":
            log = {"vertex": self._digest(vertex), "stream": message["stream"], "timestamp": _now()}
            data = base64.b64encode(message["data"].encode()).decode()
            self._say({"logs": [{**log, "data": data}]})
        elif event in ("Began", "Ended", "Failed"):
            self._say({"vertexes": [self._vertex(vertex, message)]})

    def _vertex(self, vertex: Vertex, message: Mapping[str, Any]) -> dict[str, Any]:
        shown: dict[str, Any] = {"digest": self._digest(vertex), "name": self._shown(vertex), "started": _now()}
        if message["event"] != "Began":
            shown["completed"] = _now()
        if message["event"] == "Ended" and message["cached"]:
            shown["cached"] = True
        if message["event"] == "Failed":
            shown["error"] = message["message"]
        return shown

    def _shown(self, vertex: Vertex) -> str:
        return f"[{self._name} {vertex.name[1:]}" if self._name and vertex.name.startswith("[") else vertex.name

    def _digest(self, vertex: Vertex) -> str:
        return "sha256:" + hashlib.sha256(f"{self._name} {vertex.number} {vertex.name}".encode()).hexdigest()

    def _say(self, document: Mapping[str, Any]) -> None:
        self._out.write(json.dumps(document) + "\n")
        self._out.flush()

    def close(self) -> None:
        pass


def _now() -> str:
    return datetime.now(UTC).isoformat().replace("+00:00", "Z")


def progress(kind: str, out: TextIO | None = None, name: str = "") -> Progress:
    """``auto``, ``plain``, ``tty``, ``quiet`` or ``rawjson``, on standard error unless ``out`` says otherwise."""
    out = out or sys.stderr
    if kind == "rawjson":
        return RawProgress(out, name)
    if kind == "quiet":
        return QuietProgress(out)
    if kind == "tty" or (kind == "auto" and out.isatty()):
        return TerminalProgress(out)
    return PlainProgress(out)
