"""One build under way: what all its stages share, and how it is told."""

import asyncio
import os
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from wherry.engine.build.around import Engine, Imported, Report, Wanted
from wherry.engine.build.cache import CachedLayer
from wherry.engine.build.context import Context
from wherry.engine.build.model import Began, BuildFailed, Ended, Failed, Options, Planned, Said, Tell
from wherry.engine.build.state import State
from wherry.engine.dockerfile.errors import InvalidDockerfile, excerpt
from wherry.engine.dockerfile.graph import Graph, Names, Node
from wherry.engine.dockerfile.model import Add, Copy, Dockerfile, From, Instruction, Location, Run, Workdir
from wherry.engine.dockerfile.scope import Globals
from wherry.engine.images.model import Image
from wherry.engine.images.sweep import Work
from wherry.kit.errors import Invalid, WherryError
from wherry.oci.platform import Platform

_STEPS = (From, Run, Copy, Add, Workdir)


@dataclass(frozen=True, slots=True)
class Setting:
    """What is settled before the first step. ``now_seconds``: when the build began."""

    dockerfile: Dockerfile
    dockerfile_name: str
    options: Options
    globals: Globals
    names: Names
    platform: Platform
    now_seconds: int


class Vertices:
    """Numbers the steps of a build and tells of them."""

    def __init__(self, tell: Tell) -> None:
        self._tell = tell
        self._numbers: dict[tuple[int, int], int] = {}

    def plan(self, graph: Graph) -> None:
        """Tell of all steps to come, in the order of the file."""
        total = sum(1 + len(node.instructions) for node in graph.nodes)
        for node in graph.nodes:
            steps = [one for one in (node.origin, *node.instructions) if isinstance(one, _STEPS)]
            place = 0
            for index, one in enumerate((node.origin, *node.instructions)):
                number = len(self._numbers)
                self._numbers[node.stage.index, index] = number
                place += isinstance(one, _STEPS)
                name = f"[{_label(node, len(graph.nodes))}{place}/{len(steps)}] {text_of(one)}"
                shown = name if isinstance(one, _STEPS) else ""
                self._tell(Planned(number, shown, text_of(one), number + 1, total))

    def number(self, stage: int, index: int) -> int:
        """Of an instruction: 0 is FROM."""
        return self._numbers[stage, index]

    def extra(self, name: str) -> int:
        """A step that no instruction stands for (loading a context, exporting)."""
        number = len(self._numbers)
        self._numbers[-1, number] = number
        self._tell(Planned(number, name, "", 0, 0))
        return number


def _label(node: Node, stages: int) -> str:
    if node.stage.name:
        return f"{node.stage.name} "
    return f"stage-{node.stage.index} " if stages > 1 else ""


def text_of(instruction: Instruction) -> str:
    """An instruction on one line."""
    lines = instruction.location.text.split("\n")
    if len(lines) > 1 and not lines[0].rstrip().endswith(("\\", "`")):
        return f"{lines[0].strip()} ({len(lines) - 2} lines)" if "<<" in lines[0] else lines[0].strip()
    return " ".join(line.rstrip("\\` \t").strip() for line in lines if not line.lstrip().startswith("#"))


@dataclass(slots=True)
class Job:
    """``stages`` are under way or done, by index. ``slots`` bounds how many steps work at a time.

    ``made``: key → what that step made, now or earlier. ``imported``: what steps made elsewhere.
    """

    engine: Engine
    setting: Setting
    work: Work
    tell: Tell
    vertices: Vertices
    scratch: Path
    contexts: dict[str, Context] = field(default_factory=dict)
    stages: dict[int, "asyncio.Task[State]"] = field(default_factory=dict)
    bases: dict[tuple[str, str], Image] = field(default_factory=dict)
    made: dict[str, CachedLayer] = field(default_factory=dict)
    imported: Imported = field(default_factory=Imported)
    slots: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(os.cpu_count() or 1))

    @property
    def options(self) -> Options:
        return self.setting.options

    async def base_image(self, reference: str, platform: Platform, report: Report) -> Image:
        """The image of a FROM; asked for once in a build, so that all stages stand on the same."""
        asked = (reference, str(platform))
        async with self.engine.turns.of(f"base {asked}"):
            if asked not in self.bases:
                wanted = Wanted(reference, platform, self.options.pull, self.options.credentials)
                self.bases[asked] = await self.engine.base.image(wanted, report)
        return self.bases[asked]

    async def stage(self, index: int) -> State:
        """The end of another stage."""
        return await asyncio.shield(self.stages[index])

    def context(self, name: str = "") -> Context:
        """The build's own context, or a named one. Invalid when there is none."""
        found = self.contexts.get(name)
        if found is None:
            raise Invalid("this build has no context: files cannot be copied from it")
        return found

    @contextmanager
    def telling(self, vertex: int, location: Location) -> Iterator["Telling"]:
        """Tell of a step's beginning and end; failures get their place in the Dockerfile."""
        telling = Telling(self.tell, vertex)
        telling.begin()
        try:
            yield telling
        except BuildFailed as failure:
            failure.excerpt = failure.excerpt or self._excerpt(location)
            self.tell(Failed(vertex, failure.message))
            raise
        except WherryError as error:
            place = (error.location if isinstance(error, InvalidDockerfile) else None) or location
            self.tell(Failed(vertex, error.message))
            raise BuildFailed(error.message, self._excerpt(place)) from error
        telling.end()

    def _excerpt(self, location: Location) -> str:
        return excerpt(self.setting.dockerfile.source, location, self.setting.dockerfile_name)


class Telling:
    """The story of one step."""

    def __init__(self, tell: Tell, vertex: int) -> None:
        self._tell = tell
        self._began = 0.0
        self.vertex = vertex
        self.cached = False
        self.result = ""

    def begin(self) -> None:
        self._began = time.monotonic()
        self._tell(Began(self.vertex))

    def end(self) -> None:
        self._tell(Ended(self.vertex, self.cached, self.result, time.monotonic() - self._began))

    def say(self, document: Mapping[str, object]) -> None:
        self._tell(Said(self.vertex, document))
