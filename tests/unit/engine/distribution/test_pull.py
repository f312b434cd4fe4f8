"""A pull brings a whole image, or nothing, and says what it does."""

import asyncio
import json
import time

import pytest
from aiohttp import web

from tests.unit.engine.distribution.conftest import BLOBS, IMAGE, LAYERS, PACKED, USER, Client, here, index, until
from tests.unit.engine.distribution.peer import Peer, cut, digest_of, refused
from tests.unit.engine.images.archives import config, descriptor, oci_image, tar
from wherry.engine.content.ingest import Ingest
from wherry.engine.content.space import Full
from wherry.kit.errors import Invalid, NotFound, TooManyRequests, Unavailable, Unsupported
from wherry.oci.digest import Digest

OCI = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
IDS = [digest_of(packed)[7:19] for packed in PACKED]


async def test_an_image_is_pulled_and_told_in_dockers_words(client: Client) -> None:
    lines = await client.pull()
    host = client.peer.host
    assert lines[0] == "1: Pulling from demo"
    assert lines[-2:] == [f"Digest: {digest_of(IMAGE)}", f"Status: Downloaded newer image for {host}/demo:1"]
    for id in IDS:
        states = [line.partition(": ")[2] for line in lines if line.startswith(id)]
        assert states[0] == "Pulling fs layer"
        assert states[-1] == "Pull complete"
        assert states.index("Verifying Checksum") < states.index("Download complete")
    image = client.shelf.images.get(f"{host}/demo:1")
    assert image.repo_digests == (f"{host}/demo@{digest_of(IMAGE)}",)
    assert client.shelf.blobs() == {digest_of(data) for data in BLOBS.values()}
    assert len(client.shelf.snapshots.list()) == len(LAYERS)
    assert client.shelf.content.ingests() == {}
    assert ("pull", f"{host}/demo:1") in client.shelf.told.actions()


async def test_progress_has_numbers(client: Client) -> None:
    await client.pull()
    downloading = [message for message in client.told if message["status"] == "Downloading"]
    assert downloading
    assert all(message["progressDetail"]["total"] for message in downloading)
    assert downloading[-1]["progress"].startswith("[====")


async def test_the_same_tag_again_costs_one_question(client: Client, peer: Peer) -> None:
    await client.pull()
    peer.seen.clear()
    lines = await client.pull()
    assert lines[-1] == f"Status: Image is up to date for {peer.host}/demo:1"
    assert [line for line in peer.seen if "/v2/demo" in line] == ["HEAD /v2/demo/manifests/1"]


async def test_a_tag_that_moved_is_pulled_anew_and_shared_layers_are_not(client: Client, peer: Peer) -> None:
    await client.pull()
    manifest, blobs = oci_image([*LAYERS, tar({"d": b"4"})])
    peer.add_image("demo", manifest, blobs, "1")
    peer.seen.clear()
    lines = await client.pull()
    assert lines[-1].startswith("Status: Downloaded newer image")
    assert [f"{id}: Already exists" in lines for id in IDS] == [True] * 3
    assert peer.count("/blobs/") == 2  # the new layer and the configuration


async def test_an_image_that_is_here_under_another_name_is_only_named(client: Client, peer: Peer) -> None:
    await client.pull()
    peer.add_image("other", IMAGE, BLOBS, "2")
    peer.seen.clear()
    await client.pull("other:2")
    assert peer.count("/blobs/") == 0
    assert client.shelf.images.count() == 1


async def test_by_digest(client: Client, peer: Peer) -> None:
    text = f"demo@{digest_of(IMAGE)}"
    lines = await client.pull(text)
    assert lines[-1] == f"Status: Downloaded newer image for {peer.host}/{text}"
    image = client.shelf.images.get(f"{peer.host}/{text}")
    assert image.repo_tags == ()
    assert (await client.pull(text))[-1] == f"Status: Image is up to date for {peer.host}/{text}"


async def test_all_tags(client: Client, peer: Peer) -> None:
    manifest, blobs = oci_image([tar({"z": b"z"})])
    peer.add_image("demo", manifest, blobs, "2", "3")
    peer.page = 1
    lines = await client.pull("demo")
    assert [line for line in lines if "Pulling from" in line] == [
        f"{tag}: Pulling from demo" for tag in ("1", "2", "3")
    ]
    assert lines[-1] == f"Status: Downloaded newer image for {peer.host}/demo"
    assert client.shelf.images.count() == 2
    assert (await client.pull("demo"))[-1] == f"Status: Image is up to date for {peer.host}/demo"


