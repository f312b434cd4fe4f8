"""Manifests over HTTP."""

import json

import pytest

from tests.unit.engine.registry.conftest import descriptor, index_of, manifest_of
from wherry.oci import mediatypes
from wherry.oci.digest import Digest

MANIFEST = manifest_of(b"layer")
DIGEST = Digest.of(MANIFEST)


async def pushed(served, tag: str = "1") -> None:
    for data in (b"{}", b"layer"):
        await served.push_blob("a", data)
    answer = await served.push_manifest("a", tag, MANIFEST)
    assert answer.status == 201
    assert answer.headers["location"] == f"/v2/a/manifests/{DIGEST}"
    assert answer.headers["docker-content-digest"] == str(DIGEST)
    assert "oci-subject" not in answer.headers


async def test_a_manifest_is_fetched_by_tag_and_digest(serve) -> None:
    async with serve() as served:
        await pushed(served)
        for reference in ("1", DIGEST):
            for method in ("GET", "HEAD"):
                answer = await served.ask(method, f"/v2/a/manifests/{reference}")
                assert answer.status == 200
                assert answer.headers["content-type"] == mediatypes.OCI_MANIFEST
                assert answer.headers["docker-content-digest"] == str(DIGEST)
                assert answer.headers["content-length"] == str(len(MANIFEST))
                assert answer.body == (MANIFEST if method == "GET" else b"")
        answer = await served.ask("GET", "/v2/a/manifests/1", If_None_Match=f'"{DIGEST}"')
        assert (answer.status, answer.body) == (304, b"")


@pytest.mark.parametrize("reference", ["2", ".no-tag", "a" * 200, Digest.of(b"x"), "sha512:" + "0" * 128])
async def test_what_is_not_there_is_unknown(serve, reference: object) -> None:
    async with serve(allow_delete=True) as served:
        await pushed(served)
        for method in ("GET", "HEAD", "DELETE"):
            answer = await served.ask(method, f"/v2/a/manifests/{reference}")
            assert answer.status == 404
            assert method == "HEAD" or answer.code == "MANIFEST_UNKNOWN"


@pytest.mark.parametrize(
    ("accept", "status"),
    [
        ("*/*", 200),
        (mediatypes.OCI_MANIFEST, 200),
        (f"{mediatypes.DOCKER_MANIFEST}, {mediatypes.OCI_MANIFEST};q=0.5", 200),
        ("application/*", 200),
        (mediatypes.DOCKER_MANIFEST, 404),
        (mediatypes.OCI_INDEX, 404),
    ],
)
async def test_a_type_that_the_client_does_not_know_is_not_sent(serve, accept: str, status: int) -> None:
    async with serve() as served:
        await pushed(served)
        assert (await served.ask("GET", "/v2/a/manifests/1", Accept=accept)).status == status


async def test_the_type_need_not_be_in_the_manifest(serve) -> None:
    async with serve() as served:
        await pushed(served)
        document = json.loads(MANIFEST)
        del document["mediaType"]
        answer = await served.push_manifest("a", "2", json.dumps(document).encode(), mediatypes.OCI_MANIFEST)
        assert answer.status == 201
        answer = await served.ask("HEAD", "/v2/a/manifests/2")
        assert answer.headers["content-type"] == mediatypes.OCI_MANIFEST


@pytest.mark.parametrize(
    ("reference", "data", "kind", "status", "code"),
    [
        ("1", b"", mediatypes.OCI_MANIFEST, 400, "MANIFEST_INVALID"),
        ("1", b"{}", "application/json", 400, "MANIFEST_INVALID"),
        ("1", MANIFEST, mediatypes.OCI_INDEX, 400, "MANIFEST_INVALID"),
        ("1", manifest_of(b"layer", manifests=[descriptor(b"x")]), mediatypes.OCI_MANIFEST, 400, "MANIFEST_INVALID"),
        ("1", manifest_of(b"other"), mediatypes.OCI_MANIFEST, 404, "MANIFEST_BLOB_UNKNOWN"),
        ("1", index_of(manifest_of(b"other")), mediatypes.OCI_INDEX, 404, "MANIFEST_BLOB_UNKNOWN"),
        (".1", MANIFEST, mediatypes.OCI_MANIFEST, 400, "TAG_INVALID"),
        (Digest.of(b"x"), MANIFEST, mediatypes.OCI_MANIFEST, 400, "DIGEST_INVALID"),
        ("sha256:x", MANIFEST, mediatypes.OCI_MANIFEST, 400, "DIGEST_INVALID"),
        ("1", b" " * (4 * 1024 * 1024 + 1), mediatypes.OCI_MANIFEST, 413, "MANIFEST_INVALID"),
    ],
)
async def test_what_could_not_be_pulled_is_not_taken(
    serve, reference: object, data: bytes, kind: str, status: int, code: str
) -> None:
    async with serve() as served:
        for blob in (b"{}", b"layer"):
            await served.push_blob("a", blob)
        answer = await served.push_manifest("a", reference, data, kind)
        assert (answer.status, answer.code) == (status, code)


async def test_four_mebibytes_are_taken(serve) -> None:
    async with serve() as served:
        await served.push_blob("a", b"{}")
        empty = len(manifest_of(annotations={"x": ""}))
        data = manifest_of(annotations={"x": "x" * (4 * 1024 * 1024 - empty)})
        assert len(data) == 4 * 1024 * 1024
        assert (await served.push_manifest("a", "1", data)).status == 201
        assert (await served.ask("GET", "/v2/a/manifests/1")).body == data


async def test_deleting_a_tag_and_a_manifest(serve) -> None:
    async with serve(allow_delete=True) as served:
        await pushed(served, "1")
        await pushed(served, "2")
        assert (await served.ask("DELETE", "/v2/a/manifests/1")).status == 202
        assert (await served.ask("GET", "/v2/a/manifests/1")).status == 404
        assert (await served.ask("GET", "/v2/a/manifests/2")).status == 200
        assert (await served.ask("DELETE", f"/v2/a/manifests/{DIGEST}")).status == 202
        for reference in ("2", DIGEST):
            assert (await served.ask("GET", f"/v2/a/manifests/{reference}")).status == 404


async def test_a_subject_is_confirmed(serve) -> None:
    async with serve() as served:
        await served.push_blob("a", b"{}")
        subject = descriptor(b"not here yet", mediatypes.OCI_MANIFEST)
        answer = await served.push_manifest("a", "1", manifest_of(subject=subject))
        assert (answer.status, answer.headers["oci-subject"]) == (201, subject["digest"])
