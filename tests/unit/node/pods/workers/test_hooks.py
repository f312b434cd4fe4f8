"""Hooks."""

import asyncio

import pytest

from tests.unit.node.pods.probes.servers import saying, serving
from tests.unit.node.pods.probes.test_asking import Shell
from tests.unit.node.pods.rig import container
from wherry.kit.errors import NotFound
from wherry.kube.client.clock import FakeClock
from wherry.kube.machinery.model import Object
from wherry.node.pods.probes.model import Target
from wherry.node.pods.runtime import Executed
from wherry.node.pods.workers import hooks

TARGET = Target("c", container(), "127.0.0.1")
FINE = Executed(0, b"")


async def run(hook: Object, answer: Executed | Exception = FINE, limit: float | None = 5.0) -> Shell:
    runtime = Shell(answer)
    await hooks.run(runtime, FakeClock(), hook, TARGET, limit)
    return runtime


async def test_a_command_has_as_long_as_is_left() -> None:
    assert (await run({"exec": {"command": ["x"]}})).timeout == 5.0
    assert (await run({"exec": {"command": ["x"]}}, limit=None)).timeout > 3600


@pytest.mark.parametrize(
    ("answer", "said"),
    [
        (Executed(2, b"oh"), "command 'x y' exited with 2: oh"),
        (Executed(0, b"", True), "did not end within 5 seconds"),
        (NotFound("no container"), "no container"),
    ],
)
async def test_a_command_that_fails(answer: Executed | Exception, said: str) -> None:
    with pytest.raises(hooks.HookFailed, match=said):
        await run({"exec": {"command": ["x", "y"]}}, answer)


async def test_any_answer_to_a_request_will_do() -> None:
    heard: list[bytes] = []
    async with serving(saying(b"HTTP/1.1 500 no\r\n\r\n", heard)) as port:
        await run({"httpGet": {"path": "/bye", "port": port}})
    assert b"User-Agent: kube-lifecycle/" in heard[0]


async def test_no_answer_will_not() -> None:
    async with serving(saying(b"")) as port:
        with pytest.raises(hooks.HookFailed):
            await run({"httpGet": {"port": port}})
    with pytest.raises(hooks.HookFailed, match="couldn't find port"):
        await run({"httpGet": {"port": "nameless"}})


@pytest.mark.parametrize(("seconds", "limit", "wanted"), [(3, 5.0, 3), (30, 5.0, 5), (30, None, 30)])
async def test_a_pause(seconds: int, limit: float | None, wanted: float) -> None:
    clock = FakeClock()
    hook = {"sleep": {"seconds": seconds}}
    pausing = asyncio.create_task(hooks.run(Shell(FINE), clock, hook, TARGET, limit))
    await clock.advance(wanted - 0.1)
    assert not pausing.done()
    await clock.advance(0.2)
    assert pausing.done()


async def test_what_is_no_hook() -> None:
    with pytest.raises(hooks.HookFailed, match="invalid handler: tcpSocket"):
        await run({"tcpSocket": {"port": 1}})
