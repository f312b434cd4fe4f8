"""A push brings what the registry has not, says so in Docker's words, and survives what breaks on the way."""

import json

import pytest
from aiohttp import web

from tests.unit.engine.distribution.conftest import BLOBS, IMAGE, LAYERS, PACKED, USER, Client, here, index
from tests.unit.engine.distribution.peer import Peer, digest_of, refused, said
from tests.unit.engine.images.archives import config, descriptor
from wherry.engine.content import Corrupt
from wherry.engine.distribution import uploads
from wherry.engine.distribution.repository import Repository
from wherry.kit.errors import Forbidden, Invalid, NotFound, Unavailable
from wherry.oci.digest import Digest

IDS = [digest_of(layer)[7:19] for layer in LAYERS]
OCI = "application/vnd.oci.image.manifest.v1+json"


@pytest.fixture
async def loaded(client: Client, peer: Peer) -> Client:
    """A client that has ``demo:1``, and a registry that has nothing any more."""
    await client.pull()
    peer.blobs.clear()
    peer.owners.clear()
    peer.manifests.clear()
    peer.seen.clear()
    return client


async def test_everything_is_pushed_and_told(loaded: Client, peer: Peer) -> None:
    lines = await loaded.push()
    assert lines[0] == f"The push refers to repository [{peer.host}/demo]"
    assert lines[1:4] == [f"{id}: Preparing" for id in reversed(IDS)]
    assert {f"{id}: Pushed" for id in IDS} <= set(lines)
    assert lines[-1] == f"1: digest: {digest_of(IMAGE)} size: {len(IMAGE)}"
    assert loaded.told[-1]["aux"] == {"Tag": "1", "Digest": digest_of(IMAGE), "Size": len(IMAGE)}
    assert peer.manifests["demo", "1"] == (OCI, IMAGE)
    assert set(peer.blobs.values()) == {data for data in BLOBS.values() if data != IMAGE}
    assert peer.uploads == {}
    assert ("push", f"{peer.host}/demo:1") in loaded.shelf.told.actions()


async def test_what_is_there_is_not_sent(loaded: Client, peer: Peer) -> None:
    await loaded.push()
    peer.seen.clear()
    lines = await loaded.push()
    assert {f"{id}: Layer already exists" for id in IDS} <= set(lines)
    assert peer.count("/uploads/") == 0


async def test_what_another_repository_has_is_mounted(loaded: Client, peer: Peer) -> None:
    await loaded.push()
    loaded.shelf.images.tag(f"{peer.host}/demo:1", f"{peer.host}/team/app", "2")
    peer.seen.clear()
    lines = await loaded.push("team/app:2")
    assert {f"{id}: Mounted from demo" for id in IDS} <= set(lines)
    assert peer.count("PUT /v2/team/app/blobs") == 1  # the configuration
    image = loaded.shelf.images.get(f"{peer.host}/team/app:2")
    assert f"{peer.host}/team/app@{digest_of(IMAGE)}" in image.repo_digests


async def test_a_mount_that_is_declined_becomes_an_upload(loaded: Client, peer: Peer) -> None:
    loaded.shelf.images.tag(f"{peer.host}/demo:1", f"{peer.host}/team/app", "2")
    lines = await loaded.push("team/app:2")
    assert {f"{id}: Pushed" for id in IDS} <= set(lines)
    assert peer.count("POST /v2/team/app/blobs/uploads/?mount=") == 3
    assert peer.uploads == {}


async def test_all_tags(loaded: Client, peer: Peer) -> None:
    loaded.shelf.images.tag(f"{peer.host}/demo:1", f"{peer.host}/demo", "2")
    lines = await loaded.push("demo")
    assert [line for line in lines if "digest:" in line] == [
        f"{tag}: digest: {digest_of(IMAGE)} size: {len(IMAGE)}" for tag in ("1", "2")
    ]


@pytest.mark.parametrize("text", ["demo:none", "nothing:1", "nothing"])
async def test_an_image_that_is_not_here(loaded: Client, peer: Peer, text: str) -> None:
    with pytest.raises(NotFound) as caught:
        await loaded.push(text)
    name = text.partition(":")[0]
    assert caught.value.message == f"An image does not exist locally with the tag: {peer.host}/{name}"
    assert peer.seen == []


async def test_a_digest_cannot_be_pushed_to(loaded: Client) -> None:
    with pytest.raises(Invalid, match="cannot push a digest reference"):
        await loaded.push(f"demo@{digest_of(IMAGE)}")


async def test_a_registry_that_forbids(loaded: Client, peer: Peer) -> None:
    peer.fault("POST", "/uploads/", refused(403, "DENIED", "requested access to the resource is denied"))
    with pytest.raises(Forbidden, match="denied: requested access to the resource is denied"):
        await loaded.push()


# --- uploads that break ---------------------------------------------------------------------------------------------


