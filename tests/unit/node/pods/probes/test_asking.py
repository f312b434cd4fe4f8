"""Asking once, in each way."""

import pytest

from tests.unit.node.pods.probes.servers import saying, serving, silent
from tests.unit.node.pods.rig import container
from wherry.kit.errors import Unavailable
from wherry.kube.client.clock import FakeClock
from wherry.kube.machinery.model import Object
from wherry.node.pods.fake import FakeRuntime
from wherry.node.pods.probes.asking import NetworkProber
from wherry.node.pods.probes.model import PASSED, ContentProber, Outcome, Result, Target
from wherry.node.pods.runtime import Executed

TARGET = Target("c1", container(ports=[{"name": "http", "containerPort": 1}]), "127.0.0.1")


class Shell(FakeRuntime):
    """Answers as a test says."""

    def __init__(self, answer: Executed | Exception) -> None:
        super().__init__(FakeClock())
        self.says = answer
        self.timeout = 0.0

    async def execute(self, container: str, command: object, timeout_seconds: float) -> Executed:
        self.timeout = timeout_seconds
        if isinstance(self.says, Exception):
            raise self.says
        return self.says


async def ask(probe: Object, runtime: FakeRuntime | None = None) -> Outcome:
    return await NetworkProber(runtime or FakeRuntime(FakeClock())).ask(probe, TARGET)


@pytest.mark.parametrize(
    ("answer", "wanted"),
    [
        (Executed(0, b"fine"), PASSED),
        (Executed(1, b"oh no\xff"), Outcome(Result.FAILURE, "oh no\ufffd")),
        (Executed(0, b"", True), Outcome(Result.FAILURE, 'command timed out: "cat x" timed out after 2s')),
        (Unavailable("it is gone"), Outcome(Result.UNKNOWN, "it is gone")),
    ],
)
async def test_commands(answer: Executed | Exception, wanted: Outcome) -> None:
    runtime = Shell(answer)
    assert await ask({"exec": {"command": ["cat", "x"]}, "timeoutSeconds": 2}, runtime) == wanted
    assert runtime.timeout == 2.0


@pytest.mark.parametrize(
    ("status", "wanted"),
    [
        (200, PASSED),
        (399, PASSED),
        (400, Outcome(Result.FAILURE, "HTTP probe failed with statuscode: 400")),
        (503, Outcome(Result.FAILURE, "HTTP probe failed with statuscode: 503")),
    ],
)
async def test_requests(status: int, wanted: Outcome) -> None:
    async with serving(saying(f"HTTP/1.1 {status} x\r\n\r\n".encode())) as port:
        assert await ask({"httpGet": {"path": "/", "port": port}}) == wanted


async def test_redirects_elsewhere_are_a_pass_with_a_word() -> None:
    async with serving(saying(b"HTTP/1.1 302 x\r\nLocation: http://169.254.169.254/\r\n\r\n")) as port:
        assert (await ask({"httpGet": {"port": port}})).result is Result.WARNING


async def test_redirects_in_a_circle_end() -> None:
    heard: list[bytes] = []
    async with serving(saying(b"HTTP/1.1 302 x\r\nLocation: /again\r\n\r\n", heard)) as port:
        found = await ask({"httpGet": {"port": port}})
    assert (found.result, found.text) == (
        Result.FAILURE, f'Get "http://127.0.0.1:{port}/again": stopped after 10 redirects',
    )  # fmt: skip
    assert len(heard) == 10


async def test_who_does_not_answer() -> None:
    async with serving(silent) as port:
        found = await ask({"httpGet": {"port": port, "path": "/h"}, "timeoutSeconds": 0.05})
    assert found.text == (
        f'Get "http://127.0.0.1:{port}/h": context deadline exceeded (Client.Timeout exceeded while awaiting headers)'
    )


async def test_connections() -> None:
    async with serving(silent) as port:
        assert await ask({"tcpSocket": {"port": port}}) == PASSED
    found = await ask({"tcpSocket": {"port": port}})
    assert found == Outcome(Result.FAILURE, f"dial tcp 127.0.0.1:{port}: connect: connection refused")


async def test_calls() -> None:
    pytest.importorskip("h2")
    async with serving(silent) as port:
        found = await ask({"grpc": {"port": port}, "timeoutSeconds": 0.05})
    assert found.result is Result.FAILURE


@pytest.mark.parametrize("probe", [{}, {"httpGet": {"port": "nameless"}}, {"tcpSocket": {"port": 0}}])
async def test_what_cannot_be_asked_says_nothing(probe: Object) -> None:
    assert (await ask(probe)).result is Result.UNKNOWN


async def test_simulated_containers_are_content() -> None:
    assert await ContentProber().ask({}, TARGET) == PASSED
