"""Pull, push, log in, look and search, as clients ask for them."""

import base64
import json
from typing import Any

import pytest

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.fakes import Engine
from wherry.engine.distribution.model import ANONYMOUS, Credentials
from wherry.kit.errors import NotFound, Unauthenticated, Unavailable


def auth(**members: str) -> dict[str, str]:
    """The header a client sends."""
    return {"X-Registry-Auth": base64.urlsafe_b64encode(json.dumps(members).encode()).decode()}


def lines(body: bytes) -> list[dict[str, Any]]:
    return [json.loads(line) for line in body.splitlines()]


async def test_a_pull_is_told_as_it_goes(client: Client, engine: Engine) -> None:
    answer = await client.ask("POST /images/create?fromImage=demo&tag=1&platform=linux/arm64", headers=auth())
    assert answer.status == 200
    assert lines(answer.body) == [{"status": "Pulling from demo"}]
    assert engine.registries.calls == [("pull", "docker.io/library/demo:1", "linux/arm64", ANONYMOUS)]


@pytest.mark.parametrize(
    ("query", "reference"),
    [
        ("fromImage=demo", "docker.io/library/demo"),
        ("fromImage=localhost:5000/a/b&tag=", "localhost:5000/a/b"),
        ("fromImage=demo:2", "docker.io/library/demo:2"),
        ("fromImage=demo&tag=sha256:" + "1" * 64, "docker.io/library/demo@sha256:" + "1" * 64),
        ("fromImage=demo@sha256:" + "1" * 64, "docker.io/library/demo@sha256:" + "1" * 64),
    ],
)
async def test_what_is_pulled(client: Client, engine: Engine, query: str, reference: str) -> None:
    await client.ask(f"POST /images/create?{query}")
    assert engine.registries.calls[0][1] == reference


async def test_a_pull_that_fails_at_once_is_refused(client: Client, engine: Engine) -> None:
    engine.registries.error = NotFound("manifest for demo:none not found: manifest unknown: manifest unknown")
    answer = await client.ask("POST /images/create?fromImage=demo&tag=none")
    assert (answer.status, answer.message) == (404, engine.registries.error.message)


async def test_a_registrys_401_is_not_ours(client: Client, engine: Engine) -> None:
    engine.registries.error = Unauthenticated("no basic auth credentials")
    answer = await client.ask("POST /images/create?fromImage=demo&tag=none")
    assert (answer.status, answer.message) == (403, "no basic auth credentials")


async def test_a_pull_that_fails_later_says_so_in_the_stream(client: Client, engine: Engine) -> None:
    engine.registries.error = Unavailable("unexpected EOF")
    answer = await client.ask("POST /images/create?fromImage=demo&tag=1")
    assert answer.status == 200
    assert lines(answer.body)[1] == {
        "errorDetail": {"message": "unexpected EOF"},
        "error": "unexpected EOF",
    }


async def test_a_push_goes_with_its_users_credentials(client: Client, engine: Engine) -> None:
    header = auth(username="me", password="secret", serveraddress="localhost:5000")
    answer = await client.ask("POST /images/localhost:5000/a/b/push?tag=1", headers=header)
    assert answer.status == 200
    assert engine.registries.calls == [("push", "localhost:5000/a/b:1", Credentials("me", "secret"))]


async def test_a_login_is_tried(client: Client, engine: Engine) -> None:
    body = {"username": "me", "password": "right", "serveraddress": "localhost:5000"}
    answer = await client.ask("POST /auth", body)
    assert (answer.status, answer.json) == (200, {"Status": "Login Succeeded", "IdentityToken": "kept"})
    assert engine.registries.calls == [("login", "localhost:5000", Credentials("me", "right"))]
    answer = await client.ask("POST /auth", {**body, "password": "wrong"})
    assert (answer.status, answer.message) == (401, "unauthorized: incorrect username or password")


async def test_what_a_registry_has_is_told(client: Client, engine: Engine) -> None:
    answer = await client.ask("GET /distribution/localhost:5000/demo/json")
    assert answer.json == {
        "Descriptor": {
            "mediaType": "application/vnd.oci.image.manifest.v1+json",
            "digest": "sha256:" + "1" * 64,
            "size": 7,
        },
        "Platforms": [{"architecture": "arm", "os": "linux", "variant": "v7"}],
    }
    assert engine.registries.calls[0][1] == "localhost:5000/demo:latest"


async def test_a_search(client: Client, engine: Engine) -> None:
    answer = await client.ask('GET /images/search?term=demo&limit=5&filters={"stars":{"3":true}}')
    assert answer.json == [
        {"star_count": 3, "is_official": True, "name": "demo", "is_automated": False, "description": "A demo"}
    ]
    assert engine.registries.calls == [("search", "demo", 5, {"stars": ["3"]})]
    assert (await client.ask("GET /images/search")).status == 400
    assert (await client.ask('GET /images/search?term=demo&filters={"nonsense":["1"]}')).status == 400


async def test_info_tells_mirrors_and_insecure_registries(client: Client) -> None:
    config = (await client.ask("GET /info")).json["RegistryConfig"]
    assert config["Mirrors"] == ["http://127.0.0.1:5000/"]
    assert config["InsecureRegistryCIDRs"] == ["::1/128", "127.0.0.0/8"]
    assert config["IndexConfigs"]["docker.io"] == {
        "Name": "docker.io", "Mirrors": ["http://127.0.0.1:5000/"], "Secure": True, "Official": True
    }  # fmt: skip
    assert config["IndexConfigs"]["registry.lan"]["Secure"] is False
