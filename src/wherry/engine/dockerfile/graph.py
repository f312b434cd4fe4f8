"""Which stages a target needs, and what they take from where. Pure.

Names are found as BuildKit finds them (frontend/dockerfile/dockerfile2llb/convert.go): FROM takes the latest stage of
that name before it, in its exact spelling; ``--from`` and the target take the last of the file, in any case; a named
build context hides both a stage and an image of its name; what is none of these is an image.
"""

import re
from collections.abc import Collection, Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

from wherry.engine.dockerfile.errors import InvalidDockerfile
from wherry.engine.dockerfile.model import Copy, Dockerfile, From, Instruction, Onbuild, Run, Stage
from wherry.engine.dockerfile.parser import parse_trigger
from wherry.engine.dockerfile.resolve import resolved
from wherry.engine.dockerfile.scope import Globals
from wherry.engine.dockerfile.suggest import suggestion
from wherry.engine.dockerfile.words import quoted
from wherry.kit.errors import Invalid
from wherry.oci.reference import Reference

SCRATCH = "scratch"


@dataclass(frozen=True, slots=True)
class StageSource:
    """Another stage, by its index in the file."""

    index: int


@dataclass(frozen=True, slots=True)
class ContextSource:
    """A named build context."""

    name: str


@dataclass(frozen=True, slots=True)
class ImageSource:
    """An image, as written: not checked yet, and not normalised."""

    reference: str


@dataclass(frozen=True, slots=True)
class ScratchSource:
    """Nothing at all."""


Source = StageSource | ContextSource | ImageSource | ScratchSource


@dataclass(frozen=True, slots=True)
class Edge:
    """What ``instruction`` of a stage takes from: a From, a Copy, or a Run (one edge a mount with ``from``)."""

    source: Source
    instruction: Instruction


@dataclass(frozen=True, slots=True)
class Node:
    """A stage to build. ``origin`` is its FROM with the arguments filled in.

    ``context``: the build context that replaces the stage, which then has neither instructions nor edges.
    ``triggers``: what a parent stage or the base image left it with ONBUILD, to be done before ``stage.instructions``.
    """

    stage: Stage
    origin: From
    base: Source
    triggers: tuple[Instruction, ...] = ()
    edges: tuple[Edge, ...] = ()
    context: ContextSource | None = None

    @property
    def instructions(self) -> tuple[Instruction, ...]:
        """All that is to be done after FROM, in order."""
        return () if self.context else (*self.triggers, *self.stage.instructions)

    def needs(self) -> frozenset[int]:
        """Indexes of the stages that must be there first."""
        return frozenset(edge.source.index for edge in self.edges if isinstance(edge.source, StageSource))


@dataclass(frozen=True, slots=True)
class Graph:
    """``nodes`` are those that the target needs, in the order of the file, which is an order to build them in."""

    target: int
    nodes: tuple[Node, ...]

    def node(self, index: int) -> Node:
        """The node of a stage that is needed."""
        return next(node for node in self.nodes if node.stage.index == index)


@dataclass(frozen=True, slots=True)
class Names:
    """What a name means. ``stages``: the names in the order of the file; empty where there is none."""

    stages: tuple[str, ...]
    contexts: frozenset[str]

    def base(self, name: str, index: int) -> Source:
        """In the FROM of stage ``index``."""
        before = [place for place, stage in enumerate(self.stages[:index]) if stage and stage == name]
        return StageSource(before[-1]) if before else self._other(name)

    def source(self, name: str) -> Source:
        """In ``--from`` of a mount."""
        places = [place for place, stage in enumerate(self.stages) if stage and stage == name.lower()]
        return StageSource(places[-1]) if places else self._other(name)

    def copy_source(self, name: str) -> Source:
        """In ``COPY --from``, which also takes a stage's number. Raises Invalid for one that is too high."""
        if re.fullmatch(r"[+-]?[0-9]{1,9}", name) is None:
            return self.source(name)
        if not 0 <= int(name) < len(self.stages):
            raise Invalid(f"invalid stage index {int(name)}")
        return StageSource(int(name))

    def _other(self, name: str) -> Source:
        contexts = [context for context in self.contexts if name == context or _same_image(name, context)]
        if contexts:
            return ContextSource(min(contexts))
        return ScratchSource() if name == SCRATCH else ImageSource(name)

    def edges(self, instructions: Iterable[Instruction]) -> Iterator[Edge]:
        """What the instructions of a stage take from. Raises InvalidDockerfile."""
        for one in instructions:
            try:
                yield from (Edge(source, one) for source in self._sources(one))
            except Invalid as error:
                raise InvalidDockerfile(error.message, one.location) from error

    def _sources(self, one: Instruction) -> list[Source]:
        if isinstance(one, Copy):
            return [self.copy_source(one.from_)] if one.from_ else []
        if isinstance(one, Run):
            return [self.source(flag.from_) for flag in one.mount_flags if flag.from_]
        return []


