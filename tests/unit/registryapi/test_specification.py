"""The distribution specification's workflows, in the order of its conformance suite: pull, push, discover, manage.

Written from the specification's text (v1.1.1); each row names its endpoint there ("end-1" … "end-13").
"""

import pytest

from tests.unit.engine.registry.conftest import descriptor, index_of, manifest_of
from wherry.oci import mediatypes
from wherry.oci.digest import Digest

CONFIG, LAYER = b'{"architecture":"amd64","os":"linux","rootfs":{"type":"layers","diff_ids":[]}}', b"a layer"
MANIFEST = manifest_of(LAYER, config=CONFIG)
DIGEST = Digest.of(MANIFEST)
ABSENT = Digest.of(b"absent")


async def filled(served) -> None:
    for data in (CONFIG, LAYER, b"{}"):
        await served.push_blob("r/x", data)
    for tag in ("one", "two"):
        assert (await served.push_manifest("r/x", tag, MANIFEST)).status == 201
    signature = manifest_of(subject=descriptor(MANIFEST, mediatypes.OCI_MANIFEST), artifactType="a/b")
    assert (await served.push_manifest("r/x", Digest.of(signature), signature)).status == 201


@pytest.mark.parametrize(
    ("endpoint", "method", "path", "status", "code"),
    [
        ("end-1", "GET", "/v2/", 200, ""),
        ("end-2", "GET", f"/v2/r/x/blobs/{Digest.of(LAYER)}", 200, ""),
        ("end-2", "HEAD", f"/v2/r/x/blobs/{Digest.of(LAYER)}", 200, ""),
        ("end-2", "GET", f"/v2/r/x/blobs/{ABSENT}", 404, "BLOB_UNKNOWN"),
        ("end-2", "HEAD", f"/v2/r/x/blobs/{ABSENT}", 404, ""),
        ("end-2", "GET", f"/v2/r/y/blobs/{Digest.of(LAYER)}", 404, "BLOB_UNKNOWN"),
        ("end-3", "GET", "/v2/r/x/manifests/one", 200, ""),
        ("end-3", "HEAD", "/v2/r/x/manifests/one", 200, ""),
        ("end-3", "GET", f"/v2/r/x/manifests/{DIGEST}", 200, ""),
        ("end-3", "GET", "/v2/r/x/manifests/.INVALID_MANIFEST_NAME", 404, "MANIFEST_UNKNOWN"),
        ("end-3", "HEAD", "/v2/r/x/manifests/absent", 404, ""),
        ("end-3", "GET", "/v2/r/y/manifests/one", 404, "MANIFEST_UNKNOWN"),
        ("end-8a", "GET", "/v2/r/x/tags/list", 200, ""),
        ("end-8b", "GET", "/v2/r/x/tags/list?n=1&last=one", 200, ""),
        ("end-8a", "GET", "/v2/r/y/tags/list", 404, "NAME_UNKNOWN"),
        ("end-12a", "GET", f"/v2/r/x/referrers/{DIGEST}", 200, ""),
        ("end-12b", "GET", f"/v2/r/x/referrers/{DIGEST}?artifactType=a/b", 200, ""),
        ("end-12a", "GET", f"/v2/r/x/referrers/{ABSENT}", 200, ""),
        ("end-12a", "GET", f"/v2/r/y/referrers/{DIGEST}", 200, ""),
        ("end-12a", "GET", "/v2/r/x/referrers/one", 400, "DIGEST_INVALID"),
        ("end-9", "DELETE", "/v2/r/x/manifests/one", 202, ""),
        ("end-9", "DELETE", f"/v2/r/x/manifests/{DIGEST}", 202, ""),
        ("end-9", "DELETE", "/v2/r/x/manifests/absent", 404, "MANIFEST_UNKNOWN"),
        ("end-10", "DELETE", f"/v2/r/x/blobs/{Digest.of(LAYER)}", 202, ""),
        ("end-10", "DELETE", f"/v2/r/x/blobs/{ABSENT}", 404, "BLOB_UNKNOWN"),
        ("end-4a", "POST", "/v2/r/x/blobs/uploads/", 202, ""),
        ("end-11", "POST", f"/v2/r/y/blobs/uploads/?mount={Digest.of(LAYER)}&from=r/x", 201, ""),
        ("end-11", "POST", f"/v2/r/y/blobs/uploads/?mount={ABSENT}&from=r/x", 202, ""),
        ("end-11", "POST", f"/v2/r/y/blobs/uploads/?mount={Digest.of(LAYER)}", 202, ""),
        ("end-13", "GET", "/v2/r/x/blobs/uploads/absent", 404, "BLOB_UPLOAD_UNKNOWN"),
        ("end-5", "PATCH", "/v2/r/x/blobs/uploads/absent", 404, "BLOB_UPLOAD_UNKNOWN"),
        ("end-6", "PUT", f"/v2/r/x/blobs/uploads/absent?digest={ABSENT}", 404, "BLOB_UPLOAD_UNKNOWN"),
    ],
)
async def test_endpoints(serve, endpoint: str, method: str, path: str, status: int, code: str) -> None:
    async with serve(allow_delete=True) as served:
        await filled(served)
        answer = await served.ask(method, path)
        assert (answer.status, answer.code if code else "") == (status, code)
        assert answer.headers["docker-distribution-api-version"] == "registry/2.0"
        assert status not in (201, 202) or method == "DELETE" or answer.headers["location"].startswith("/v2/r/")


