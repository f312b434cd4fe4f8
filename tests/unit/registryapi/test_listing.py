"""Tags, catalogue and referrers over HTTP."""

from urllib.parse import urlsplit

import pytest

from tests.unit.engine.registry.conftest import descriptor, manifest_of
from wherry.oci import mediatypes
from wherry.oci.digest import Digest

EMPTY = manifest_of()


async def filled(served, repository: str, *tags: str) -> None:
    await served.push_blob(repository, b"{}")
    for tag in tags:
        assert (await served.push_manifest(repository, tag, EMPTY)).status == 201


async def pages(served, path: str, member: str) -> list[list[str]]:
    """Every page, as the links lead."""
    found: list[list[str]] = []
    while path:
        answer = await served.ask("GET", path)
        assert answer.status == 200
        found.append(answer.json()[member])
        link = answer.headers.get("link", "")
        assert not link or link.endswith('>; rel="next"')
        path = link.partition(">")[0].lstrip("<")
        assert not urlsplit(path).netloc
    return found


async def test_tags_come_sorted_and_in_pages(serve) -> None:
    async with serve() as served:
        await filled(served, "a/b", "c", "a", "b", "d", "e")
        answer = await served.ask("GET", "/v2/a/b/tags/list")
        assert answer.json() == {"name": "a/b", "tags": ["a", "b", "c", "d", "e"]}
        assert answer.headers["content-type"] == "application/json"
        assert await pages(served, "/v2/a/b/tags/list?n=2", "tags") == [["a", "b"], ["c", "d"], ["e"]]
        assert await pages(served, "/v2/a/b/tags/list?n=5", "tags") == [["a", "b", "c", "d", "e"]]
        assert await pages(served, "/v2/a/b/tags/list?n=0", "tags") == [[]]
        assert await pages(served, "/v2/a/b/tags/list?last=d", "tags") == [["e"]]
        assert await pages(served, "/v2/a/b/tags/list?last=zzz", "tags") == [[]]


async def test_an_unknown_repository_has_no_tags(serve) -> None:
    async with serve() as served:
        answer = await served.ask("GET", "/v2/nobody/tags/list")
        assert (answer.status, answer.code) == (404, "NAME_UNKNOWN")


async def test_the_catalogue_comes_sorted_and_in_pages(serve) -> None:
    async with serve() as served:
        assert await pages(served, "/v2/_catalog", "repositories") == [[]]
        for repository in ("b", "a", "a/x", "c"):
            await filled(served, repository, "1")
        assert await pages(served, "/v2/_catalog", "repositories") == [["a", "a/x", "b", "c"]]
        assert await pages(served, "/v2/_catalog?n=3", "repositories") == [["a", "a/x", "b"], ["c"]]


@pytest.mark.parametrize("n", ["1001", "99999999999999999999", "-1", "x", "", "1.5", "0x1"])
async def test_nobody_asks_for_everything_at_once(serve, n: str) -> None:
    async with serve() as served:
        answer = await served.ask("GET", f"/v2/_catalog?n={n}")
        assert (answer.status, answer.code) == (400, "PAGINATION_NUMBER_INVALID")


async def test_referrers_are_an_index(serve) -> None:
    async with serve() as served:
        await filled(served, "a", "1")
        subject = Digest.of(EMPTY)
        path = f"/v2/a/referrers/{subject}"
        answer = await served.ask("GET", path)
        assert answer.json() == {"schemaVersion": 2, "mediaType": mediatypes.OCI_INDEX, "manifests": []}
        assert answer.headers["content-type"] == mediatypes.OCI_INDEX
        reference = descriptor(EMPTY, mediatypes.OCI_MANIFEST)
        kinds = ["x/signature", "x/signature", "x/sbom"]
        manifests = [
            manifest_of(subject=reference, artifactType=kind, annotations={"number": str(number)})
            for number, kind in enumerate(kinds)
        ]
        for manifest in manifests:
            assert (await served.push_manifest("a", Digest.of(manifest), manifest)).status == 201
        answer = await served.ask("GET", path)
        expected = [
            {
                **descriptor(manifest, mediatypes.OCI_MANIFEST),
                "artifactType": kind,
                "annotations": {"number": str(number)},
            }
            for number, (manifest, kind) in enumerate(zip(manifests, kinds, strict=True))
        ]
        assert answer.json()["manifests"] == sorted(expected, key=lambda one: one["digest"])
        assert "oci-filters-applied" not in answer.headers
        answer = await served.ask("GET", f"{path}?artifactType=x%2Fsbom")
        assert answer.json()["manifests"] == expected[2:]
        assert answer.headers["oci-filters-applied"] == "artifactType"
        found = await pages(served, f"{path}?artifactType=x/signature&n=1", "manifests")
        assert [len(page) for page in found] == [1, 1]
        assert len(await pages(served, f"{path}?n=2", "manifests")) == 2


async def test_referrers_of_no_digest_are_refused(serve) -> None:
    async with serve() as served:
        answer = await served.ask("GET", "/v2/a/referrers/latest")
        assert (answer.status, answer.code) == (400, "DIGEST_INVALID")