# --- indexes and platforms ------------------------------------------------------------------------------------------


async def test_an_index_gives_this_machines_image_and_its_own_digest(client: Client, peer: Peer) -> None:
    other, _ = oci_image([tar({"x": b"x"})])
    data = index(
        descriptor(OCI, other, platform={"os": "linux", "architecture": "s390x"}),
        descriptor(OCI, IMAGE, platform=here()),
    )
    peer.add_manifest("demo", data, INDEX, "multi")
    lines = await client.pull("demo:multi")
    assert lines[-2] == f"Digest: {digest_of(data)}"
    image = client.shelf.images.get(f"{peer.host}/demo:multi")
    assert image.manifest == digest_of(IMAGE)
    assert image.repo_digests == (f"{peer.host}/demo@{digest_of(data)}",)


async def test_another_platform_on_request(client: Client, peer: Peer) -> None:
    layers = [tar({"x": b"x"})]
    manifest, blobs = oci_image(layers, config(layers, architecture="s390x"))
    peer.add_image("demo", manifest, blobs)
    data = index(
        descriptor(OCI, manifest, platform={"os": "linux", "architecture": "s390x"}),
        descriptor(OCI, IMAGE, platform=here()),
    )
    peer.add_manifest("demo", data, INDEX, "multi")
    await client.pull("demo:multi", platform="linux/s390x")
    assert client.shelf.images.get(f"{peer.host}/demo:multi").config.architecture == "s390x"
    lines = await client.pull("demo:multi")  # this machine's again, although the index is the same
    assert lines[-1].startswith("Status: Downloaded newer image")
    assert client.shelf.images.get(f"{peer.host}/demo:multi").config.architecture == "amd64"
    with pytest.raises(NotFound, match="no matching manifest for linux/riscv64 in the manifest list entries"):
        await client.pull("demo:multi", platform="linux/riscv64")


async def test_an_image_for_another_platform_than_asked_for_is_refused(client: Client) -> None:
    with pytest.raises(NotFound, match=r"platform \(linux/amd64\) does not match the specified platform"):
        await client.pull(platform="linux/s390x")
    client.assert_nothing_is_stored()


async def test_so_it_is_when_it_is_here(client: Client) -> None:
    await client.pull()
    with pytest.raises(NotFound, match="does not match the specified platform"):
        await client.pull(platform="linux/s390x")


async def test_an_artifact_is_no_image(client: Client, peer: Peer) -> None:
    blob = peer.add_blob("demo", b"{}")
    entry = {"mediaType": "application/vnd.cncf.helm.config.v1+json", "digest": blob, "size": 2}
    data = json.dumps({"schemaVersion": 2, "mediaType": OCI, "config": entry, "layers": [entry]}).encode()
    peer.add_manifest("demo", data, OCI, "chart")
    with pytest.raises(Unsupported, match="helm"):
        await client.pull("demo:chart")


# --- what a registry refuses ----------------------------------------------------------------------------------------


async def test_a_tag_that_is_not_there(client: Client, peer: Peer) -> None:
    with pytest.raises(NotFound) as caught:
        await client.pull("demo:none")
    assert caught.value.message == (f"manifest for {peer.host}/demo:none not found: manifest unknown: manifest unknown")
    assert client.told == []


async def test_a_repository_that_denies(client: Client, peer: Peer) -> None:
    peer.fault("GET", "/manifests/", refused(403, "DENIED", "requested access to the resource is denied"))
    with pytest.raises(NotFound) as caught:
        await client.pull()
    assert caught.value.message == (
        f"pull access denied for {peer.host}/demo, repository does not exist or may require 'docker login': "
        "denied: requested access to the resource is denied"
    )


async def test_a_rate_limit_is_shown(client: Client, peer: Peer) -> None:
    limit = "You have reached your pull rate limit. You may increase the limit by authenticating and upgrading"
    peer.fault("GET", "/manifests/", refused(429, "TOOMANYREQUESTS", limit))
    with pytest.raises(TooManyRequests) as caught:
        await client.pull()
    assert caught.value.message == f"toomanyrequests: {limit}"
    assert client.slept == []


