"""What was asked for over what the image says."""

from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.containers.harness import image
from wherry.engine.containers.merging import merge, words
from wherry.engine.containers.model import Config

ENTRYPOINT, CMD = ["/entry"], ["serve"]


@pytest.mark.parametrize(
    ("asked", "expected"),
    [
        ({}, (["/entry"], ["serve"])),
        ({"Cmd": ["x"]}, (["/entry"], ["x"])),
        ({"Entrypoint": ["/own"]}, (["/own"], [])),
        ({"Entrypoint": ["/own"], "Cmd": ["x"]}, (["/own"], ["x"])),
        ({"Entrypoint": [""], "Cmd": ["sh"]}, ([], ["sh"])),
        ({"Entrypoint": [""]}, ([], [])),
    ],
)
def test_an_own_entrypoint_drops_the_images_command(asked: dict[str, Any], expected: tuple[Any, Any]) -> None:
    merged = merge(Config(**asked), image(entrypoint=ENTRYPOINT, cmd=CMD))
    assert (words(merged.Entrypoint), words(merged.Cmd)) == expected


def test_own_environment_wins_and_comes_first() -> None:
    merged = merge(Config(Env=["A=own", "C"]), image(env=["A=image", "B=2", "C=3"]))
    assert merged.Env == ["A=own", "C", "B=2"]


def test_labels_ports_and_volumes_are_united() -> None:
    base = image(labels={"a": "1", "b": "2"}, exposed_ports={"80/tcp": {}}, volumes={"/data": {}})
    merged = merge(Config(Labels={"b": "own"}, ExposedPorts={"53/udp": {}}, Volumes={"/more": {}}), base)
    assert merged.Labels == {"a": "1", "b": "own"}
    assert set(merged.ExposedPorts or ()) == {"80/tcp", "53/udp"}
    assert set(merged.Volumes or ()) == {"/data", "/more"}


@pytest.mark.parametrize(
    ("own", "field", "expected"),
    [("", "User", "image"), ("me", "User", "me"), ("", "WorkingDir", "image"), ("/w", "WorkingDir", "/w")],
)
def test_what_is_not_said_is_the_images(own: str, field: str, expected: str) -> None:
    asked: dict[str, Any] = {field: own}
    merged = merge(Config(**asked), image(user="image", working_dir="image"))
    assert getattr(merged, field) == expected


def test_a_string_is_one_word() -> None:
    assert words("echo hello") == ["echo hello"]
    assert words(None) == []


@given(st.lists(st.text(min_size=1)), st.dictionaries(st.text(), st.text()))
def test_what_was_asked_for_is_not_changed(command: list[str], labels: dict[str, str]) -> None:
    asked = Config(Cmd=list(command), Labels=dict(labels))
    merge(asked, image(labels={"image": "label"}, cmd=["other"], env=["A=1"]))
    assert asked == Config(Cmd=list(command), Labels=dict(labels))
