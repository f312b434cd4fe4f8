"""Images as their policies have them."""

from collections.abc import Sequence
from typing import Any

import pytest

from tests.unit.node.pods.rig import pod
from wherry.kube.client.clock import FakeClock
from wherry.node.pods import view
from wherry.node.pods.fake import FakeRuntime
from wherry.node.pods.images.pulling import NoImage, Pulls
from wherry.node.pods.voice import Voice


class Heard:
    def __init__(self) -> None:
        self.events: list[tuple[str, str]] = []
        self.about: list[Any] = []

    def event(self, about: Any, reason: str, message: str, *, type: str = "Normal", action: str = "") -> None:
        self.events.append((reason, type))
        self.about.append(about)


class Bench:
    def __init__(self) -> None:
        self.clock = FakeClock()
        self.runtime = FakeRuntime(self.clock)
        self.pulls = Pulls(self.runtime, self.clock)
        self.heard = Heard()
        self.voice = Voice(self.heard, pod())

    async def ensure(self, policy: str, name: str = "demo:1", credentials: Sequence[Any] = ()) -> str:
        member = next(view.members(pod()))
        return (await self.pulls.ensure(self.voice, name, policy, credentials, member)).id

    async def fails(self, policy: str, name: str = "demo:1") -> NoImage:
        with pytest.raises(NoImage) as found:
            await self.ensure(policy, name)
        return found.value


@pytest.fixture
def bench() -> Bench:
    return Bench()


async def test_an_image_that_is_here(bench: Bench) -> None:
    assert await bench.ensure("IfNotPresent") == "sha256:demo:1"
    assert await bench.ensure("Never") == "sha256:demo:1"
    assert not bench.runtime.calls
    assert bench.heard.events == [("Pulled", "Normal")] * 2
    assert bench.heard.about[0]["fieldPath"] == "spec.containers{web}"


async def test_an_image_that_is_not(bench: Bench) -> None:
    bench.runtime.has_all_images = False
    await bench.ensure("IfNotPresent", "demo")
    assert bench.runtime.calls == [("ensure_image", "demo:latest")]
    assert [reason for reason, _ in bench.heard.events] == ["Pulling", "Pulled"]
    assert (await bench.fails("Never", "other")).reason == "ErrImageNeverPull"


async def test_always(bench: Bench) -> None:
    await bench.ensure("Always", f"demo@sha256:{'a' * 64}")
    assert bench.runtime.calls == [("ensure_image", f"demo@sha256:{'a' * 64}")]


async def test_waits_grow(bench: Bench) -> None:
    bench.runtime.missing = {"demo:1"}
    seen = []
    for _ in range(7):
        found = await bench.fails("Always")
        assert found.reason == "ErrImagePull"
        seen.append(found.seconds)
        await bench.clock.advance(found.seconds)
    assert seen == [10, 20, 40, 80, 160, 300, 300]
    assert found.later[0] == "ImagePullBackOff"
    bench.pulls.forget("uid-web")
    assert (await bench.fails("Always")).seconds == 10


async def test_success_is_a_new_beginning(bench: Bench) -> None:
    bench.runtime.missing = {"demo:1"}
    await bench.fails("Always")
    bench.runtime.missing = set()
    await bench.ensure("Always")
    bench.runtime.missing = {"demo:1"}
    assert (await bench.fails("Always")).seconds == 10


async def test_after_a_long_time_too(bench: Bench) -> None:
    bench.runtime.missing = {"demo:1"}
    await bench.fails("Always")
    await bench.clock.advance(700)
    assert (await bench.fails("Always")).seconds == 10


async def test_a_name_that_is_none(bench: Bench) -> None:
    found = await bench.fails("Always", "no such:name:1")
    assert found.reason == "InvalidImageName"
    assert found.message.startswith('Failed to apply default image tag "no such:name:1": couldn\'t parse image name')
    assert bench.heard.events == [("InspectFailed", "Warning")]
