"""Arguments and environment."""

import pytest

from tests.unit.engine.dockerfile.lines_of import one
from wherry.engine.dockerfile.errors import InvalidDockerfile
from wherry.engine.dockerfile.model import Arg, Env
from wherry.engine.dockerfile.parser import parse
from wherry.engine.dockerfile.resolve import resolved
from wherry.engine.dockerfile.scope import (
    DEFAULT_PATH,
    Globals,
    Scope,
    global_scope,
    platform_arguments,
    proxy_environment,
    unused,
)
from wherry.kit.errors import Invalid
from wherry.oci.platform import Platform


def after(scope: Scope, *texts: str, globals_: Globals | None = None) -> Scope:
    """The scope after some ARGs and ENVs."""
    for text in texts:
        instruction = one(text)
        if isinstance(instruction, Arg):
            scope, _ = scope.declaring(instruction, globals_ or Globals())
        else:
            assert isinstance(instruction, Env)
            scope = scope.defining(resolved(instruction, scope.lookup, "\\"))
    return scope


def test_global_arguments_see_those_before_them() -> None:
    file = parse("ARG A=1 B=${A}2\nARG C=$B-${D:-d}\nARG D\nFROM x")
    assert global_scope(file, {}, {}).values == {"A": "1", "B": "12", "C": "12-d"}
    assert global_scope(file, {"A": "9", "D": "z", "E": "e"}, {}).values == {"A": "9", "B": "92", "C": "92-d", "D": "z"}


def test_platforms_are_arguments() -> None:
    automatic = platform_arguments(Platform.parse("linux/amd64"), Platform.parse("linux/arm/v7"), "")
    assert automatic["BUILDPLATFORM"] == "linux/amd64"
    assert (
        automatic["TARGETPLATFORM"],
        automatic["TARGETOS"],
        automatic["TARGETARCH"],
        automatic["TARGETVARIANT"],
    ) == (
        "linux/arm/v7",
        "linux",
        "arm",
        "v7",
    )
    assert automatic["TARGETSTAGE"] == "default"
    file = parse("ARG T=$TARGETARCH\nFROM x")
    assert global_scope(file, {}, automatic).lookup("T") == "arm"
    assert global_scope(file, {"TARGETARCH": "mine"}, automatic).lookup("T") == "mine"


def test_a_default_is_read_only_when_it_is_needed() -> None:
    file = parse("ARG A=${B:?needed}\nFROM x")
    assert global_scope(file, {"A": "1"}, {}).lookup("A") == "1"
    with pytest.raises(InvalidDockerfile) as refused:
        global_scope(file, {}, {})
    assert refused.value.location == file.arguments[0].location


@pytest.mark.parametrize(
    ("texts", "values"),
    [
        (["ARG A"], {}),
        (["ARG A=1"], {"A": "1"}),
        (["ARG A=1 B=$A"], {"A": "1", "B": "1"}),
        (["ARG GLOBAL"], {"GLOBAL": "g"}),
        (["ARG GLOBAL=mine"], {"GLOBAL": "mine"}),
        (["ARG GIVEN"], {"GIVEN": "b"}),
        (["ARG GIVEN=default"], {"GIVEN": "b"}),
        (["ARG BOTH"], {"BOTH": "b"}),
        (["ENV A=1", "ENV A=2 B=$A"], {"A": "2", "B": "1"}),
        (["ARG A=1", "ENV A=2"], {"A": "2"}),
        (["ENV A=2", "ARG A=1"], {"A": "1"}),
        (["ARG A=1", "ENV A=${A:-x}y"], {"A": "1y"}),
        (["ENV A=1 B=2", "ENV A=3"], {"B": "2", "A": "3"}),
    ],
)
def test_what_a_stage_sees(texts: list[str], values: dict[str, str]) -> None:
    globals_ = Globals({"GLOBAL": "g", "BOTH": "g"}, {"GIVEN": "b", "BOTH": "b", "OTHER": "o"})
    scope = after(Scope(), *texts, globals_=globals_)
    assert scope.values == values
    assert list(scope.values) == list(values), "the order of RUN's environment"


def test_a_declared_argument_has_its_value() -> None:
    scope, arg = Scope().declaring(one("ARG A B=1 G"), Globals({"G": "g"}, {"A": "a"}))  # type: ignore[arg-type]
    assert [(argument.name, argument.default) for argument in arg.arguments] == [("A", "a"), ("B", "1"), ("G", "g")]
    assert scope.arguments == {"A": "a", "B": "1", "G": "g"}


def test_a_stage_begins_with_the_environment_of_its_base() -> None:
    scope = Scope().beginning(["A=1", "B", "C=x=y"])
    assert scope.values == {"A": "1", "B": "", "C": "x=y", "PATH": DEFAULT_PATH}
    assert Scope().beginning(["PATH=/bin"]).values == {"PATH": "/bin"}


def test_a_child_inherits_its_parents_arguments() -> None:
    parent = after(Scope().beginning([]), "ARG A=1", "ENV B=2")
    child = parent.beginning(["PATH=/x", "B=2"])
    assert (child.lookup("A"), child.lookup("B"), child.lookup("PATH")) == ("1", "2", "/x")
    assert child.arguments == {"A": "1"}


def test_proxies_are_there_in_both_cases() -> None:
    assert proxy_environment({"http_proxy": "a", "NO_PROXY": "b", "X": "c"}) == {
        "HTTP_PROXY": "a",
        "http_proxy": "a",
        "NO_PROXY": "b",
        "no_proxy": "b",
    }


def test_unused_build_arguments_are_named() -> None:
    file = parse("ARG A\nFROM x\nARG B=1 C\nFROM y\nARG D")
    given = ["D", "Z", "A", "C", "Y", "https_proxy", "SOURCE_DATE_EPOCH", "BUILDKIT_INLINE_CACHE", "TARGETOS"]
    assert unused(file, given) == ["Y", "Z"]


def test_null_characters_are_refused() -> None:
    with pytest.raises(Invalid, match="null character"):
        global_scope(parse("FROM x"), {"A": "\0"}, {})
    with pytest.raises(Invalid, match="null character"):
        Scope().beginning(["A=\0"])