async def test_a_registry_that_is_busy_is_asked_again(client: Client, peer: Peer) -> None:
    headers = {"Retry-After": "7"}
    peer.fault("GET", "/manifests/1", refused(429, "TOOMANYREQUESTS", "slowly", **headers), times=1)
    peer.fault("GET", "/manifests/1", web.Response(status=503), times=1)
    await client.pull()
    assert client.slept == [7, 2]


# --- broken connections ----------------------------------------------------------------------------------------------


async def test_a_broken_download_goes_on_where_it_stopped(client: Client, peer: Peer) -> None:
    data = PACKED[0]
    peer.fault("GET", digest_of(data), cut(data, 100), times=1)
    lines = await client.pull()
    assert f"{IDS[0]}: Retrying in 1 second" in lines
    ranges = [headers.get("Range") for headers in peer.headers if "Range" in headers]
    assert ranges == ["bytes=100-"]


async def test_a_server_without_ranges_sends_all_again(client: Client, peer: Peer) -> None:
    data = PACKED[0]
    peer.fault("GET", digest_of(data), cut(data, 100), times=1)
    peer.fault("GET", digest_of(data), web.Response(body=data), times=1)
    await client.pull()
    assert client.shelf.images.count() == 1


async def test_a_download_that_never_gets_on_is_given_up_and_goes_on_next_time(client: Client, peer: Peer) -> None:
    data = PACKED[0]
    first = peer.fault("GET", digest_of(data), cut(data, 100), times=1)
    peer.fault("GET", digest_of(data), web.Response(status=502))
    with pytest.raises(Unavailable, match="502 Bad Gateway"):
        await client.pull()
    assert first.times == 0
    assert client.slept == [1, 2, 4, 8][: len(client.slept)]
    client.assert_nothing_is_stored()
    assert client.shelf.content.ingests()[f"pull {digest_of(data)}"] == 100
    peer.faults.clear()
    peer.headers.clear()
    await client.pull()
    assert "bytes=100-" in [headers.get("Range") for headers in peer.headers]
    assert client.shelf.images.count() == 1
    assert client.shelf.content.ingests() == {}


async def test_what_arrived_is_not_fetched_again_after_a_restart(client: Client, peer: Peer) -> None:
    async def refuse_later(request: web.BaseRequest) -> web.StreamResponse:
        await until(lambda: f"{IDS[0]}: Download complete" in client.lines())
        return refused(404, "BLOB_UNKNOWN", "blob unknown to registry")

    peer.fault("GET", digest_of(PACKED[2]), refuse_later)
    with pytest.raises(NotFound, match="blob unknown"):
        await client.pull()
    client.assert_nothing_is_stored()
    client.shelf.again()
    kept = client.shelf.content.ingests()
    assert kept[f"pull {digest_of(PACKED[0])}"] == len(PACKED[0])
    peer.faults.clear()
    peer.seen.clear()
    await client.pull()
    assert peer.count(digest_of(PACKED[0])) == 0
    assert client.shelf.images.count() == 1


async def test_what_nobody_goes_on_with_is_pruned(client: Client, peer: Peer) -> None:
    peer.fault("GET", digest_of(PACKED[0]), cut(PACKED[0], 100), times=1)
    peer.fault("GET", digest_of(PACKED[0]), refused(403, "DENIED", "no more"))
    with pytest.raises(NotFound):
        await client.pull()
    images = client.shelf.images
    images.ledger.now = lambda: time.time_ns() + 1_000_000_000
    images.recover()
    assert client.shelf.content.ingests()
    images.prune({}, lambda image: [])
    assert client.shelf.content.ingests() == {}


async def test_a_full_disk_leaves_nothing(client: Client, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: Ingest, data: bytes) -> int:
        raise Full("cannot store a blob: no space left on device")

    monkeypatch.setattr(Ingest, "write", full)
    with pytest.raises(Unavailable, match="no space left on device"):
        await client.pull()
    client.assert_nothing_is_stored()
    assert client.shelf.content.ingests() == {}


async def test_a_failed_extraction_leaves_no_image(client: Client) -> None:
    client.shelf.snapshots.fail = Invalid("layer is hostile")
    with pytest.raises(Invalid, match="hostile"):
        await client.pull()
    client.assert_nothing_is_stored()
    client.shelf.snapshots.fail = None
    await client.pull()
    assert client.shelf.images.count() == 1


