"""CHECKS B03: a registry that lies about digests, sizes, types or contents. Each pull fails, and nothing is stored."""

import gzip
import json
from collections.abc import Callable
from typing import Any

import pytest
from aiohttp import web

from tests.unit.engine.distribution.conftest import BLOBS, IMAGE, LAYERS, PACKED, Client, here, index
from tests.unit.engine.distribution.peer import Peer, chunked, cut, digest_of, said
from tests.unit.engine.images.archives import config, descriptor, tar
from wherry.kit.errors import WherryError

OCI = "application/vnd.oci.image.manifest.v1+json"
INDEX = "application/vnd.oci.image.index.v1+json"
CONFIG = "application/vnd.oci.image.config.v1+json"
LAYER = "application/vnd.oci.image.layer.v1.tar+gzip"
SETTINGS = config(LAYERS)

Lie = Callable[[Peer], None]


def manifest(layers: Any = None, settings: Any = None, **more: Any) -> bytes:
    """A manifest whose parts are what a lie needs them to be."""
    document = {
        "schemaVersion": 2,
        "mediaType": OCI,
        "config": settings or descriptor(CONFIG, SETTINGS),
        "layers": [descriptor(LAYER, packed) for packed in PACKED] if layers is None else layers,
        **more,
    }
    return json.dumps({name: value for name, value in document.items() if value is not None}).encode()


def put(data: bytes, media_type: str = OCI, *blobs: bytes) -> Lie:
    """The tag has another manifest, and there are more blobs."""

    def tell(peer: Peer) -> None:
        peer.add_manifest("demo", data, media_type, "1")
        for blob in blobs:
            peer.add_blob("demo", blob)

    return tell


def at(pattern: str, answer: Any, times: int | None = None) -> Lie:
    """``answer`` to whoever asks there."""

    def tell(peer: Peer) -> None:
        peer.fault("GET", pattern, answer, times)

    return tell


def blob(data: bytes, answer: Any, times: int | None = None) -> Lie:
    """``answer`` to whoever wants the blob ``data``."""
    return at(f"/blobs/{digest_of(data)}", answer, times)


def all_of(*lies: Lie) -> Lie:
    def tell(peer: Peer) -> None:
        for lie in lies:
            lie(peer)

    return tell


def body(data: bytes, **headers: str) -> web.Response:
    return web.Response(body=data, headers={name.replace("_", "-"): value for name, value in headers.items()})


def answer_to_manifest(data: bytes, **headers: str) -> Lie:
    return at("/manifests/", body(data, **{"Content_Type": OCI, **headers}))


def answer_for_child(data: bytes) -> Lie:
    return at(f"/manifests/{digest_of(IMAGE)}", body(data, Content_Type=OCI))


def in_index(entry: dict[str, Any]) -> Lie:
    return put(index({**entry, "platform": here()}), INDEX)


def endless_index(peer: Peer) -> None:
    """Indexes below one another, more than anybody needs."""
    data = IMAGE
    media_type = OCI
    for _ in range(6):
        data = index(descriptor(media_type, data, platform=here()))
        media_type = INDEX
        peer.add_manifest("demo", data, INDEX, "1")


def entry(digest: str, size: int, media_type: str = LAYER) -> dict[str, Any]:
    return {"mediaType": media_type, "digest": digest, "size": size}


async def wrong_range(request: web.BaseRequest) -> web.StreamResponse:
    return web.Response(status=206, body=FIRST[40:], headers={"Content-Range": f"bytes 40-{len(FIRST) - 1}/*"})


async def redirect(location: str) -> web.StreamResponse:
    return web.Response(status=307, headers={"Location": location})


OTHER = gzip.compress(tar({"a": b"evil"}), mtime=0)
FIRST, REST = PACKED[0], [descriptor(LAYER, packed) for packed in PACKED[1:]]
TORN = gzip.compress(LAYERS[0], mtime=0)[:-9]
NO_TAR = gzip.compress(b"no tar" * 1000, mtime=0)
BAD_CONFIG = b'{"rootfs": []}'
WINDOWS = config(LAYERS, os="windows")
SHORT_CONFIG = config(LAYERS[:2])
WRONG_DIFF_ID = config([LAYERS[0], LAYERS[2], LAYERS[1]])
SWAPPED = FIRST[:-1] + bytes([FIRST[-1] ^ 1])

