"""The daemon itself: ping, versions, plugins."""

import platform

from tests.unit.dockerapi.conftest import Client
from wherry import __version__
from wherry.dockerapi.system import architecture


async def test_a_ping_is_not_cached_and_tells_which_builder_to_use(client: Client) -> None:
    answer = await client.ask("GET /_ping")
    assert answer.body == b"OK"
    assert answer.headers["Cache-Control"] == "no-cache, no-store, must-revalidate"
    assert answer.headers["Pragma"] == "no-cache"
    assert answer.headers["Builder-Version"] == "1"
    assert answer.headers["Swarm"] == "inactive"


async def test_a_head_ping_has_the_same_headers_and_no_body(client: Client) -> None:
    got, head = await client.ask("GET /_ping"), await client.ask("HEAD /_ping")
    assert (head.status, head.body) == (200, b"")
    own = {"Date", "Content-Length"}
    assert {n: v for n, v in head.headers.items() if n not in own} == {
        n: v for n, v in got.headers.items() if n not in own
    }


async def test_the_version_is_told_twice_over_and_is_one(client: Client) -> None:
    version = (await client.ask("GET /version")).json
    component = version["Components"][0]
    assert version["Version"] == component["Version"] == __version__
    for name in ("ApiVersion", "MinAPIVersion", "Os", "Arch", "KernelVersion", "GoVersion"):
        assert version[name] == component["Details"][name]
    assert (version["MinAPIVersion"], version["ApiVersion"]) == ("1.24", "1.51")
    assert (version["Os"], version["KernelVersion"]) == ("linux", platform.release())


async def test_every_version_of_the_api_tells_the_same_version(client: Client) -> None:
    assert (await client.ask("GET /v1.24/version")).json == (await client.ask("GET /version")).json


def test_the_architecture_is_in_gos_words() -> None:
    assert architecture() in {"amd64", "arm64", "arm", "386", "riscv64", "ppc64le", "s390x", "loongarch64"}


async def test_info_is_in_the_form_of_the_version_asked(client: Client) -> None:
    assert "FirewallBackend" in (await client.ask("GET /info")).json
    assert "FirewallBackend" not in (await client.ask("GET /v1.48/info")).json


async def test_there_are_no_plugins_and_none_is_found(client: Client) -> None:
    assert (await client.ask("GET /plugins")).json == []
    answer = await client.ask("GET /plugins/me/thing:1/json")
    assert (answer.status, answer.message) == (404, 'plugin "me/thing:1" not found')
