"""B08: a registry under clients that ask for what they must not have. Every row is one request and its 4xx.

The rows are known weaknesses of registries: names that leave a path, CVE-2023-2253 (the catalogue's ``n``),
cross-repository mounts without the right to pull, CVE-2026-41888 (deletion although switched off), CVE-2026-35172 (a
deleted blob that is still there), CVE-2021-41190 (a manifest that is an index too), digests and ranges that lie.
"""

import random
import time
from pathlib import Path

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec

from tests.unit.engine.registry.conftest import descriptor, index_of, manifest_of
from wherry.oci import mediatypes
from wherry.oci.digest import Digest

SECRET = b"another repository's secret"
SECRET_DIGEST = Digest.of(SECRET)
NAMES = [
    "..", ".", "../private", "a/../private", "a/..", "./a", "a/./b", "%2e%2e", "%2e%2e%2fprivate", "a%2f..%2fprivate",
    "..%2fprivate", "%252e%252e", "A", "Library/demo", "a/B", "aB", "a" * 256, "a/" * 127 + "aa", "a//b", "/a", "a/",
    "a b", "a%20b", "a%00", "a%0a", "-a", "a-", "a..b", "a._b", "a___b", "_a", "a_", ".a", "a.", "a:1", "a@b", "a+b",
    "a~b", "a*", "*", "%c3%a4", "\u00e4", "a\\b", "..\\private", "a;b", "a,b", "a#b", "a'b", 'a"b', "a<b", "a|b", "$a",
]  # fmt: skip
SHAPES = [
    ("GET", "tags/list"), ("GET", "manifests/1"), ("PUT", "manifests/1"), ("DELETE", "manifests/1"),
    ("GET", f"blobs/{SECRET_DIGEST}"), ("DELETE", f"blobs/{SECRET_DIGEST}"), ("POST", "blobs/uploads/"),
    ("PATCH", "blobs/uploads/x"), ("GET", f"referrers/{SECRET_DIGEST}"),
]  # fmt: skip
DIGESTS = [
    "sha256:", "sha256", ":", "sha256:" + "0" * 63, "sha256:" + "0" * 65, "sha256:" + "A" * 64, "sha256:" + "g" * 64,
    "SHA256:" + "0" * 64, "sha1:" + "0" * 40, "md5:" + "0" * 32, "sha512:" + "0" * 64, "sha256:../../" + "0" * 58,
    "sha256:%2e%2e%2f" + "0" * 61, "sha256+b64:abc", "sha256:" + "0" * 64 + "%00", "x" * 3000,
]  # fmt: skip


@pytest.mark.parametrize("name", NAMES)
async def test_names(serve, name: str) -> None:
    async with serve(allow_delete=True) as served:
        await served.push_blob("private", SECRET)
        for method, shape in SHAPES:
            if "#" in name:
                continue  # no client sends a fragment
            answer = await served.ask(method, f"/v2/{name}/{shape}", b"")
            served.ask.close()
            assert 400 <= answer.status < 405, (name, shape, answer)
            assert SECRET not in answer.body
        assert served.depot.rows.blob("private", str(SECRET_DIGEST)) == len(SECRET)
        assert served.depot.rows.count_uploads() == 0


@pytest.mark.parametrize("digest", DIGESTS)
async def test_digests(serve, digest: str) -> None:
    async with serve(allow_delete=True) as served:
        location = (await served.ask("POST", "/v2/a/blobs/uploads/")).headers["location"]
        for method, path in (
            ("GET", f"/v2/a/blobs/{digest}"),
            ("HEAD", f"/v2/a/blobs/{digest}"),
            ("DELETE", f"/v2/a/blobs/{digest}"),
            ("GET", f"/v2/a/referrers/{digest}"),
            ("PUT", f"/v2/a/manifests/{digest}"),
            ("PUT", f"{location}?digest={digest}"),
            ("POST", f"/v2/a/blobs/uploads/?digest={digest}"),
            ("POST", f"/v2/a/blobs/uploads/?mount={digest}&from=b"),
        ):
            answer = await served.ask(method, path, b"{}")
            assert 400 <= answer.status < 405, (method, path, answer)
        assert served.depot.blobs() == set()