def _same_image(one: str, other: str) -> bool:
    """Whether two names are spellings of one image: ``alpine`` and ``docker.io/library/alpine:latest``."""
    try:
        return Reference.parse(one).tagged() == Reference.parse(other).tagged()
    except Invalid:
        return False


@dataclass(frozen=True, slots=True)
class Surroundings:
    """What a graph depends on besides the file. ``contexts``: names of build contexts.

    ``triggers``: of a stage's base image, by the stage's index. They may need stages that nothing else needs, and are
    known only when the image is: ask again when there are some.
    """

    globals: Globals = field(default_factory=Globals)
    contexts: Collection[str] = frozenset()
    triggers: Mapping[int, Sequence[Instruction]] = field(default_factory=dict)


def needed_stages(dockerfile: Dockerfile, target: str, surroundings: Surroundings) -> Graph:
    """The graph of ``target``: a stage's name or number, or empty for the last.

    Raises Invalid when there is no such stage, InvalidDockerfile for stages that need themselves or later ones.
    """
    names = Names(tuple(stage.name for stage in dockerfile.stages), frozenset(surroundings.contexts))
    nodes = _nodes(dockerfile, names, surroundings)
    _refuse_cycles(nodes, names)
    index = target_index(names.stages, target)
    reached = _reached(nodes, index)
    for place in sorted(reached):
        _refuse_later(nodes[place], names)
    return Graph(index, tuple(nodes[place] for place in sorted(reached)))


def target_index(stages: Sequence[str], target: str) -> int:
    """The stage that ``--target`` means; Invalid in BuildKit's words."""
    if not target:
        return len(stages) - 1
    places = [place for place, name in enumerate(stages) if name == target.lower()]
    if places:
        return places[-1]
    if re.fullmatch(r"[0-9]{1,9}", target) and int(target) < len(stages):
        return int(target)
    known = suggestion(target.lower(), filter(None, stages))
    raise Invalid(f"target stage {quoted(target)} could not be found{known}")


def _nodes(dockerfile: Dockerfile, names: Names, surroundings: Surroundings) -> list[Node]:
    nodes: list[Node] = []
    for stage in dockerfile.stages:
        origin = resolved(stage.origin, surroundings.globals.lookup, dockerfile.escape)
        base = names.base(origin.base, stage.index)
        if stage.name and stage.name in names.contexts:
            nodes.append(Node(stage, origin, base, context=ContextSource(stage.name)))
            continue
        inherited = _triggers(nodes[base.index], stage) if isinstance(base, StageSource) else ()
        triggers = (*surroundings.triggers.get(stage.index, ()), *inherited)
        edges = [Edge(base, origin), *names.edges((*triggers, *stage.instructions))]
        nodes.append(Node(stage, origin, base, triggers, tuple(edges)))
    return nodes


def _triggers(parent: Node, stage: Stage) -> tuple[Instruction, ...]:
    location = stage.origin.location
    return tuple(parse_trigger(one.trigger, location) for one in parent.instructions if isinstance(one, Onbuild))


def _reached(nodes: Sequence[Node], target: int) -> set[int]:
    reached: set[int] = set()
    waiting = [target]
    while waiting:
        index = waiting.pop()
        if index not in reached:
            reached.add(index)
            waiting += nodes[index].needs()
    return reached


def _refuse_later(node: Node, names: Names) -> None:
    """In the whole file no stage may need itself; a needed one may need only what stands before it."""
    for instruction, index in _later(node):
        verb = "copy" if isinstance(instruction, Copy) else "mount"
        needed, needing = _shown(index, names), _shown(node.stage.index, names)
        reason = f"it needs to be defined before current stage {quoted(needing)}"
        raise InvalidDockerfile(f"cannot {verb} from stage {quoted(needed)}, {reason}", instruction.location)


def _refuse_cycles(nodes: Sequence[Node], names: Names) -> None:
    """Only needs of later stages can close a cycle, so a file without any has none."""
    for node in nodes:
        for instruction, index in _later(node):
            if node.stage.index in _reached(nodes, index):
                name = _shown(node.stage.index, names)
                raise InvalidDockerfile(f"circular dependency detected on stage: {name}", instruction.location)


def _later(node: Node) -> list[tuple[Instruction, int]]:
    """What takes from stages that are not before this one, and from which."""
    taken = [(edge.instruction, edge.source.index) for edge in node.edges if isinstance(edge.source, StageSource)]
    return [(instruction, index) for instruction, index in taken if index >= node.stage.index]


def _shown(index: int, names: Names) -> str:
    return names.stages[index] or f"stage-{index}"
