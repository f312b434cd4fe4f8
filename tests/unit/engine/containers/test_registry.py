"""Containers found by id, beginning of an id, or name."""

import os
import socket

import pytest
from hypothesis import given
from hypothesis import strategies as st

from tests.unit.engine.containers.rows import row
from wherry.engine.containers.registry import Registry
from wherry.engine.containers.row import MountPoint
from wherry.engine.database import Database
from wherry.engine.runtime.model import Attachment
from wherry.kit.errors import Conflict, Invalid, NotFound

FIRST, SECOND = "aa" + "1" * 62, "ab" + "2" * 62


@pytest.fixture
def registry() -> Registry:
    found = Registry(Database(":memory:"))
    for container in (row(id=FIRST, name="web"), row(id=SECOND, name="aa")):
        found.insert(container)
        found.add(container)
    return found


@pytest.mark.parametrize(
    ("ref", "name"), [(FIRST, "web"), ("web", "web"), ("/web", "web"), ("ab", "aa"), ("aa1", "web"), ("aa", "aa")]
)
def test_a_name_goes_before_the_beginning_of_an_id(registry: Registry, ref: str, name: str) -> None:
    assert registry.get(ref).name == name


@pytest.mark.parametrize("ref", ["", "nobody", "/", "b", FIRST + "1"])
def test_what_is_not_there_is_not_found(registry: Registry, ref: str) -> None:
    with pytest.raises(NotFound, match=f"No such container: {ref}"):
        registry.get(ref)


def test_a_beginning_of_two_ids_is_neither(registry: Registry) -> None:
    with pytest.raises(Invalid, match="Multiple IDs found with provided prefix: a"):
        registry.get("a")


def test_a_name_is_one_container_s(registry: Registry) -> None:
    words = f'Conflict. The container name "/web" is already in use by container "{FIRST}"'
    with pytest.raises(Conflict, match=words):
        registry.insert(row(id="3" * 64, name="web"))
    with pytest.raises(Conflict, match=words):
        registry.rename(registry.get("aa"), "web")
    assert registry.get("aa").id == SECOND


def test_after_a_rename_the_old_name_is_free(registry: Registry) -> None:
    registry.rename(registry.get("web"), "new")
    assert registry.get("new").id == FIRST
    assert registry.is_free("web")


def test_what_is_not_added_yet_is_not_found(registry: Registry) -> None:
    registry.insert(row(id="3" * 64, name="half"))
    with pytest.raises(NotFound):
        registry.get("half")


def test_what_is_forgotten_lets_its_waiting_clients_go(registry: Registry) -> None:
    ours, theirs = socket.socketpair()
    container = registry.get("web")
    registry.live(container).clients.append(Attachment(theirs.detach()))
    registry.delete(container)
    registry.forget(container)
    assert ours.recv(1) == b""
    ours.close()
    assert registry.is_free("web")


def test_users_of_images_and_volumes_are_known(registry: Registry) -> None:
    container = row(id="3" * 64, name="db", mounts=[MountPoint(kind="volume", destination="/d", name="data")])
    registry.insert(container)
    registry.add(container)
    assert registry.volume_users("data") == ["3" * 64]
    assert registry.volume_users("other") == []
    assert {use.container_id for use in registry.image_users("sha256:" + "1" * 64)} == {FIRST, SECOND, "3" * 64}


@given(st.lists(st.tuples(st.sampled_from("abc"), st.sampled_from(["add", "remove", "rename"])), max_size=20))
def test_memory_and_rows_agree(steps: list[tuple[str, str]]) -> None:
    database = Database(":memory:")
    registry = Registry(database)
    for name, step in steps:
        try:
            if step == "add":
                container = row(id=os.urandom(32).hex(), name=name)
                registry.insert(container)
                registry.add(container)
            elif step == "rename":
                registry.rename(registry.get(name), "abca"["abc".index(name) + 1])
            else:
                container = registry.get(name)
                registry.delete(container)
                registry.forget(container)
        except (NotFound, Conflict, Invalid):
            pass
    again = Registry(database)
    assert {one.id: one.name for one in again} == {one.id: one.name for one in registry}
    assert all(again.get(one.name).id == one.id for one in registry)
