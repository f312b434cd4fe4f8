"""Images: documents by version, archives in and out."""

import json

import msgspec
import pytest

from tests.unit.dockerapi.conftest import Client
from tests.unit.dockerapi.fakes import Engine
from wherry.engine.images.model import Image
from wherry.kit.errors import Invalid
from wherry.oci.model import ImageConfig

CONFIG = {
    "architecture": "amd64",
    "os": "linux",
    "created": "2023-11-14T22:13:20Z",
    "config": {"Cmd": ["sh"], "Labels": {"a": "b"}},
    "rootfs": {"type": "layers", "diff_ids": ["sha256:" + "d" * 64]},
}


def image(**changes: object) -> Image:
    data = json.dumps(CONFIG).encode()
    fields: dict[str, object] = {
        "id": "sha256:" + "1" * 64,
        "config": msgspec.json.decode(data, type=ImageConfig),
        "config_bytes": data,
        "manifest": "sha256:" + "2" * 64,
        "manifest_type": "application/vnd.oci.image.manifest.v1+json",
        "diff_ids": ("sha256:" + "d" * 64,),
        "chain_ids": ("sha256:" + "d" * 64,),
        "layers": ("sha256:" + "3" * 64,),
        "layer_sizes_bytes": (9,),
        "size_bytes": 10,
        "created": "2023-11-14T22:13:20Z",
        "created_nanoseconds": 1_700_000_000_000_000_000,
        "repo_tags": ("demo:1",),
        "repo_digests": (),
        "parent": "",
        "last_tagged_nanoseconds": 1_700_000_001_000_000_000,
    }
    return Image(**{**fields, **changes})  # type: ignore[arg-type]


@pytest.fixture
def engine() -> Engine:
    engine = Engine()
    engine.images.images = {"demo:1": image()}
    return engine


async def test_list(client: Client, engine: Engine) -> None:
    answer = await client.ask('GET /images/json?all=1&filters={"dangling":["true"]}')
    assert engine.images.calls[-1] == ("list", {"dangling": ["true"]}, True)
    assert answer.json == [
        {
            "Id": "sha256:" + "1" * 64,
            "ParentId": "",
            "RepoTags": ["demo:1"],
            "RepoDigests": [],
            "Created": 1_700_000_000,
            "Size": 10,
            "SharedSize": -1,
            "Containers": -1,
            "Labels": {"a": "b"},
        }
    ]


async def test_older_clients_find_what_later_versions_removed(client: Client, engine: Engine) -> None:
    assert (await client.ask("GET /v1.43/images/json")).json[0]["VirtualSize"] == 10
    engine.images.images = {"": image(repo_tags=())}
    assert (await client.ask("GET /v1.43/images/json")).json[0]["RepoTags"] == []
    assert (await client.ask("GET /v1.42/images/json")).json[0]["RepoTags"] == ["<none>:<none>"]


async def test_inspect(client: Client) -> None:
    document = (await client.ask("GET /images/demo:1/json")).json
    assert document["Config"] == {"Cmd": ["sh"], "Labels": {"a": "b"}}
    assert document["RootFS"] == {"Type": "layers", "Layers": ["sha256:" + "d" * 64]}
    assert document["Metadata"]["LastTagTime"] == "2023-11-14T22:13:21.000000000Z"
    assert "VirtualSize" not in document
    old = (await client.ask("GET /v1.43/images/demo:1/json")).json
    assert old["VirtualSize"] == 10
    assert old["Config"]["Hostname"] == ""
    assert old["Config"]["Cmd"] == ["sh"]
    assert "ContainerConfig" in old
    assert (await client.ask("GET /images/host:5000/a/b:2/json")).message == "No such image: host:5000/a/b:2"


async def test_history(client: Client) -> None:
    entry = (await client.ask("GET /images/demo:1/history")).json[0]
    assert (entry["CreatedBy"], entry["Tags"], entry["Size"]) == ("CMD x", ["demo:1"], 3)


async def test_tag_and_remove(client: Client, engine: Engine) -> None:
    assert (await client.ask("POST /images/demo:1/tag?repo=other&tag=2")).status == 201
    assert engine.images.calls[-1] == ("tag", "demo:1", "other", "2")
    answer = await client.ask("DELETE /images/a/b:1?force=1&noprune=1")
    assert (answer.status, answer.json) == (200, [{"Untagged": "a/b:1"}])
    assert engine.images.calls[-1] == ("remove", "a/b:1", True, False)


async def test_import(client: Client, engine: Engine) -> None:
    answer = await client.ask("POST /images/create?fromSrc=-&repo=demo&tag=1&message=m&changes=CMD%20x", b"tar" * 1000)
    assert answer.json == {"status": "sha256:" + "1" * 64}
    assert answer.headers["Content-Type"] == "application/json"
    assert engine.images.calls[-1] == ("import", b"tar" * 1000, "demo", "1", ["CMD x"], "m", "")


async def test_an_import_that_fails_has_a_status(client: Client, engine: Engine) -> None:
    engine.images.error = Invalid("archive/tar: invalid tar header")
    answer = await client.ask("POST /images/create?fromSrc=-", b"rubbish")
    assert (answer.status, answer.message) == (400, "archive/tar: invalid tar header")


async def test_load_reports_and_fails_on_the_stream(client: Client, engine: Engine) -> None:
    engine.images.error = Invalid("layer is broken")
    answer = await client.ask("POST /images/load?quiet=0", b"demo:1")
    assert answer.status == 200
    assert [json.loads(line) for line in answer.body.splitlines()] == [
        {"status": "Loading layer", "id": "1"},
        {"stream": "Loaded image: demo:1\n"},
        {"errorDetail": {"message": "layer is broken"}, "error": "layer is broken"},
    ]


@pytest.mark.parametrize("query", ["?quiet=1", ""])
async def test_a_quiet_load_says_nothing_before_an_image_is_there(client: Client, query: str) -> None:
    answer = await client.ask(f"POST /images/load{query}", b"demo:1")
    assert answer.json == {"stream": "Loaded image: demo:1\n"}


async def test_save(client: Client) -> None:
    answer = await client.ask("GET /images/get?names=demo:1&names=demo:1")
    assert answer.headers["Content-Type"] == "application/x-tar"
    assert answer.body == b"sha256:" + b"1" * 64 + b"sha256:" + b"1" * 64
    assert (await client.ask("GET /images/demo:1/get")).body == b"sha256:" + b"1" * 64
    assert (await client.ask("GET /images/get?names=absent")).status == 404
    assert (await client.ask("GET /images/get")).status == 400
