"""The lines of docker history."""

import pytest
from msgspec.structs import replace

from tests.unit.engine.images.test_filters import image
from wherry.engine.images.history import history
from wherry.engine.images.model import Image
from wherry.kit.errors import Invalid, NotFound
from wherry.oci.model import History, ImageConfig


def with_history(one: Image, *steps: History, sizes: tuple[int, ...] = ()) -> Image:
    return replace(one, config=ImageConfig(history=list(steps)), layer_sizes_bytes=sizes)


def absent(name: str) -> Image:
    raise NotFound(name)


ADD = History(created="1970-01-01T00:00:07Z", created_by="ADD", comment="c")
ENV = History(created_by="ENV", empty_layer=True)


def test_the_last_step_comes_first_with_the_image() -> None:
    entries = history(with_history(image(1, "demo:1"), ADD, ENV, sizes=(5,)), absent)
    assert [(one.created_by, one.size_bytes) for one in entries] == [("ENV", 0), ("ADD", 5)]
    assert (entries[0].id, entries[0].tags) == (image(1).id, ("demo:1",))
    assert (entries[1].id, entries[1].created_seconds, entries[1].comment) == ("<missing>", 7, "c")


def test_parents_own_the_steps_they_end_at() -> None:
    parent = with_history(image(2, "base:1"), ADD, sizes=(5,))
    child = with_history(image(1, "demo:1", parent=parent.id), ADD, ENV, sizes=(5,))
    entries = history(child, {parent.id: parent}.__getitem__)
    assert [(one.id, one.tags) for one in entries] == [(child.id, ("demo:1",)), (parent.id, ("base:1",))]


def test_a_parent_that_is_gone_is_missing() -> None:
    child = with_history(image(1, parent=image(2).id), ADD, ENV, sizes=(5,))
    assert [one.id for one in history(child, absent)] == [child.id, "<missing>"]


def test_an_image_without_history_has_none() -> None:
    assert history(with_history(image(1), sizes=(5,)), absent) == []


def test_more_steps_than_layers_are_refused() -> None:
    with pytest.raises(Invalid, match="too many non-empty layers in History section"):
        history(with_history(image(1), ADD, ADD, sizes=(5,)), absent)


@pytest.mark.parametrize("created", [None, "", "nonsense", "0001-01-01T00:00:00Z"])
def test_a_strange_time_is_no_error(created: str | None) -> None:
    (entry,) = history(with_history(image(1), History(created=created), sizes=(1,)), absent)
    assert entry.created_seconds <= 0
