"""What the parts of containers share: places, events, and work that goes on beside requests."""

import asyncio

import pytest

from tests.unit.engine.containers.harness import Daemon, Machine
from tests.unit.engine.containers.rows import row
from wherry.engine.containers.model import Config, HostConfig
from wherry.engine.containers.surroundings import Work


async def test_each_container_has_a_directory_of_its_own(daemon: Daemon, machine: Machine) -> None:
    assert daemon.containers._around.directory(row()) == machine.instance.containers / ("1" * 64)


@pytest.mark.parametrize(
    ("parent", "expected"),
    [
        ("", "/wherry-12345678/{id}"),
        ("mine", "/wherry-12345678/mine/{id}"),
        ("/mine/", "/wherry-12345678/mine/{id}"),
        ("a/b.slice", "/wherry-12345678/a/b.slice/{id}"),
    ],
)
async def test_each_container_has_a_group_below_the_instances(daemon: Daemon, parent: str, expected: str) -> None:
    container = row(host=HostConfig(CgroupParent=parent))
    assert daemon.containers._around.cgroup(container) == expected.format(id=container.id)


async def test_an_event_has_labels_image_and_name_and_what_else_there_is(daemon: Daemon) -> None:
    container = row(config=Config(Labels={"a": "b", "name": "liar", "image": "liar"}))
    daemon.containers._around.tell(container, "resize", height="1")
    told = daemon.told[-1]
    assert (told.kind, told.action, told.actor) == ("container", "resize", container.id)
    assert told.attributes == {"a": "b", "name": "web", "image": "demo:1", "height": "1"}


async def test_work_goes_on_until_it_is_done_and_is_then_forgotten() -> None:
    work, done = Work(), asyncio.Event()

    async def something() -> None:
        done.set()

    task = work.begin(something())
    await done.wait()
    await task
    await asyncio.sleep(0)
    assert not work._tasks


async def test_work_that_is_under_way_ends_with_the_engine_and_may_clean_up() -> None:
    work, cleaned = Work(), []

    async def endless() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            await asyncio.sleep(0)
            cleaned.append(True)

    async def failing() -> None:
        try:
            await asyncio.Event().wait()
        finally:
            raise ZeroDivisionError

    tasks = [work.begin(endless()), work.begin(failing())]
    await asyncio.sleep(0)
    assert not work.closing
    await work.close()
    assert work.closing
    assert cleaned == [True]
    assert all(task.done() for task in tasks)
    assert isinstance(tasks[1].exception(), ZeroDivisionError)
