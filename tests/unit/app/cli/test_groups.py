"""``container`` and ``image``: the other spelling of the same commands."""

import pytest

from tests.unit.app.cli.conftest import Daemon, Wherry
from wherry.app.cli.entry import COMMANDS, root
from wherry.app.cli.groups import CONTAINER_VERBS, IMAGE_VERBS, container_command, image_command

SAME = {"ls": "ps", "list": "ps", "remove": "rm"}
OF_IMAGES = {"ls": "images", "list": "images", "rm": "rmi", "remove": "rmi"}


@pytest.mark.parametrize("verb", sorted(CONTAINER_VERBS))
def test_a_verb_of_containers_is_the_command_without_the_word(verb: str) -> None:
    if verb not in ("inspect", "prune"):
        assert CONTAINER_VERBS[verb] == COMMANDS[SAME.get(verb, verb)]


@pytest.mark.parametrize("verb", sorted(set(IMAGE_VERBS) - {"inspect", "prune", "bootstrap"}))
def test_a_verb_of_images_is_the_command_without_the_word(verb: str) -> None:
    assert IMAGE_VERBS[verb] == COMMANDS[OF_IMAGES.get(verb, verb)]


@pytest.mark.parametrize(("group", "verbs"), [(container_command, CONTAINER_VERBS), (image_command, IMAGE_VERBS)])
def test_every_verb_is_there(group: object, verbs: dict[str, str]) -> None:
    context = root.make_context("wherry", ["version"])
    for verb in verbs:
        assert getattr(group, "get_command")(context, verb) is not None, verb  # noqa: B009 (a LazyGroup)


def test_containers_are_listed_by_either_name(daemon: Daemon, wherry: Wherry) -> None:
    daemon.start(name="web")
    assert wherry("container", "ls", "-q").out == wherry("ps", "-q").out != ""


def test_a_verb_that_is_none_is_refused_with_the_nearest(wherry: Wherry) -> None:
    result = wherry("container", "stort")
    assert result.code == 125
    assert "'stort' is not a wherry container command. Did you mean 'start'?" in result.err


@pytest.mark.parametrize(("flags", "dangling"), [([], "true"), (["-a"], "false")])
def test_unused_images_are_removed_after_a_question(
    daemon: Daemon, wherry: Wherry, flags: list[str], dangling: str
) -> None:
    asked = wherry("image", "prune", *flags, stdin=b"n\n")
    assert asked.code == 130
    assert daemon.images.calls == []
    answered = wherry("image", "prune", *flags, "--filter", "until=1h", stdin=b"y\n")
    assert answered.out.endswith("deleted: sha256:1\nTotal reclaimed space: 11B\n")
    assert daemon.images.calls == [("prune", {"dangling": [dangling], "until": ["1h"]})]
    assert "WARNING" not in wherry("image", "prune", "-f").out