async def test_pull_by_tag_leads_to_every_blob(serve) -> None:
    async with serve() as served:
        await filled(served)
        manifest = await served.ask("GET", "/v2/r/x/manifests/one", Accept=mediatypes.OCI_MANIFEST)
        assert Digest.of(manifest.body) == DIGEST
        document = manifest.json()
        for one in (document["config"], *document["layers"]):
            blob = await served.ask("GET", f"/v2/r/x/blobs/{one['digest']}")
            assert str(Digest.of(blob.body)) == one["digest"]


@pytest.mark.parametrize("kind", ["monolithic", "post-put", "chunked", "streamed"])
async def test_every_way_to_push_a_blob_ends_at_the_same_place(serve, kind: str) -> None:
    async with serve() as served:
        query = f"digest={Digest.of(LAYER)}"
        if kind == "monolithic":
            done = await served.ask("POST", f"/v2/r/x/blobs/uploads/?{query}", LAYER)
        else:
            location = (await served.ask("POST", "/v2/r/x/blobs/uploads/", b"")).headers["location"]
            if kind == "chunked":
                answer = await served.ask("PATCH", location, LAYER[:3], Content_Range="0-2")
                assert (answer.status, answer.headers["range"]) == (202, "0-2")
                location = answer.headers["location"]
                again = await served.ask("PATCH", location, LAYER[:3], Content_Range="0-2")
                assert again.status == 416
                status = await served.ask("GET", location)
                assert (status.status, status.headers["range"]) == (204, "0-2")
                last = {"Content_Range": f"3-{len(LAYER) - 1}"}
                done = await served.ask("PUT", f"{location}?{query}", LAYER[3:], **last)
            elif kind == "streamed":
                location = (await served.ask("PATCH", location, LAYER)).headers["location"]
                done = await served.ask("PUT", f"{location}?{query}", b"")
            else:
                done = await served.ask("PUT", f"{location}?{query}", LAYER)
        assert (done.status, done.headers["location"]) == (201, f"/v2/r/x/blobs/{Digest.of(LAYER)}")
        assert (await served.ask("GET", done.headers["location"])).body == LAYER


async def test_an_index_of_two_platforms_is_pushed_and_pulled(serve) -> None:
    async with serve() as served:
        await filled(served)
        other = manifest_of(config=CONFIG, annotations={"platform": "another"})
        assert (await served.push_manifest("r/x", Digest.of(other), other)).status == 201
        index = index_of(MANIFEST, other)
        assert (await served.push_manifest("r/x", "all", index, mediatypes.OCI_INDEX)).status == 201
        answer = await served.ask("GET", "/v2/r/x/manifests/all", Accept=mediatypes.OCI_INDEX)
        assert answer.body == index
        for child in answer.json()["manifests"]:
            assert (await served.ask("GET", f"/v2/r/x/manifests/{child['digest']}")).status == 200


async def test_pagination_leads_to_every_tag_once(serve) -> None:
    async with serve() as served:
        await filled(served)
        first = await served.ask("GET", "/v2/r/x/tags/list?n=1")
        assert first.json()["tags"] == ["one"]
        rest = await served.ask("GET", "/v2/r/x/tags/list?n=1&last=one")
        assert rest.json()["tags"] == ["two"]
        assert "link" in first.headers
        assert "link" not in rest.headers