VERIFIED = "filesystem layer verification failed|layer is not valid gzip"  # whoever comes to it first

LIES: dict[str, tuple[Lie, str]] = {
    # --- manifests
    "a manifest under another's digest": (in_index({**descriptor(OCI, IMAGE), "digest": digest_of(b"x")}), "not found"),
    "a manifest that is not its digest": (
        all_of(in_index(descriptor(OCI, IMAGE)), answer_for_child(manifest(annotations={"a": "b"}))),
        "manifest verification failed for digest",
    ),
    "a header with another digest": (
        answer_to_manifest(IMAGE, Docker_Content_Digest=digest_of(b"x")),
        "manifest verification failed for digest",
    ),
    "a header that is no digest": (answer_to_manifest(IMAGE, Docker_Content_Digest="sha256:../x"), "digest format"),
    "a header with an unknown algorithm": (
        answer_to_manifest(IMAGE, Docker_Content_Digest="md5:" + "0" * 32),
        "unsupported digest algorithm",
    ),
    "a type that is not the document's own": (put(IMAGE, INDEX), "its source that it is"),
    "a type that is no manifest's": (put(IMAGE, "application/json"), "its source that it is"),
    "an index and a manifest at once (CVE-2021-41190)": (put(manifest(manifests=[])), "ambiguous"),
    "an index called a manifest": (
        put(index(descriptor(OCI, IMAGE), mediaType=None), OCI),
        "has the members of an index",
    ),
    "a child whose size is not what the index says": (
        in_index({**descriptor(OCI, IMAGE), "size": len(IMAGE) + 1}),
        "its descriptor says",
    ),
    "a child whose type is not what the index says": (
        in_index({**descriptor(OCI, IMAGE), "mediaType": "application/vnd.docker.distribution.manifest.v2+json"}),
        "its descriptor says",
    ),
    "a manifest too large": (put(manifest(annotations={"a": "x" * (4 << 20)})), "more than 4194304 bytes"),
    "a manifest that is not JSON": (put(b"<html>"), "not valid JSON"),
    "a manifest without a bottom": (put(b'{"a":' * 100_000), "not valid JSON"),
    "a manifest of schema 1": (
        put(b'{"schemaVersion": 1, "fsLayers": []}', "application/vnd.docker.distribution.manifest.v1+prettyjws"),
        "schema 1",
    ),
    "indexes without end": (endless_index, "nested"),
    "more layers than can be stacked": (put(manifest([descriptor(LAYER, FIRST)] * 126)), "max depth exceeded"),
    "a descriptor that leads out of the store": (put(manifest([entry("sha256:../../etc/passwd", 1)])), "digest format"),
    "a descriptor of negative size": (put(manifest([entry(digest_of(FIRST), -1)])), "negative size"),
    "a layer of an unknown kind": (put(manifest([descriptor("a/b", FIRST), *REST])), "unsupported media type"),
    "two sizes of one layer": (
        put(manifest([descriptor(LAYER, FIRST), entry(digest_of(FIRST), 3), REST[0]])),
        "two sizes",
    ),
    # --- configurations
    "a configuration that is not its digest": (blob(SETTINGS, body(SETTINGS[:-1] + b" ")), "config verification"),
    "a configuration that is longer": (blob(SETTINGS, chunked(SETTINGS + b" ")), f"more than {len(SETTINGS)} bytes"),
    "a configuration too large": (
        put(manifest(settings={**descriptor(CONFIG, SETTINGS), "size": 5 << 20})),
        "at most 4194304",
    ),
    "a configuration that makes no sense": (
        put(manifest(settings=descriptor(CONFIG, BAD_CONFIG)), OCI, BAD_CONFIG),
        "image configuration",
    ),
    "a configuration of another system": (
        put(manifest(settings=descriptor(CONFIG, WINDOWS)), OCI, WINDOWS),
        'operating system "windows"',
    ),
    "fewer diff ids than layers": (
        put(manifest(settings=descriptor(CONFIG, SHORT_CONFIG)), OCI, SHORT_CONFIG),
        "layers length mismatch",
    ),
    "diff ids of other layers": (
        put(manifest(settings=descriptor(CONFIG, WRONG_DIFF_ID)), OCI, WRONG_DIFF_ID),
        "invalid diffID for layer 1",
    ),
    # --- layers
    "a layer that is not its digest": (blob(FIRST, body(SWAPPED)), VERIFIED),
    "another layer of another size": (blob(FIRST, body(OTHER)), "its descriptor says"),
    "a layer without an end": (blob(FIRST, chunked(FIRST + b"x" * 3_000_000)), "more than the announced"),
    "a layer that is shorter": (blob(FIRST, body(FIRST[:-1])), "its descriptor says"),
    "a layer that always breaks off": (blob(FIRST, cut(FIRST, 0)), "broke off"),
    "another part than the one asked for": (
        all_of(blob(FIRST, cut(FIRST, 50), times=1), blob(FIRST, wrong_range)),
        "206 Partial Content to a request from byte 50",
    ),
    "a layer that is no tar": (put(manifest([descriptor(LAYER, NO_TAR), *REST]), OCI, NO_TAR), "tar"),
    "a layer that is cut off inside": (put(manifest([descriptor(LAYER, TORN), *REST]), OCI, TORN), "gzip|truncated"),
    # --- elsewhere
    "a redirect in a circle": (
        blob(FIRST, lambda request: redirect(str(request.path))),
        "redirected more than 5 times",
    ),
    "a redirect to no server": (blob(FIRST, said(307, Location="file:///etc/passwd")), "not an http or https"),
    "a redirect to other bytes": (
        all_of(blob(FIRST, said(307, Location="/elsewhere")), at("/elsewhere", body(SWAPPED))),
        VERIFIED,
    ),
}