async def test_a_pull_that_is_given_up_ends_at_once_and_leaves_nothing(client: Client, peer: Peer) -> None:
    asked = asyncio.Event()

    async def silent(request: web.BaseRequest) -> web.StreamResponse:
        asked.set()
        await asyncio.Event().wait()
        raise AssertionError

    peer.fault("GET", digest_of(PACKED[1]), silent)
    pulling = asyncio.ensure_future(client.pull())
    await asked.wait()
    pulling.cancel()
    with pytest.raises(asyncio.CancelledError):
        await pulling
    client.assert_nothing_is_stored()


async def test_two_pulls_share_what_arrives(client: Client, peer: Peer) -> None:
    peer.add_image("other", IMAGE, BLOBS, "2")
    first = client.operations.pull(client.reference("demo:1"), None, USER, lambda message: None)
    second = client.operations.pull(client.reference("other:2"), None, USER, lambda message: None)
    one, two = await asyncio.gather(first, second)
    assert one.image.id == two.image.id
    for packed in PACKED:
        assert (
            peer.count(f"GET /v2/demo/blobs/{digest_of(packed)}")
            + peer.count(f"GET /v2/other/blobs/{digest_of(packed)}")
            == 1
        )
    assert client.shelf.content.ingests() == {}


async def test_a_pull_takes_over_what_another_gave_up(client: Client, peer: Peer) -> None:
    peer.add_image("other", IMAGE, BLOBS, "2")
    name = digest_of(PACKED[0])
    peer.fault("GET", f"/v2/demo/blobs/{name}", cut(PACKED[0], 100), times=1)
    asked, go_on = asyncio.Event(), asyncio.Event()

    async def refuse(request: web.BaseRequest) -> web.StreamResponse:
        asked.set()
        await go_on.wait()
        return refused(403, "DENIED", "no more")

    peer.fault("GET", f"/v2/demo/blobs/{name}", refuse)
    first = asyncio.ensure_future(client.pull())
    await asked.wait()
    second = asyncio.ensure_future(
        client.operations.pull(client.reference("other:2"), None, USER, lambda message: None)
    )
    await until(lambda: peer.count("/v2/other/blobs"))
    go_on.set()
    with pytest.raises(NotFound, match="no more"):
        await first
    await second
    assert client.shelf.images.count() == 1
    assert peer.headers[peer.seen.index(f"GET /v2/other/blobs/{name}")]["Range"] == "bytes=100-"


# --- mirrors ---------------------------------------------------------------------------------------------------------


async def test_a_mirror_is_asked_first(client: Client, peer: Peer) -> None:
    peer.add_image("hub/library/demo", IMAGE, BLOBS, "1")
    client.mirrors = [f"{peer.url}/hub"]
    told: list[dict[str, object]] = []
    reference = client.reference("x").parse("demo:1")
    await client.operations.pull_told(reference, "", USER, told.append)
    assert told[0] == {"status": "Pulling from library/demo", "id": "1"}
    assert client.shelf.images.get("demo:1").repo_digests == (f"demo@{digest_of(IMAGE)}",)
    assert all("Authorization" not in headers for headers in peer.headers)


@pytest.mark.parametrize(
    "answer",
    [refused(404, "MANIFEST_UNKNOWN", "manifest unknown"), web.Response(status=500), web.Response(text="lies")],
)
async def test_a_mirror_that_does_not_serve_is_passed_over(client: Client, peer: Peer, answer: web.Response) -> None:
    async with Peer().serving() as mirror:
        mirror.fault("GET", "/", answer)
        client.mirrors = [f"{peer.host}={mirror.url}", f"{peer.host}=http://127.0.0.1:1"]
        await client.pull()
        assert mirror.seen
    assert client.shelf.images.count() == 1


async def test_a_mirror_that_breaks_in_the_middle_is_passed_over_and_its_bytes_are_kept(
    client: Client, peer: Peer
) -> None:
    async with Peer().serving() as mirror:
        mirror.add_image("demo", IMAGE, BLOBS, "1")
        name = digest_of(PACKED[0])
        mirror.fault("GET", name, cut(PACKED[0], 100), times=1)
        mirror.fault("GET", name, refused(404, "BLOB_UNKNOWN", "gone"))
        client.mirrors = [f"{peer.host}={mirror.url}"]
        await client.pull()
    assert "bytes=100-" in [headers.get("Range") for headers in peer.headers]
    assert client.shelf.content.has(Digest.parse(name))