@pytest.mark.parametrize(
    "query", ["n=1001", "n=100000", "n=9223372036854775808", "n=-1", "n=0x10", "n=1e9", "n=", "n=%00", "n=1&n=2", "n=a",
              "n=" + "1" * 5000, "n=%F0%9D%9F%8F", "n=1%20"]
)  # fmt: skip
async def test_catalogue(serve, query: str) -> None:
    async with serve() as served:
        answer = await served.ask("GET", f"/v2/_catalog?{query}")
        assert (answer.status, answer.code) == (400, "PAGINATION_NUMBER_INVALID")


async def test_lists_are_capped_when_nothing_is_said(serve, monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[int] = []
    async with serve() as served:
        monkeypatch.setattr(served.depot.rows, "repositories", lambda after, limit: asked.append(limit) or [])
        await served.ask("GET", "/v2/_catalog")
        await served.ask("GET", "/v2/_catalog?n=1000&last=x")
    assert asked == [101, 1001]


class Tokens:
    """A token server: makes what the registry believes."""

    def __init__(self, directory: Path) -> None:
        self._key = ec.generate_private_key(ec.SECP256R1())
        public = self._key.public_key().public_bytes(
            serialization.Encoding.PEM, serialization.PublicFormat.SubjectPublicKeyInfo
        )
        (directory / "key.pem").write_bytes(public)
        self.options = {
            "token_realm": "https://auth.example/token",
            "token_service": "registry",
            "token_issuer": "auth",
            "token_key": directory / "key.pem",
            "allow_delete": True,
        }

    def grant(self, **rights: str) -> dict[str, str]:
        access = [
            {"type": "repository", "name": name, "actions": actions.split(",")} for name, actions in rights.items()
        ]
        claims = {"iss": "auth", "aud": "registry", "exp": int(time.time()) + 60, "access": access}
        return {"Authorization": "Bearer " + jwt.encode(claims, self._key, algorithm="ES256")}


async def test_mounting_needs_the_right_to_pull_from_the_source(serve, tmp_path: Path) -> None:
    tokens = Tokens(tmp_path)
    async with serve(**tokens.options) as served:
        owner = tokens.grant(private="pull,push")
        path = f"/v2/private/blobs/uploads/?digest={SECRET_DIGEST}"
        assert (await served.ask("POST", path, SECRET, **owner)).status == 201
        mount = f"/v2/mine/blobs/uploads/?mount={SECRET_DIGEST}&from=private"
        for rights in ({"mine": "pull,push"}, {"mine": "pull,push,delete", "private": "push"}, {"private": "pull"}, {}):
            answer = await served.ask("POST", mount, **tokens.grant(**rights))
            assert (answer.status, answer.code) == (401, "UNAUTHORIZED")
            scope = 'scope="repository:mine:pull,push repository:private:pull"'
            assert scope in answer.headers["www-authenticate"]
        for source in ("..%2fprivate", "private%2f", "Private", "private/../private", "%2fprivate"):
            answer = await served.ask("POST", mount.replace("from=private", f"from={source}"), **owner)
            assert (answer.status, answer.code) == (400, "NAME_INVALID")
        # Nor by any other way that needs no pull.
        thief = tokens.grant(mine="pull,push,delete")
        assert (await served.ask("GET", f"/v2/mine/blobs/{SECRET_DIGEST}", **thief)).status == 404
        stolen = manifest_of(layers=[descriptor(SECRET)], config=b"{}")
        empty = Digest.of(b"{}")
        assert (await served.ask("POST", f"/v2/mine/blobs/uploads/?digest={empty}", b"{}", **thief)).status == 201
        answer = await served.ask("PUT", "/v2/mine/manifests/1", stolen, Content_Type=mediatypes.OCI_MANIFEST, **thief)
        assert (answer.status, answer.code) == (404, "MANIFEST_BLOB_UNKNOWN")
        answer = await served.ask("POST", f"/v2/mine/blobs/uploads/?digest={SECRET_DIGEST}", b"", **thief)
        assert (answer.status, answer.code) == (400, "DIGEST_INVALID")
        both = tokens.grant(mine="pull,push", private="pull")
        assert (await served.ask("POST", mount, **both)).status == 201


@pytest.mark.parametrize("rights", ["pull", "push", "pull,push", "delete", ""])
async def test_a_right_is_no_other_right(serve, tmp_path: Path, rights: str) -> None:
    tokens = Tokens(tmp_path)
    async with serve(**tokens.options) as served:
        header = tokens.grant(a=rights)
        granted = set(rights.split(","))
        for method, path, needed in (
            ("GET", "/v2/a/manifests/1", {"pull"}),
            ("PUT", "/v2/a/manifests/1", {"pull", "push"}),
            ("DELETE", "/v2/a/manifests/1", {"delete"}),
            ("DELETE", f"/v2/a/blobs/{SECRET_DIGEST}", {"delete"}),
            ("POST", "/v2/a/blobs/uploads/", {"pull", "push"}),
            ("GET", "/v2/b/manifests/1", {"nobody"}),
            ("GET", "/v2/a/b/manifests/1", {"nobody"}),
            ("GET", "/v2/_catalog", {"nobody"}),
        ):
            answer = await served.ask(method, path, b"", **header)
            assert (answer.status != 401) == needed.issubset(granted), (method, path, answer)


async def test_deletion_is_off_unless_switched_on(serve) -> None:
    async with serve() as served:
        await served.push_blob("a", SECRET)
        await served.push_blob("a", b"{}")
        await served.push_manifest("a", "1", manifest_of())
        digest = Digest.of(manifest_of())
        for path in (f"/v2/a/blobs/{SECRET_DIGEST}", f"/v2/a/blobs/sha256%3A{SECRET_DIGEST.hex}", "/v2/a/manifests/1",
                     f"/v2/a/manifests/{digest}", "/v2/a/manifests/1?", "/v2/a/manifests/%31"):  # fmt: skip
            for headers in ({}, {"X_HTTP_Method_Override": "DELETE"}):
                answer = await served.ask("DELETE", path, **headers)
                assert (answer.status, answer.code) == (405, "UNSUPPORTED")
        assert (await served.ask("POST", "/v2/a/manifests/1", b"", X_HTTP_Method_Override="DELETE")).status == 405
        assert served.depot.rows.manifest("a", str(digest)) is not None
        assert served.depot.rows.blob("a", str(SECRET_DIGEST)) is not None


async def test_a_deleted_blob_stays_gone_in_its_repository(serve) -> None:
    async with serve(allow_delete=True) as served:
        for repository in ("a", "b"):
            await served.push_blob(repository, SECRET)
            await served.push_blob(repository, b"{}")
            await served.push_manifest(repository, "1", manifest_of(layers=[descriptor(SECRET)]))
        path = f"/v2/a/blobs/{SECRET_DIGEST}"
        assert (await served.ask("GET", path)).status == 200
        assert (await served.ask("DELETE", path)).status == 202
        for method, headers in (("GET", {}), ("HEAD", {}), ("GET", {"Range": "bytes=0-3"}),
                                ("GET", {"If_None_Match": f'"{SECRET_DIGEST}"'}), ("DELETE", {})):  # fmt: skip
            answer = await served.ask(method, path, **headers)
            assert answer.status == 404
            assert SECRET not in answer.body
        answer = await served.push_manifest("a", "2", manifest_of(layers=[descriptor(SECRET)]))
        assert (answer.status, answer.code) == (404, "MANIFEST_BLOB_UNKNOWN")
        answer = await served.ask("POST", f"/v2/c/blobs/uploads/?mount={SECRET_DIGEST}&from=a")
        assert answer.status == 202  # to be sent, not mounted
        assert (await served.ask("GET", path.replace("/a/", "/b/"))).body == SECRET


@pytest.mark.parametrize(
    ("data", "kind"),
    [
        (manifest_of(manifests=[descriptor(b"{}")]), mediatypes.OCI_MANIFEST),
        (manifest_of(manifests=[]), mediatypes.OCI_MANIFEST),
        (manifest_of(manifests=[descriptor(b"{}")]), mediatypes.OCI_INDEX),
        (index_of(config=descriptor(b"{}")), mediatypes.OCI_INDEX),
        (index_of(layers=[]), mediatypes.OCI_MANIFEST),
        (manifest_of(fsLayers=[]), mediatypes.OCI_MANIFEST),
        (manifest_of(), mediatypes.DOCKER_MANIFEST),
        (manifest_of(mediaType=mediatypes.OCI_INDEX), mediatypes.OCI_INDEX),
        (manifest_of(mediaType="text/html"), "text/html"),
        (b"\xef\xbb\xbf" + manifest_of(), mediatypes.OCI_MANIFEST),
        (manifest_of() + b"{}", mediatypes.OCI_MANIFEST),
        (b"[" * 100_000, mediatypes.OCI_MANIFEST),
    ],
)
async def test_a_manifest_is_one_thing(serve, data: bytes, kind: str) -> None:
    async with serve() as served:
        await served.push_blob("a", b"{}")
        answer = await served.push_manifest("a", "1", data, kind)
        assert (answer.status, answer.code) == (400, "MANIFEST_INVALID")
        assert (await served.ask("GET", "/v2/a/manifests/1")).status == 404


@pytest.mark.parametrize("value", ["bytes=-0", "bytes=5-", "bytes=5-9", "bytes=99999999999999999-"])
async def test_ranges_without_a_byte(serve, value: str) -> None:
    async with serve() as served:
        digest = await served.push_blob("a", b"hello")
        assert (await served.ask("GET", f"/v2/a/blobs/{digest}", Range=value)).status == 416


async def test_no_request_makes_the_server_stumble(serve, caplog: pytest.LogCaptureFixture) -> None:
    """Shuffled pieces of requests, the same each time: no 5xx, no traceback."""
    dice = random.Random(8)
    names = ["a", "..", "A", "", "a/b", "%2e%2e", "x" * 300, "a%00"]
    references = ["1", str(SECRET_DIGEST), "..", "", "sha256:x", "%ff", "x" * 300, "a/b"]
    middles = ["manifests", "blobs", "referrers", "tags/list", "blobs/uploads", "nothing", "blobs/uploads/"]
    queries = ["", "?n=1", "?n=x", "?digest=x", f"?mount={SECRET_DIGEST}&from=..", f"?digest={SECRET_DIGEST}", "?&&=&%"]
    methods = ["GET", "HEAD", "PUT", "POST", "PATCH", "DELETE", "OPTIONS", "FOO"]
    headers = [{}, {"Range": "bytes=,"}, {"Content_Range": "9-1"}, {"Accept": "x"}, {"Authorization": "Basic \x80"},
               {"If_None_Match": ","}, {"Content_Type": "\x80"}]  # fmt: skip
    async with serve(allow_delete=True) as served:
        for _ in range(400):
            path = "/v2/" + "/".join(
                part for part in (dice.choice(names), dice.choice(middles), dice.choice(references))
            )
            method, body = dice.choice(methods), dice.choice([b"", b"{}", b"\x00" * 100])
            answer = await served.ask(method, path + dice.choice(queries), body, **dice.choice(headers))
            assert answer.status < 500, (method, path, answer)
    assert "Traceback" not in caplog.text