@pytest.mark.parametrize(("lie", "words"), LIES.values(), ids=LIES.keys())
async def test_b03_a_lie_is_found_out_and_nothing_is_stored(client: Client, peer: Peer, lie: Lie, words: str) -> None:
    lie(peer)
    with pytest.raises(WherryError, match=words):
        await client.pull()
    client.assert_nothing_is_stored()


@pytest.mark.parametrize(("lie", "words"), LIES.values(), ids=LIES.keys())
async def test_b03_what_was_here_before_a_lie_stays(client: Client, peer: Peer, lie: Lie, words: str) -> None:
    peer.add_image("honest", IMAGE, BLOBS, "1")
    await client.pull("honest:1")
    blobs = client.shelf.blobs()
    lie(peer)
    try:
        await client.pull()
    except WherryError:
        pass
    else:  # the lie was about what is here already and was not fetched
        assert client.shelf.images.get(f"{peer.host}/demo:1").id == digest_of(SETTINGS)
    assert client.shelf.blobs() == blobs
    assert client.shelf.images.get(f"{peer.host}/honest:1").manifest == digest_of(IMAGE)


async def test_b03_a_digest_is_asked_of_the_repository_although_its_image_is_here(client: Client, peer: Peer) -> None:
    """An image of one repository is not to be had by naming its digest in another (moby 4b9902b)."""
    await client.pull()
    with pytest.raises(WherryError, match="not found"):
        await client.pull(f"private@{digest_of(IMAGE)}")
    assert list(client.shelf.images.get(f"{peer.host}/demo:1").repo_digests) == [f"{peer.host}/demo@{digest_of(IMAGE)}"]


async def test_b03_a_tag_that_changes_under_us_gives_one_image_or_the_other(client: Client, peer: Peer) -> None:
    data = index(descriptor(OCI, IMAGE, platform=here()))
    peer.add_manifest("demo", data, INDEX, "1")

    async def moved(request: web.BaseRequest) -> web.StreamResponse:
        peer.add_manifest("demo", b"{}", OCI, "1")
        return body(data, Content_Type=INDEX)

    peer.fault("GET", "/manifests/1", moved, times=1)
    await client.pull()
    assert client.shelf.images.get(f"{peer.host}/demo:1").manifest == digest_of(IMAGE)
