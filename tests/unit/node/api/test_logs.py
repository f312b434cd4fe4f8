"""Logs: whose they are, and which lines."""

import asyncio
from dataclasses import replace
from typing import Any

import pytest

from tests.unit.node.api.clients import get, opened
from tests.unit.node.api.rig import Rig
from wherry.engine.containers.logs import LogOptions
from wherry.kit.errors import Invalid, NotFound
from wherry.node.api.logs import Asked, Run, asked, run_of, stamp
from wherry.node.pods.lookup import ContainerPlace, PodPlace

WHEN = "2026-01-02T03:04:0{}.000000006Z"
LINES = "".join(f"{WHEN.format(number)} {stream} F {text}\n" for number, stream, text in (
    (1, "stdout", "one"), (2, "stderr", "two"), (3, "stdout", "three"), (4, "stdout", "four"),
))  # fmt: skip


def place(status: Any = None, **container: Any) -> PodPlace:
    pod = {
        "metadata": {"name": "p", "namespace": "default"},
        "status": {"containerStatuses": [status] if status else []},
    }
    return PodPlace(pod, "u", "s", {"c": ContainerPlace("c", **container)})


def test_a_query_becomes_options() -> None:
    query = {
        "follow": "true", "previous": "true", "timestamps": "true", "tailLines": "5", "limitBytes": "100",
        "sinceSeconds": "10", "stream": "Stderr",
    }  # fmt: skip
    lines = LogOptions(follow=True, stdout=False, since_nanoseconds=90 * 10**9, timestamps=True, tail=5)
    assert asked(query, 100 * 10**9) == Asked(lines, previous=True, limit_bytes=100)
    assert asked({}, 0) == Asked(LogOptions())
    assert asked({"sinceTime": "1970-01-01T00:01:00Z"}, 0).lines.since_nanoseconds == 60 * 10**9


@pytest.mark.parametrize(
    "query", [{"tailLines": "x"}, {"limitBytes": "-1"}, {"sinceSeconds": "1.5"}, {"sinceTime": "x"}, {"stream": "both"}]
)
def test_what_is_no_option_is_refused(query: dict[str, str]) -> None:
    with pytest.raises(Invalid):
        asked(query, 0)


def test_the_newest_run_that_there_is() -> None:
    assert run_of(place(id="a", running=True, log="/a"), "c", False) == Run("/a", "a")
    assert run_of(place(id="a", log="/a"), "c", False) == Run("/a")
    assert run_of(place(previous_id="b", previous_log="/b", waiting="CrashLoopBackOff"), "c", False) == Run("/b")
    assert run_of(place(id="a", running=True, log="/a", previous_log="/b"), "c", True) == Run("/b")


@pytest.mark.parametrize(
    ("found", "previous", "why"),
    [
        (place(waiting="ContainerCreating"), False, 'container "c" in pod "p" is waiting to start: ContainerCreating'),
        (place(waiting="ErrImagePull"), False, 'container "c" in pod "p" is waiting to start: image can\'t be pulled'),
        (
            place(waiting="ImagePullBackOff"), False,
            'container "c" in pod "p" is waiting to start: trying and failing to pull image',
        ),
        (place(), False, 'container "c" in pod "p" is not available'),
        (place({"name": "c", "state": {"terminated": {}}}), False, 'container "c" in pod "p" is terminated'),
        (place({"name": "c", "state": {}}), False, 'container "c" in pod "p" is waiting to start - no logs yet'),
        (
            place({"name": "c", "state": {"waiting": {"reason": "PodInitializing"}}}, waiting="ContainerCreating"),
            False,
            'container "c" in pod "p" is waiting to start: PodInitializing',
        ),
        (place(id="a", log="/a"), True, 'previous terminated container "c" in pod "p" not found'),
    ],
)  # fmt: skip
def test_why_there_is_no_log_is_said_in_upstreams_words(found: PodPlace, previous: bool, why: str) -> None:
    with pytest.raises(Invalid) as error:
        run_of(found, "c", previous)
    assert error.value.message == why


def test_a_container_that_the_pod_has_not() -> None:
    with pytest.raises(NotFound, match='container "x" not found in pod "p"'):
        run_of(place(), "x", False)


def test_times_have_nine_figures_always() -> None:
    assert stamp(0) == "1970-01-01T00:00:00.000000000Z"
    assert stamp(1_767_323_045_000_000_006) == "2026-01-02T03:04:05.000000006Z"


@pytest.mark.parametrize(
    ("query", "wanted"),
    [
        ("", "one\ntwo\nthree\nfour\n"),
        ("?tailLines=2", "three\nfour\n"),
        ("?tailLines=0", ""),
        ("?stream=Stderr", "two\n"),
        ("?sinceTime=2026-01-02T03:04:03Z", "three\nfour\n"),
        ("?limitBytes=6", "one\ntw"),
        ("?tailLines=1&timestamps=true", f"{WHEN.format(4)} four\n"),
        ("?follow=true&limitBytes=4", "one\n"),
    ],
)
async def test_lines_that_are_wanted(joined: Rig, query: str, wanted: str) -> None:
    joined.log_of().write_text(LINES)
    assert await get(joined, f"/containerLogs/default/p/c{query}") == (200, wanted.encode())


async def test_a_log_of_many_lines_comes_whole(joined: Rig) -> None:
    joined.log_of().write_text("".join(f"{WHEN.format(1)} stdout F line {number}\n" for number in range(20_000)))
    code, said = await get(joined, "/containerLogs/default/p/c")
    assert code == 200 and said.decode().splitlines() == [f"line {number}" for number in range(20_000)]


async def test_a_log_is_followed_until_the_container_ends(joined: Rig) -> None:
    log = joined.log_of()
    log.write_text(LINES)
    async with opened(joined, "/containerLogs/default/p/c?follow=true&tailLines=1") as answer:
        assert await answer.content.readline() == b"four\n"
        with log.open("a") as file:
            file.write(f"{WHEN.format(5)} stdout F five\n")
        assert await asyncio.wait_for(answer.content.readline(), 60) == b"five\n"
        found = joined.pods.all["default", "p"]
        ended = replace(found.containers["c"], running=False)
        joined.pods.all["default", "p"] = replace(found, containers={"c": ended})
        joined.runtime.exit(ended.id, 0)
        assert await asyncio.wait_for(answer.content.read(), 60) == b""
    assert not joined.kubelet._logs._followed


async def test_nobody_follows_for_a_client_that_has_gone(joined: Rig) -> None:
    joined.log_of().write_text(LINES)
    async with opened(joined, "/containerLogs/default/p/c?follow=true") as answer:
        assert await answer.content.readline() == b"one\n"
        assert joined.kubelet._logs._followed
    for _ in range(1000):
        if not joined.kubelet._logs._followed:
            return
        await asyncio.sleep(0.01)
    raise AssertionError("somebody still follows")


@pytest.mark.parametrize(
    ("path", "code", "said"),
    [
        ("/containerLogs/default/q/c", 404, b'pod "q" does not exist'),
        ("/containerLogs/default/p/x", 404, b'container "x" not found in pod "p"'),
        ("/containerLogs/default/p/c?tailLines=x", 400, b'tailLines "x" is no number'),
        ("/containerLogs/default/p/c?previous=true", 400, b'previous terminated container "c" in pod "p" not found'),
    ],
)
async def test_refusals(joined: Rig, path: str, code: int, said: bytes) -> None:
    assert await get(joined, path) == (code, said)
