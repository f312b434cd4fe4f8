"""What one repository is asked, and what is believed of its answers."""

from collections.abc import AsyncIterator

import pytest
from aiohttp import web

from tests.unit.engine.distribution.conftest import IMAGE, PACKED, USER, Client, index
from tests.unit.engine.distribution.peer import Peer, digest_of, refused, said
from tests.unit.engine.images.archives import descriptor
from wherry.engine.distribution import repository as module
from wherry.engine.distribution.refusals import Refused
from wherry.engine.distribution.repository import Repository
from wherry.kit.errors import Invalid
from wherry.oci.digest import Digest

INDEX = "application/vnd.oci.image.index.v1+json"
SUBJECT = Digest.parse(digest_of(IMAGE))
SIGNATURE, ATTESTATION = (
    {"mediaType": "a/b", "digest": digest_of(kind), "size": 1, "artifactType": f"x/{kind.decode()}"}
    for kind in (b"signature", b"attestation")
)


@pytest.fixture
async def repository(client: Client) -> AsyncIterator[Repository]:
    connector = client.operations._connector
    async with connector.client() as http:
        yield Repository(await connector.own(http, client.peer.host, USER), "demo")


async def test_a_tags_digest_is_told_without_its_manifest(repository: Repository, peer: Peer) -> None:
    assert await repository.digest("1") == SUBJECT
    assert await repository.digest("none") is None
    peer.fault("HEAD", "/manifests/", said(200))
    assert await repository.digest("1") is None


async def test_tags_over_pages(repository: Repository, peer: Peer) -> None:
    for tag in ("a", "b", "c"):
        peer.add_manifest("demo", IMAGE, "application/vnd.oci.image.manifest.v1+json", tag)
    peer.page = 2
    assert list(await repository.tags()) == ["1", "a", "b", "c"]
    assert peer.count("/tags/list") == 2
    assert list(await repository.catalogue()) == ["demo"]


@pytest.mark.parametrize("body", ["[]", "no", '"x"', "[" * 50_000])
async def test_a_list_that_makes_no_sense(repository: Repository, peer: Peer, body: str) -> None:
    peer.fault("GET", "/tags/list", web.Response(text=body))
    with pytest.raises(Invalid, match=r"not (a )?JSON"):
        await repository.tags()


async def test_a_list_without_end(repository: Repository, peer: Peer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(module, "TAG_LIMIT", 3)
    headers = {"Link": '</v2/demo/tags/list?last=x>; rel="next"'}
    peer.fault("GET", "/tags/list", web.json_response({"tags": ["a", 1, None]}, headers=headers))
    with pytest.raises(Invalid, match="more than 3 tags"):
        await repository.tags()


async def test_nothing_is_an_empty_list(repository: Repository, peer: Peer) -> None:
    peer.fault("GET", "/tags/list", web.json_response({"name": "demo", "tags": None}))
    assert list(await repository.tags()) == []


async def test_referrers(repository: Repository, peer: Peer) -> None:
    body = index(SIGNATURE, ATTESTATION)
    peer.fault("GET", f"/v2/demo/referrers/{SUBJECT}", web.Response(body=body, headers={"Content-Type": INDEX}))
    assert [one.artifact_type for one in await repository.referrers(SUBJECT)] == ["x/signature", "x/attestation"]
    assert [one.digest for one in await repository.referrers(SUBJECT, "x/signature")] == [SIGNATURE["digest"]]
    assert peer.seen[-1].endswith("?artifactType=x%2Fsignature")


@pytest.mark.parametrize("status", [404, 405, 400])
async def test_referrers_of_a_registry_that_keeps_them_under_a_tag(
    repository: Repository, peer: Peer, status: int
) -> None:
    peer.fault("GET", "/referrers/", refused(status, "UNSUPPORTED", "no"))
    assert await repository.referrers(SUBJECT) == []
    peer.add_manifest("demo", index(SIGNATURE, ATTESTATION), INDEX, f"sha256-{SUBJECT.hex}")
    assert len(await repository.referrers(SUBJECT)) == 2
    assert len(await repository.referrers(SUBJECT, "x/attestation")) == 1


async def test_referrers_that_are_refused(repository: Repository, peer: Peer) -> None:
    peer.fault("GET", "/referrers/", refused(403, "DENIED", "no"))
    with pytest.raises(Refused):
        await repository.referrers(SUBJECT)


async def test_a_manifest_of_sha512(repository: Repository, peer: Peer) -> None:
    digest = Digest.of(IMAGE, "sha512")
    peer.manifests["demo", str(digest)] = ("application/vnd.oci.image.manifest.v1+json", IMAGE)
    document = await repository.manifest(str(digest))
    assert document.descriptor.digest == str(digest)
    peer.manifests["demo", str(digest)] = ("application/vnd.oci.image.manifest.v1+json", IMAGE + b" ")
    with pytest.raises(Invalid, match="verification failed"):
        await repository.manifest(str(digest))


async def test_part_of_a_blob(repository: Repository) -> None:
    digest = Digest.parse(digest_of(PACKED[0]))
    async with repository.blob(digest, 10) as (answer, known):
        assert known == 0
        assert await answer.read(1 << 20) == PACKED[0][10:]


async def test_a_manifest_is_put_and_got(repository: Repository) -> None:
    data = index(descriptor("application/vnd.oci.image.manifest.v1+json", IMAGE))
    await repository.put_manifest(data, INDEX, "list")
    assert (await repository.manifest("list")).data == data
