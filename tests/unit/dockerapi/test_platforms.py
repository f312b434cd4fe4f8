"""``--platform`` where an image is here for one."""

from urllib.parse import quote

import pytest

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.fakes import Engine
from tests.unit.dockerapi.test_images import image

AMD64 = quote('{"architecture":"amd64","os":"linux"}')
ARM64 = quote('{"architecture":"arm64","os":"linux"}')
ASKED = [
    "GET /images/demo:1/json?platform=",
    "GET /images/demo:1/history?platform=",
    "GET /images/demo:1/get?platform=",
    "GET /images/get?names=demo:1&platform=",
    "DELETE /images/demo:1?platforms=",
]


@pytest.mark.parametrize("request_", [*ASKED, "POST /images/demo/push?tag=1&platform="])
async def test_another_platform_is_refused(client: Client, engine: Engine, request_: str) -> None:
    engine.images.images = {"demo:1": image(), "docker.io/library/demo:1": image()}
    answer = await client.ask(request_ + ARM64)
    assert answer.status == 404
    assert "its platform (linux/amd64) does not match the specified platform (linux/arm64)" in answer.message


@pytest.mark.parametrize("request_", ASKED)
async def test_its_own_is_not(client: Client, engine: Engine, request_: str) -> None:
    engine.images.images = {"demo:1": image()}
    assert (await client.ask(request_ + AMD64)).status == 200


async def test_load_takes_dockers_json(client: Client, engine: Engine) -> None:
    await client.ask(f"POST /images/load?platform={ARM64}")
    assert engine.images.calls[-1] == ("load", "linux/arm64")


async def test_what_is_no_platform_is_refused(client: Client) -> None:
    assert (await client.ask("GET /images/demo:1/json?platform={")).message.startswith("failed to parse platform {")
    assert (await client.ask("GET /images/demo:1/json?platform=a/b/c/d")).status == 400