def breaking(peer: Peer, after: int) -> object:
    """Takes some bytes of an upload, keeps them, and ends the connection."""

    async def answer(request: web.BaseRequest) -> web.StreamResponse:
        data = await request.content.readexactly(min(after, int(request.headers["Content-Length"])))
        name = request.path.rpartition("/")[2]
        peer.uploads[name].data += data
        assert request.transport is not None
        request.transport.close()
        return web.Response()

    return answer


async def test_an_upload_that_breaks_goes_on_in_chunks(
    loaded: Client, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "CHUNK_BYTES", 64)
    peer.fault("PUT", "/blobs/uploads/", breaking(peer, 10), times=1)  # type: ignore[arg-type]
    peer.fault("PATCH", "/blobs/uploads/", breaking(peer, 20), times=1)  # type: ignore[arg-type]
    await loaded.push()
    assert set(peer.blobs.values()) == {data for data in BLOBS.values() if data != IMAGE}
    ranges = [headers["Content-Range"] for headers in peer.headers if "Content-Range" in headers]
    assert ranges[0] == "0-63"
    assert any(text.startswith("20-") for text in ranges)
    assert loaded.slept == [1, 2]


async def test_a_proxy_with_a_limit_gets_chunks(loaded: Client, peer: Peer) -> None:
    async def too_large(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        return web.Response(status=413, text="Request Entity Too Large")

    peer.fault("PUT", "/blobs/uploads/", too_large, times=1)
    await loaded.push()
    assert peer.count("PATCH /v2/demo/blobs/uploads/") == 1
    assert loaded.slept == [0]


async def test_a_registrys_least_chunk_is_respected(
    loaded: Client, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "CHUNK_BYTES", 16)

    async def begin(request: web.BaseRequest) -> web.StreamResponse:
        response = peer._begin(request, "demo")
        response.headers["OCI-Chunk-Min-Length"] = "100"
        return response

    peer.fault("POST", "/uploads/", begin)
    peer.fault("PUT", "/blobs/uploads/", web.Response(status=502), times=3)
    await loaded.push()
    ranges = [headers["Content-Range"] for headers in peer.headers if "Content-Range" in headers]
    assert "0-99" in ranges
    assert "0-15" not in ranges


async def test_an_upload_that_is_forgotten_begins_again(
    loaded: Client, peer: Peer, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(uploads, "CHUNK_BYTES", 64)
    peer.fault("PUT", "/blobs/uploads/", web.Response(status=502), times=1)

    async def forget(request: web.BaseRequest) -> web.StreamResponse:
        await request.read()
        del peer.uploads[request.path.rpartition("/")[2]]  # not those of the other blobs
        return web.Response(status=500)

    peer.fault("PATCH", "/blobs/uploads/", forget, times=1)
    await loaded.push()
    assert set(peer.blobs.values()) == {data for data in BLOBS.values() if data != IMAGE}


async def test_a_registry_in_trouble_is_given_up(loaded: Client, peer: Peer) -> None:
    peer.fault("POST", "/uploads/", web.Response(status=503))
    with pytest.raises(Unavailable, match="503 Service Unavailable"):
        await loaded.push()
    assert max(loaded.slept) == 8


async def test_a_damaged_blob_is_told_as_what_it_is(loaded: Client) -> None:
    name = Digest.parse(digest_of(PACKED[0]))
    loaded.shelf.content.path(name).write_bytes(b"x" * len(PACKED[0]))
    with pytest.raises(Corrupt, match="damaged on disk"):
        await loaded.push()


async def test_a_registry_that_stores_something_else_is_found_out(loaded: Client, peer: Peer) -> None:
    peer.fault("PUT", "/manifests/", said(201, Docker_Content_Digest=digest_of(b"x")))
    with pytest.raises(Invalid, match="the registry stored"):
        await loaded.push()


# --- indexes ---------------------------------------------------------------------------------------------------------


async def test_an_index_is_pushed_with_its_images(loaded: Client, peer: Peer) -> None:
    data = index(descriptor(OCI, IMAGE, platform=here()))
    root = loaded.shelf.content.write(data)
    reference = loaded.reference("demo:multi")
    pushes = loaded.operations._pushes
    async with loaded.operations._connector.client() as http:
        connection = await loaded.operations._connector.own(http, reference.domain, USER)
        repository = Repository(connection, "demo")
        pushed = await pushes.push(repository, root, reference, lambda message: None)
    assert pushed.digest == root
    assert peer.manifests["demo", "multi"][1] == data
    assert ("demo", digest_of(IMAGE)) in peer.manifests
    assert json.loads(data)["manifests"][0]["digest"] == digest_of(IMAGE)


async def test_an_index_whose_images_are_nowhere_is_refused(loaded: Client, peer: Peer) -> None:
    settings = config([b"x"])
    root = loaded.shelf.content.write(index(descriptor(OCI, settings)))
    reference = loaded.reference("demo:multi")
    async with loaded.operations._connector.client() as http:
        connection = await loaded.operations._connector.own(http, reference.domain, USER)
        with pytest.raises(NotFound, match="is neither here nor in"):
            await loaded.operations._pushes.push(Repository(connection, "demo"), root, reference, lambda message: None)
