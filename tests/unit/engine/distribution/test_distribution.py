"""The service streams what its operations tell, and loads them only when they are needed."""

import subprocess
import sys

import pytest

from tests.unit.engine.distribution.conftest import IMAGE, Client
from tests.unit.engine.distribution.peer import digest_of
from wherry.engine.distribution.distribution import Distribution
from wherry.engine.distribution.endpoints import Endpoints
from wherry.engine.distribution.model import ANONYMOUS
from wherry.kit.errors import NotFound
from wherry.oci.platform import Platform


@pytest.fixture
def service(client: Client) -> Distribution:
    return Distribution(client.shelf.images, client.shelf.content, Endpoints())


async def test_a_pull_is_a_stream_of_messages(service: Distribution, client: Client) -> None:
    messages = [message async for message in service.pull(client.reference("demo:1"), "", ANONYMOUS)]
    assert messages[0]["status"] == "Pulling from demo"
    assert messages[-1]["status"].startswith("Status: Downloaded newer image")


async def test_what_fails_at_once_is_raised_at_once(service: Distribution, client: Client) -> None:
    stream = service.pull(client.reference("demo:none"), "", ANONYMOUS)
    with pytest.raises(NotFound):
        await anext(stream)


async def test_a_builder_gets_the_image(service: Distribution, client: Client) -> None:
    image = await service.fetch(client.reference("demo:1"), Platform.parse("linux/amd64"))
    assert image.manifest == digest_of(IMAGE)
    assert (await service.fetch(client.reference("demo:1"))).id == image.id


async def test_a_push_is_a_stream_of_messages(service: Distribution, client: Client) -> None:
    await service.fetch(client.reference("demo:1"))
    messages = [message async for message in service.push(client.reference("demo:1"), ANONYMOUS)]
    assert messages[-1]["aux"]["Digest"] == digest_of(IMAGE)


async def test_the_rest_is_passed_on(service: Distribution, client: Client) -> None:
    found = await service.inspect(client.reference("demo:1"), ANONYMOUS)
    assert found.descriptor.digest == digest_of(IMAGE)
    assert (await service.login(client.peer.host, ANONYMOUS)).status == "Login Succeeded"


def test_an_engine_that_starts_loads_none_of_it() -> None:
    program = (
        "import sys, wherry.app.wiring; "
        "print([name for name in sys.modules if name.startswith('wherry.engine.distribution.')])"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert set(eval(done.stdout)) <= {
        "wherry.engine.distribution.distribution",
        "wherry.engine.distribution.endpoints",
        "wherry.engine.distribution.model",
    }
