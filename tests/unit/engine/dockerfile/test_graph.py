"""Which stages are needed."""

import pytest

from tests.unit.engine.dockerfile.lines_of import one
from wherry.engine.dockerfile.errors import InvalidDockerfile
from wherry.engine.dockerfile.graph import (
    ContextSource,
    Graph,
    ImageSource,
    ScratchSource,
    StageSource,
    Surroundings,
    needed_stages,
)
from wherry.engine.dockerfile.model import Copy, Run
from wherry.engine.dockerfile.parser import parse
from wherry.engine.dockerfile.scope import Globals
from wherry.kit.errors import Invalid


def graph(text: str, target: str = "", *contexts: str, **values: str) -> Graph:
    return needed_stages(parse(text), target, Surroundings(Globals(values), frozenset(contexts)))


def indexes(found: Graph) -> list[int]:
    return [node.stage.index for node in found.nodes]


@pytest.mark.parametrize(
    ("text", "target", "needed"),
    [
        ("FROM a", "", [0]),
        ("FROM a\nFROM b", "", [1]),
        ("FROM a AS x\nFROM b AS y\nFROM x", "", [0, 2]),
        ("FROM a AS x\nFROM b AS y\nFROM x", "y", [1]),
        ("FROM a AS x\nFROM b AS y\nFROM x", "Y", [1]),
        ("FROM a AS x\nFROM b AS y\nFROM x", "1", [1]),
        ("FROM a AS x\nFROM b\nCOPY --from=X /a /b", "", [0, 1]),
        ("FROM a AS x\nFROM b AS y\nFROM c\nCOPY --from=1 /a /b", "", [1, 2]),
        ("FROM a AS x\nFROM b\nRUN --mount=from=x,target=/x y", "", [0, 1]),
        ("FROM a AS x\nFROM b\nRUN --mount=type=cache,from=x,target=/x y", "", [0, 1]),
        ("FROM a AS x\nFROM x AS y\nFROM y\nFROM y", "", [0, 1, 3]),
        ("FROM a AS x\nFROM b\nCOPY --from=x:1 /a /b", "", [1]),
        ("FROM a AS x\nONBUILD COPY --from=z /a /b\nFROM b AS z\nFROM x", "", [0, 1, 2]),
        ("FROM a AS x\nFROM b AS x\nFROM x", "", [1, 2]),
        ("FROM a AS x\nFROM x AS x\nFROM c\nCOPY --from=x /a /b", "", [0, 1, 2]),
    ],
)
def test_only_what_the_target_needs_is_built(text: str, target: str, needed: list[int]) -> None:
    assert indexes(graph(text, target)) == needed


def test_a_base_is_a_stage_an_image_or_nothing() -> None:
    found = graph(
        "FROM scratch AS x\nFROM x AS y\nFROM $IMAGE\nCOPY --from=y / /\nCOPY --from=img:1 / /", IMAGE="busybox"
    )
    assert [node.base for node in found.nodes] == [ScratchSource(), StageSource(0), ImageSource("busybox")]
    assert found.node(2).origin.base == "busybox"
    assert [edge.source for edge in found.node(2).edges] == [
        ImageSource("busybox"),
        StageSource(1),
        ImageSource("img:1"),
    ]
    assert found.node(2).needs() == {1}
    assert found.target == 2


def test_each_mount_is_an_edge() -> None:
    found = graph(
        "FROM a AS x\nFROM b AS y\nFROM c\nRUN --mount=from=x,dst=/x --mount=type=cache,dst=/c --mount=from=y,dst=/y z"
    )
    edges = found.node(2).edges[1:]
    assert [edge.source for edge in edges] == [StageSource(0), StageSource(1)]
    assert all(isinstance(edge.instruction, Run) for edge in edges)


def test_a_stage_is_not_spelt_in_another_case() -> None:
    assert graph("FROM a AS base\nFROM BASE").node(1).base == ImageSource("BASE")


def test_contexts_come_before_images_and_stages() -> None:
    text = "FROM a AS x\nRUN y\nFROM alpine:latest AS z\nCOPY --from=x / /\nCOPY --from=files / /"
    found = graph(text, "", "x", "files", "alpine")
    assert found.node(1).base == ContextSource("alpine")
    assert found.node(0).context == ContextSource("x")
    assert found.node(0).instructions == ()
    assert [edge.source for edge in found.node(1).edges] == [
        ContextSource("alpine"),
        StageSource(0),
        ContextSource("files"),
    ]


def test_triggers_of_a_parent_stage_come_first() -> None:
    found = graph("FROM a AS x\nONBUILD COPY a /b\nONBUILD RUN c\nFROM x AS y\nRUN d\nFROM y")
    assert [type(each) for each in found.node(1).instructions] == [Copy, Run, Run]
    assert found.node(1).triggers[0].location == found.node(1).origin.location
    assert found.node(2).triggers == (), "grandchildren never see them"


def test_triggers_of_a_base_image_may_need_more_stages() -> None:
    file = parse("FROM a AS x\nFROM b")
    assert indexes(needed_stages(file, "", Surroundings())) == [1]
    found = needed_stages(file, "", Surroundings(triggers={1: [one("COPY --from=x / /")]}))
    assert indexes(found) == [0, 1]
    assert [type(each) for each in found.node(1).instructions] == [Copy]


@pytest.mark.parametrize(
    ("text", "target", "message"),
    [
        ("FROM a AS base", "bsae", 'target stage "bsae" could not be found (did you mean base?)'),
        ("FROM a", "7", 'target stage "7" could not be found'),
        ("FROM a AS x\nCOPY --from=x / /", "", "circular dependency detected on stage: x"),
        ("FROM a\nCOPY --from=0 / /", "", "circular dependency detected on stage: stage-0"),
        (
            "FROM a AS x\nRUN --mount=from=y,target=/y z\nFROM x AS y",
            "",
            "circular dependency detected on stage: x",
        ),
        (
            "FROM a AS x\nCOPY --from=y / /\nFROM b AS y",
            "x",
            'cannot copy from stage "y", it needs to be defined before current stage "x"',
        ),
        (
            "FROM a\nRUN --mount=from=y,target=/y z\nFROM b AS y",
            "0",
            'cannot mount from stage "y", it needs to be defined before current stage "stage-0"',
        ),
        ("FROM a\nCOPY --from=5 / /", "", "invalid stage index 5"),
        ("FROM $NONE", "", "base name ($NONE) should not be blank"),
    ],
)
def test_nonsense_is_refused(text: str, target: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        graph(text, target)
    assert refused.value.message == message


def test_a_later_stage_matters_only_where_it_is_needed() -> None:
    assert indexes(graph("FROM a AS x\nCOPY --from=y / /\nFROM b AS y")) == [1]


def test_a_refusal_has_its_place() -> None:
    with pytest.raises(InvalidDockerfile) as refused:
        graph("FROM a AS x\nCOPY --from=x / /")
    assert refused.value.location is not None
    assert refused.value.location.first_line == 2
