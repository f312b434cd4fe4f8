"""Bake files: what is to be built, from what, in which order."""

import json
from typing import Any

import pytest

from wherry.app.buildx.bake import flags_of, generations, parse, wanted


def definition(**targets: dict[str, Any]) -> str:
    return json.dumps({"target": targets})


def test_a_target_inherits_and_is_overridden() -> None:
    text = definition(
        base={"args": {"A": "1", "B": "1"}, "tags": ["x"]}, app={"inherits": ["base"], "args": {"B": "2"}}
    )
    found = parse([text], ["app.args.C=3", "*.tags=y"]).targets["app"]
    assert found["args"] == {"A": "1", "B": "2", "C": "3"}
    assert found["tags"] == ["y"]


def test_what_others_need_is_built_first() -> None:
    found = parse([definition(app={"contexts": {"base": "target:base"}}, base={})])
    assert generations(found, wanted(found, ["app"])) == [["base"], ["app"]]
    _, flags = flags_of(found.targets["app"], {"base": {"containerimage.config.digest": "sha256:aa"}})
    assert flags["build_context"] == ["base=docker-image://sha256:aa"]


def test_nothing_named_is_default() -> None:
    with pytest.raises(ValueError, match="failed to find target default"):
        wanted(parse([definition(app={})]), [])


@pytest.mark.parametrize(
    ("target", "words"),
    [
        ({"args": [1]}, r"target a: args: expected an object, not \[1\]"),
        ({"tags": "x"}, 'target a: tags: expected a list, not "x"'),
        ({"context": 7}, "target a: context: expected a text, not 7"),
        ({"pull": "yes"}, 'target a: pull: expected true or false, not "yes"'),
        ({"matrix": {"x": ["1"]}}, "target a: matrix is not available in this version"),
        ({"taggs": []}, "target a: unknown keys taggs"),
        ({"inherits": ["a"]}, "targets inherit from each other: a → a"),
    ],
)
def test_what_is_wrong_is_named(target: dict[str, Any], words: str) -> None:
    with pytest.raises(ValueError, match=words):
        parse([definition(a=target)])


def test_one_platform_at_a_time() -> None:
    with pytest.raises(ValueError, match=r"several platforms in one build \(linux/amd64, linux/arm64\)"):
        flags_of({"platforms": ["linux/amd64", "linux/arm64"]}, {})
